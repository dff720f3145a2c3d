/** Limits that keep a web process answering whatever is asked of it, and how many such processes there are. */
import type { EnvironmentReader } from "./settings_reader.ts";

/** Each limit is that of one web process. */
export interface OverloadSettings {
  /** Requests a minute of one client address; 0 for any number. */
  requestsPerMinute: number;
  /** Requests that are answered at once. */
  maxRequests: number;
  /** Mean delay of the event loop above which requests are refused; 0 for any. */
  maxEventLoopDelayMs: number;
  /** Bytes of JavaScript objects above which requests are refused; 0 for any. */
  maxHeapBytes: number;
  /** Requests that wait for a database connection above which more are refused. */
  maxPoolWaiting: number;
  /** Database connections. */
  poolSize: number;
  /** Of a statement that answers a request; 0 for none. */
  statementTimeoutMs: number;
  /** Percent of the database connections that expensive requests may have. */
  expensiveShare: number;
  /** Expensive requests that wait for their turn. */
  expensiveQueue: number;
  /** How long one waits. */
  expensiveWaitMs: number;
  /** Bytes of answers that clients have not taken yet, above which no expensive request begins. */
  maxUnsentBytes: number;
  /** How long a client may take to receive an answer. */
  sendTimeoutMs: number;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Web processes when the command line names no number; 0 for a number by the cores, see `webProcesses`. */
export function workersSetting(read: EnvironmentReader): number {
  return read.integer({
    name: "KERNELBOARD_WORKERS",
    fallback: 0,
    minimum: 0,
    maximum: 64,
    about:
      "web processes of `serve`; 1 keeps everything in one process, 0 is one for each core, less one where it ingests too, at most 4",
  });
}

/** @throws SettingError */
export function overloadSettings(read: EnvironmentReader): OverloadSettings {
  return {
    requestsPerMinute: read.integer({
      name: "KERNELBOARD_RATE_LIMIT",
      fallback: 6000,
      minimum: 0,
      maximum: 10_000_000,
      about: "requests a minute of one client address to one web process, loopback aside; 0 for any number",
    }),
    maxRequests: read.integer({
      name: "KERNELBOARD_MAX_REQUESTS",
      fallback: 1000,
      minimum: 1,
      maximum: 100_000,
      about: "requests that a web process answers at once",
    }),
    maxEventLoopDelayMs: read.integer({
      name: "KERNELBOARD_MAX_EVENT_LOOP_DELAY_MS",
      fallback: 1000,
      minimum: 0,
      maximum: 60_000,
      about: "mean delay of a web process's event loop above which it refuses requests; 0 for any",
    }),
    maxHeapBytes: read.integer({
      name: "KERNELBOARD_MAX_HEAP_BYTES",
      fallback: GIB,
      minimum: 0,
      about: "bytes of a web process's heap above which it refuses requests; 0 for any",
    }),
    maxPoolWaiting: read.integer({
      name: "KERNELBOARD_MAX_POOL_WAITING",
      fallback: 200,
      minimum: 1,
      maximum: 100_000,
      about: "statements waiting for a database connection above which a web process refuses requests",
    }),
    poolSize: read.integer({
      name: "KERNELBOARD_POOL_SIZE",
      fallback: 10,
      minimum: 4,
      maximum: 1000,
      about: "database connections of a web process",
    }),
    statementTimeoutMs: read.integer({
      name: "KERNELBOARD_STATEMENT_TIMEOUT_MS",
      fallback: 30_000,
      minimum: 0,
      maximum: 3_600_000,
      about: "milliseconds that a statement may take that answers a request; 0 for any time",
    }),
    expensiveShare: read.integer({
      name: "KERNELBOARD_EXPENSIVE_SHARE",
      fallback: 30,
      minimum: 1,
      maximum: 60,
      about:
        "percent of the database connections for requests of whole commits, platforms and reports; half as many more for their counts, builds and boots",
    }),
    expensiveQueue: read.integer({
      name: "KERNELBOARD_EXPENSIVE_QUEUE",
      fallback: 100,
      minimum: 0,
      maximum: 100_000,
      about: "requests of each of these kinds that wait for their turn in a web process",
    }),
    expensiveWaitMs: read.integer({
      name: "KERNELBOARD_EXPENSIVE_WAIT_MS",
      fallback: 10_000,
      minimum: 1,
      maximum: 600_000,
      about: "milliseconds that one of them waits at most",
    }),
    maxUnsentBytes: read.integer({
      name: "KERNELBOARD_MAX_UNSENT_BYTES",
      fallback: 64 * MIB,
      minimum: MIB,
      about: "bytes of answers not yet taken by clients above which no such request begins",
    }),
    sendTimeoutMs:
      1000 *
      read.integer({
        name: "KERNELBOARD_SEND_TIMEOUT_SECONDS",
        fallback: 120,
        minimum: 1,
        maximum: 3600,
        about: "seconds that a client may take to receive an answer",
      }),
  };
}
