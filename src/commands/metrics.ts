/** The metrics of a process that ingests, and the port on which they can be read. */
import type { Registry } from "prom-client";
import { Backlog } from "../ingest/backlog.ts";
import type { IngestOptions } from "../ingest/ingest.ts";
import type { Context } from "./context.ts";

export interface ProcessMetrics {
  registry: Registry;
  /** What makes an ingestion count. */
  hooks: Pick<IngestOptions, "onMeasures" | "backlog">;
}

export async function processMetrics(): Promise<ProcessMetrics> {
  // Loaded here, so that commands that count nothing start without it.
  const { Registry } = await import("prom-client");
  const { createIngestMetrics } = await import("../metrics/ingest_metrics.ts");
  const registry = new Registry();
  const backlog = new Backlog();
  const metrics = createIngestMetrics(registry, backlog);
  return { registry, hooks: { onMeasures: metrics.onBatch, backlog } };
}

/** Runs an ingestion with its metrics on their port, when the settings ask for it. */
export async function withMetricsListener<T>(
  { settings, log }: Context,
  { registry }: ProcessMetrics,
  work: () => Promise<T>,
): Promise<T> {
  const { enabled, hasMultiprocDir, ingesterPort } = settings.metrics;
  if (!enabled && !hasMultiprocDir) {
    log.info("PROMETHEUS_MULTIPROC_DIR is not set, skipping Prometheus metrics");
    return work();
  }
  const { openMetricsListener } = await import("../metrics/listener.ts");
  const listener = await openMetricsListener(ingesterPort, registry, log);
  try {
    return await work();
  } finally {
    await listener?.close();
  }
}
