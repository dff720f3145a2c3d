/** Lengths in code points, as the submission schema and the storage's threshold count them. */

/** Where a text ends after `limit` code points: a position in it, its length when it has no more than that. */
export function endOfCodePoints(text: string, limit: number): number {
  // A code point is one or two UTF-16 units, so most texts need no count.
  if (text.length <= limit) return text.length;
  let at = 0;
  for (let count = 0; count < limit && at < text.length; count++) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return at;
}

/** Whether a text has more code points than this. */
export function isLongerThan(text: string, limit: number): boolean {
  return text.length > 2 * limit || endOfCodePoints(text, limit) < text.length;
}
