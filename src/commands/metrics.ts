/** The metrics of a process, and the ports on which they can be read. */
import type { Registry } from "prom-client";
import type { Database } from "../database/database.ts";
import type { RequestObserver } from "../http/observer.ts";
import { Backlog } from "../ingest/backlog.ts";
import type { IngestOptions } from "../ingest/ingest.ts";
import { newCacheStats, type CacheStats } from "../cache/stats.ts";
import type { MetricsText } from "../http/metrics.ts";
import type { ScheduleObserver } from "../schedule/observer.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { Context } from "./context.ts";

export interface ProcessMetrics {
  registry: Registry;
  /** What makes an ingestion count; none where nothing is ingested. */
  hooks?: Pick<IngestOptions, "onMeasures" | "onPostponed" | "onThreadBroken" | "backlog">;
}

/**
 * The metrics that the settings ask for: of the process, its statements and, if there is one, its ingestion; undefined
 * when nobody would read any. A process calls this once.
 */
export async function processMetrics(
  { settings, log }: Context,
  { ingests }: { ingests: boolean },
): Promise<ProcessMetrics | undefined> {
  if (!settings.metrics.enabled && !settings.metrics.hasMultiprocDir) {
    log.info("PROMETHEUS_MULTIPROC_DIR is not set, skipping Prometheus metrics");
    return undefined;
  }
  // Loaded here, so that commands that count nothing start without it.
  const { Registry } = await import("prom-client");
  const { createDatabaseMetrics } = await import("../metrics/database_metrics.ts");
  const { createProcessMetrics } = await import("../metrics/process_metrics.ts");
  const registry = new Registry();
  createProcessMetrics(registry);
  createDatabaseMetrics(registry);
  if (!ingests) return { registry };
  const { createIngestMetrics } = await import("../metrics/ingest_metrics.ts");
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
  return { registry, hooks };
}

/** What makes a scheduler count, if its process has metrics. */
export async function scheduleObserver(
  metrics: ProcessMetrics | undefined,
): Promise<{ observer?: ScheduleObserver }> {
  if (metrics === undefined) return {};
  const { createScheduleMetrics } = await import("../metrics/schedule_metrics.ts");
  return { observer: createScheduleMetrics(metrics.registry) };
}

/** Who is told of a server's requests, and where its cache of answers counts. */
export interface WebObservation {
  observers: RequestObserver[];
  cacheStats?: CacheStats;
}

/** Adds what a server shows to the metrics of its process, if it has any. */
export async function webObservation(
  { pool }: Database,
  metrics: ProcessMetrics | undefined,
  tracing: Tracing | undefined,
): Promise<WebObservation> {
  const observers = tracing === undefined ? [] : [tracing.requests];
  if (metrics === undefined) return { observers };
  const { createPoolMetrics } = await import("../metrics/database_metrics.ts");
  const { createHttpMetrics } = await import("../metrics/http_metrics.ts");
  const { createCacheMetrics } = await import("../metrics/cache_metrics.ts");
  const { registry } = metrics;
  const cacheStats = newCacheStats();
  createPoolMetrics(registry, pool);
  createCacheMetrics(registry, cacheStats);
  return { observers: [createHttpMetrics(registry), ...observers], cacheStats };
}

/** Does some work with metrics, if there are any, on a port. */
export async function withMetricsListener<T>(
  { log }: Context,
  metrics: MetricsText | undefined,
  port: number,
  work: () => Promise<T>,
): Promise<T> {
  if (metrics === undefined) return work();
  const { openMetricsListener } = await import("../metrics/listener.ts");
  const listener = await openMetricsListener(port, metrics, log);
  try {
    return await work();
  } finally {
    await listener?.close();
  }
}
