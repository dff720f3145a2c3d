/**
 * A filter by free text: each of its words has to be in one of the values, in upper or lower case.
 *
 * @returns undefined when the text has no words, so that everything passes
 */
export function textFilter(text: string): ((values: readonly (string | null)[]) => boolean) | undefined {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return undefined;
  return (values) => {
    const lower = values.flatMap((value) => (value === null ? [] : [value.toLowerCase()]));
    return words.every((word) => lower.some((value) => value.includes(word)));
  };
}
