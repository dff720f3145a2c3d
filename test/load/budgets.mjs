/**
 * What each route may take, as multiples of a bare round trip (`/readyz`, the median, in the same run): by `median` when
 * it answers one request after the other without a cache (latency.mjs, and load.mjs before the load), by `p99`
 * when it is one of many under the load of load.mjs, cache on, while submissions come in.
 */
export const BARE = "readyz";

/** One or few rows by their key. */
const LOOKUP = { median: 5, p99: 150 };
/** Counts, or lists of all trees, platforms or issues. */
const LIST = { median: 25, p99: 250 };
/** All that was done for a commit or on a platform. */
const WHOLE = { median: 120, p99: 600 };

export const BUDGETS = {
  "tree-listing": LOOKUP,
  "tree-latest": LOOKUP,
  build: LOOKUP,
  test: LOOKUP,
  issue: LOOKUP,
  "commit-list": LOOKUP,
  origins: LOOKUP,
  "hardware-listing": LIST,
  "issue-listing": LIST,
  compare: LIST,
  "commits-history": LIST,
  "tree-summary": LIST,
  "hardware-summary": LIST,
  "tree-commits": WHOLE,
  "tree-full": WHOLE,
  "tree-builds": WHOLE,
  "tree-boots": WHOLE,
  "tree-tests": WHOLE,
  "hardware-full": WHOLE,
  "tree-report": WHOLE,
};

/** Under load, the 99th percentile of a route may be so many times its own idle median (of the uncached route). */
export const MOST_TIMES_IDLE = 10;

/** Of any scenario, on whatever server: what k6 calls `http_req_failed` and `http_req_duration` (chapter 08, section 11). */
export const THRESHOLDS = { failedShare: 0.01, p95Ms: 500 };
