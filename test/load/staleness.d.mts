/** What tests use of staleness.mjs. */
export interface Seen {
  digest: string;
  from: number;
  to: number;
}

export const MOST_AGE_MS: number;

export function judge(truths: readonly Seen[], sample: Seen): "fresh" | "stale" | "undecided";
