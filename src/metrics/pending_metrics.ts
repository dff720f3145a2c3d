/** The metrics of `process_pending_aggregations`, under the reference's name (chapter 08, section 10.2). */
import { Counter, type Registry } from "prom-client";

const COUNTED = { table: "processed_items" };

/** @returns adds rows of the queues that were counted */
export function createPendingMetrics(registry: Registry): (rows: number) => void {
  const records = new Counter({
    name: "aggregation_records_written_total",
    help: "Rows of the queues that were counted",
    labelNames: ["table"],
    registers: [registry],
  });
  records.inc(COUNTED, 0);
  return (rows) => {
    records.inc(COUNTED, rows);
  };
}
