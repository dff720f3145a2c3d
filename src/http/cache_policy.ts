/**
 * What routes say about their answers being kept: `config: { cache: ... }`. Routes without it are never cached and
 * answer `no-store`. `docs/caching.md` has the table of all routes, with the reasons.
 */
import type { Tag } from "../cache/tags.ts";
import type { RawQuery } from "./parameters.ts";

export interface CachedRequest {
  params: Record<string, string>;
  query: RawQuery;
  body: unknown;
}

export interface CachePolicy {
  /** What a good answer to a request depends on. The answer itself may tell; so may its handler, see `dependsOn`. */
  tags: (request: CachedRequest, answer: Buffer) => readonly Tag[];
  /** The moment, as `Date.now()` counts, when the clock alone may make another answer of it; absent for never. */
  until?: (request: CachedRequest, answer: Buffer) => number;
}

declare module "fastify" {
  interface FastifyContextConfig {
    cache?: CachePolicy;
  }
}

/** For windows that end or begin now: an answer is not older than what is read may be anyway. */
export const MOVING_WINDOW_MS = 1000;

/** The last of a parameter's values, which is the one that counts. */
export function lastValue({ query }: CachedRequest, name: string, fallback = ""): string {
  return query[name]?.at(-1) ?? fallback;
}

/** When a window ends that moves with the clock. */
export function withMovingWindow(): number {
  return Date.now() + MOVING_WINDOW_MS;
}

/** When the day in UTC is over. */
export function untilMidnight(): number {
  const day = 86_400_000;
  return (Math.floor(Date.now() / day) + 1) * day;
}
