/** The metrics of the process itself: memory, processor time, files, garbage collection, and how late its events are. */
import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import { VERSION } from "../version.ts";

/** Adds `process_*` and `nodejs_*`, `nodejs_eventloop_lag_*` among them, and which version runs. */
export function createProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "kernelboard_build_info",
    help: "1, with the version as label",
    labelNames: ["version"],
    registers: [registry],
    // Of several processes whose metrics are put together.
    aggregator: "max",
  }).set({ version: VERSION }, 1);
}
