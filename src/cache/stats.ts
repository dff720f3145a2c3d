/** What the cache counts; `metrics/cache_metrics.ts` shows it. */
export interface CacheStats {
  /** Answered from memory. */
  hits: number;
  /** Answered with what another request was reading. */
  joined: number;
  /** Answered from what processes share. */
  sharedHits: number;
  /** Read from the database. */
  misses: number;
  /** Read from the database before anybody asked; no requests. */
  ahead: number;
  /** Attempts to use what processes share that failed. */
  sharedErrors: number;
  /** What is kept now. */
  size: () => { entries: number; bytes: number; evictions: number };
}

export function newCacheStats(): CacheStats {
  return {
    hits: 0,
    joined: 0,
    sharedHits: 0,
    misses: 0,
    ahead: 0,
    sharedErrors: 0,
    size: () => ({ entries: 0, bytes: 0, evictions: 0 }),
  };
}
