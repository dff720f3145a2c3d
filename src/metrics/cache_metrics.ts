/** The metrics of the cache of answers, read from what it counts when they are asked for. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { CacheStats } from "../cache/stats.ts";

/** Adds them to a registry. The hit rate is that of `memory`, `joined` and `shared` among all requests. */
export function createCacheMetrics(registry: Registry, stats: CacheStats): void {
  const registers = [registry];
  const counter = (name: string, help: string, read: () => number): Counter =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  new Counter({
    name: "kernelboard_cache_requests_total",
    help: "Requests for answers that may be kept, by where the answer came from: memory, joined (another request was reading it), shared (Redis), database",
    labelNames: ["source"],
    registers,
    collect() {
      this.reset();
      this.inc({ source: "memory" }, stats.hits);
      this.inc({ source: "joined" }, stats.joined);
      this.inc({ source: "shared" }, stats.sharedHits);
      this.inc({ source: "database" }, stats.misses);
    },
  });
  counter(
    "kernelboard_cache_read_ahead_total",
    "Answers read from the database before anybody asked for them again",
    () => stats.ahead,
  );
  counter(
    "kernelboard_cache_evictions_total",
    "Answers dropped from memory for others",
    () => stats.size().evictions,
  );
  counter("kernelboard_cache_shared_errors_total", "Failures of Redis", () => stats.sharedErrors);
  for (const [name, help, read] of [
    ["kernelboard_cache_entries", "Answers in memory", () => stats.size().entries],
    ["kernelboard_cache_bytes", "Bytes of memory that they take", () => stats.size().bytes],
  ] as const)
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
}
