/** Which form of an answer a client wants, how new, and whether it has it already. */
import type { Encoding } from "../cache/answer.ts";
import type { Demand } from "../cache/cache.ts";

/** The smallest first. */
const OFFERED: readonly Encoding[] = ["br", "gzip", "identity"];

/** The encoding for an `Accept-Encoding`: of those that the client likes best, the smallest. */
export function preferredEncoding(header: string | undefined): Encoding {
  if (header === undefined || header === "") return "identity";
  const weights = new Map<string, number>();
  for (const part of header.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight) || 0);
  }
  const weightOf = (encoding: Encoding): number => {
    const alias = encoding === "gzip" ? weights.get("x-gzip") : undefined;
    return weights.get(encoding) ?? alias ?? (encoding === "identity" ? 0.0001 : (weights.get("*") ?? 0));
  };
  let best: Encoding = "identity";
  let most = 0;
  for (const encoding of OFFERED) {
    const weight = weightOf(encoding);
    if (weight > most) [best, most] = [encoding, weight];
  }
  return best;
}

const WANTS_CURRENT = /(?:^|,)\s*(?:no-cache|no-store|max-age=0)\s*(?:,|$)/i;

/** What a client demands by `Cache-Control` and `Pragma`: what it wants no cache to answer has to be current. */
export function demandOf(cacheControl: string | undefined, pragma: string | undefined): Demand {
  return WANTS_CURRENT.test(cacheControl ?? "") || WANTS_CURRENT.test(pragma ?? "") ? "current" : "recent";
}

/** Headers that an answer has, and "not modified" need not repeat: the client keeps those that came with the body. */
const NOT_REPEATED = new Set([
  "content-type",
  "content-security-policy",
  "cross-origin-resource-policy",
  "origin-agent-cluster",
  "x-dns-prefetch-control",
  "x-download-options",
  "x-permitted-cross-domain-policies",
  "x-xss-protection",
]);

/** Whether a 304 has a header that the 200 has (RFC 9110, section 15.4.5; chapter 03, section 3.5). */
export function isRepeated(name: string): boolean {
  return !NOT_REPEATED.has(name);
}

/**
 * The `ETag` that a client's `If-None-Match` has of an answer, whichever form of it the client has.
 *
 * @param etags of the answer's forms
 * @param current what to say when the client has anything at all (`*`)
 */
export function matchedEtag(
  header: string | undefined,
  etags: readonly string[],
  current: string,
): string | undefined {
  if (header === undefined) return undefined;
  // As nearly all clients send it.
  if (etags.includes(header)) return header;
  for (const part of header.split(",")) {
    const tag = part.trim().replace(/^W\//, "");
    if (tag === "*") return current;
    if (etags.includes(tag)) return tag;
  }
  return undefined;
}
