/** The metrics of a process that ingests, and the port on which they can be read. */
import type { Registry } from "prom-client";
import { Backlog } from "../ingest/backlog.ts";
import type { IngestOptions } from "../ingest/ingest.ts";
import { newCacheStats, type CacheStats } from "../cache/stats.ts";
import type { Context } from "./context.ts";

export interface ProcessMetrics {
  registry: Registry;
  /** Where a server's cache of answers counts. */
  cacheStats: CacheStats;
  /** What makes an ingestion count. */
  hooks: Pick<IngestOptions, "onMeasures" | "onPostponed" | "onThreadBroken" | "backlog">;
}

/** The metrics that the settings ask for; undefined when nobody would read any. */
export async function processMetrics({ settings, log }: Context): Promise<ProcessMetrics | undefined> {
  if (!settings.metrics.enabled && !settings.metrics.hasMultiprocDir) {
    log.info("PROMETHEUS_MULTIPROC_DIR is not set, skipping Prometheus metrics");
    return undefined;
  }
  // Loaded here, so that commands that count nothing start without it.
  const { Registry } = await import("prom-client");
  const { createIngestMetrics } = await import("../metrics/ingest_metrics.ts");
  const { createCacheMetrics } = await import("../metrics/cache_metrics.ts");
  const registry = new Registry();
  const cacheStats = newCacheStats();
  createCacheMetrics(registry, cacheStats);
  const backlog = new Backlog();
  const metrics = createIngestMetrics(registry, backlog);
  const hooks = {
    onMeasures: metrics.onBatch,
    onPostponed: metrics.onPendingRetry,
    onThreadBroken: () => {
      metrics.onWorkerFailure("exception");
    },
    backlog,
  };
  return { registry, cacheStats, hooks };
}

/** Runs an ingestion with its metrics, if it has any, on their port. */
export async function withMetricsListener<T>(
  { settings, log }: Context,
  metrics: ProcessMetrics | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (metrics === undefined) return work();
  const { openMetricsListener } = await import("../metrics/listener.ts");
  const listener = await openMetricsListener(settings.metrics.ingesterPort, metrics.registry, log);
  try {
    return await work();
  } finally {
    await listener?.close();
  }
}
