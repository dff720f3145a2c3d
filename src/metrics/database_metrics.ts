/**
 * The metrics of statements under the reference's names (chapter 08, section 10.2), and of the pool of connections.
 * Statements of ingest threads are not among them: `kernelboard_ingest_batch_seconds` tells of those.
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { errorCode } from "../database/errors.ts";
import type { OwnPool } from "../database/pool.ts";
import { observeStatements, type Finish } from "../database/statements.ts";
import { LATENCY_BUCKETS } from "./http_metrics.ts";

const LABELS = { alias: "default", vendor: "postgresql" };
const MS_PER_SECOND = 1000;
/** Seconds; without a queue it takes a few microseconds. */
const WAIT_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The reference's words for classes of SQLSTATE. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  "0A": "NotSupportedError",
  "21": "ProgrammingError",
  "22": "DataError",
  "23": "IntegrityError",
  "42": "ProgrammingError",
  XX: "InternalError",
};
const OTHER_ERROR = "OperationalError";

/** Adds the metrics of this process's statements to a registry. @returns ends counting */
export function createDatabaseMetrics(registry: Registry): () => void {
  const registers = [registry];
  const labelNames = ["alias", "vendor"] as const;
  const executions = new Counter({
    name: "django_db_execute_total",
    help: "Statements executed",
    labelNames,
    registers,
  });
  const connections = new Counter({
    name: "django_db_new_connections_total",
    help: "Connections made",
    labelNames,
    registers,
  });
  const connectionErrors = new Counter({
    name: "django_db_new_connection_errors_total",
    help: "Connections that could not be made",
    labelNames,
    registers,
  });
  const errors = new Counter({
    name: "django_db_errors_total",
    help: "Statements that failed",
    labelNames: [...labelNames, "type"],
    registers,
  });
  const seconds = new Histogram({
    name: "django_db_query_duration_seconds",
    help: "Time of a statement, from sending it to its last row",
    labelNames,
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const waits = new Histogram({
    name: "kernelboard_db_pool_wait_seconds",
    help: "Time until the pool gave a connection",
    buckets: WAIT_BUCKETS,
    registers,
  });
  for (const each of [executions, connections, connectionErrors]) each.inc(LABELS, 0);
  for (const type of [...new Set(Object.values(ERROR_TYPES)), OTHER_ERROR])
    errors.inc({ ...LABELS, type }, 0);
  seconds.zero(LABELS);

  return observeStatements({
    onStatement: () => {
      const started = performance.now();
      executions.inc(LABELS);
      return (error) => {
        seconds.observe(LABELS, since(started));
        if (error !== undefined && error !== null) errors.inc({ ...LABELS, type: errorType(error) });
      };
    },
    onConnect: (): Finish => {
      connections.inc(LABELS);
      return (error) => {
        if (error !== undefined && error !== null) connectionErrors.inc(LABELS);
      };
    },
    onPoolRequest: () => {
      const started = performance.now();
      return () => {
        waits.observe(since(started));
      };
    },
  });
}

function since(started: number): number {
  return (performance.now() - started) / MS_PER_SECOND;
}

function errorType(error: unknown): string {
  return ERROR_TYPES[errorCode(error)?.slice(0, 2) ?? ""] ?? OTHER_ERROR;
}

/** Adds gauges of a pool, read when the metrics are. */
export function createPoolMetrics(registry: Registry, pool: OwnPool): void {
  const registers = [registry];
  new Gauge({
    name: "kernelboard_db_pool_connections",
    help: "Connections of the pool by what they do",
    labelNames: ["state"],
    registers,
    collect() {
      this.set({ state: "idle" }, pool.idleCount);
      this.set({ state: "busy" }, pool.totalCount - pool.idleCount);
    },
  });
  new Gauge({
    name: "kernelboard_db_pool_waiting",
    help: "Statements that wait for a connection of the pool",
    registers,
    collect() {
      this.set(pool.waitingCount);
    },
  });
  new Gauge({
    name: "kernelboard_db_pool_max_connections",
    help: "Connections that the pool may have",
    registers,
    collect() {
      this.set(pool.options.max);
    },
  });
}
