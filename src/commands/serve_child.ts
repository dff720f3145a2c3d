/** The program of a child process of `serve`: answers requests, or does the work of another role. */
import { errorMessage } from "../database/errors.ts";
import { joinDatabase, openDatabase, type Database } from "../database/database.ts";
import { Bell } from "../ingest/bell.ts";
import { logStatements } from "../database/statement_log.ts";
import type { MetricsText } from "../http/metrics.ts";
import { createLog, type Log } from "../log.ts";
import { compileNextTick } from "../next_tick.ts";
import { receiveTask, tell, type ChildHandlers } from "../processes/child.ts";
import { giveWay } from "../processes/priority.ts";
import { loadSettings } from "../settings.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { Context } from "./context.ts";
import { processMetrics, webObservation, type ProcessMetrics } from "./metrics.ts";
import { ingests, runBackground } from "./roles.ts";
import { aborted } from "./serve_here.ts";
import type { ChildTask } from "./serve_workers.ts";
import { withTracing } from "./tracing.ts";
import { startWeb } from "./web.ts";

const bell = new Bell();
const stop = new AbortController();
let isGentle = false;
let metrics: ProcessMetrics | undefined;
/** Who waits for the metrics of all processes. */
const waiting = new Map<number, (text: string) => void>();
let lastId = 0;

const handlers: ChildHandlers = {
  onStop: (gently) => {
    isGentle ||= gently;
    stop.abort();
  },
  onRing: () => {
    bell.ring();
  },
  onMetrics: (message) => {
    if (message.type === "tell metrics") void tellMetrics(message.id);
    else {
      waiting.get(message.id)?.(message.text);
      waiting.delete(message.id);
    }
  },
};

async function tellMetrics(id?: number): Promise<void> {
  const own = (await metrics?.registry.getMetricsAsJSON()) ?? [];
  await tell({ type: "metrics", metrics: own, ...(id === undefined ? {} : { id }) });
}

/** The metrics of all processes, which the supervisor gathers. */
const allMetrics: MetricsText = {
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  metrics: () =>
    new Promise((resolve) => {
      const id = ++lastId;
      waiting.set(id, resolve);
      void tell({ type: "want all metrics", id });
    }),
};

async function work(context: Context, task: ChildTask): Promise<void> {
  const { settings, log, fail } = context;
  // Before the first thread is started, as threads have the priority of the one that starts them.
  if (task.background !== undefined) letRequestsGoFirst(log);
  const database =
    task.connection === undefined
      ? await openDatabase(settings.database, log, fail, settings.overload)
      : joinDatabase(task.connection, log, settings.overload);
  try {
    const { web, background } = task;
    metrics = await processMetrics(context, { ingests: background !== undefined && ingests([background]) });
    await withTracing(context, async (tracing) => {
      if (background !== undefined) {
        await tell({ type: "started" });
        await runBackground(context, database, background, { bell, metrics, tracing });
      }
      if (web !== undefined) await answerRequests(context, database, web, tracing);
    });
  } finally {
    await database.close();
  }
}

function letRequestsGoFirst(log: Log): void {
  try {
    giveWay();
  } catch (error) {
    // Some sandboxes forbid it; the work goes on without.
    log.debug({ error: errorMessage(error) }, "the priority of the process stays as it is");
  }
}

async function answerRequests(
  context: Context,
  database: Database,
  options: NonNullable<ChildTask["web"]>,
  tracing: Tracing | undefined,
): Promise<void> {
  const web = await startWeb(context, database, {
    ...options,
    onAccepted: () => void tell({ type: "ring" }),
    ...(await webObservation(database, metrics, tracing)),
    ...(context.settings.metrics.enabled ? { metrics: allMetrics } : {}),
  });
  await tell({ type: "started", address: web.address });
  await aborted(context.signal);
  await web.close(isGentle);
}

async function main(): Promise<void> {
  let failure: Error | undefined;
  try {
    const task = (await receiveTask(handlers)) as ChildTask;
    process.title = `kernelboard ${task.name}`;
    const loaded = loadSettings();
    const log = createLog(loaded.settings.logLevel).child({ process: task.name });
    if (loaded.settings.debugging.sqlQuery) logStatements(log, loaded.secrets);
    const fail = (error: Error): void => {
      failure ??= error;
      stop.abort();
    };
    await work({ settings: loaded.settings, loaded, log, signal: stop.signal, fail }, task);
    if (metrics !== undefined) await tellMetrics();
  } catch (error) {
    failure ??= error instanceof Error ? error : new Error(String(error));
  }
  if (failure !== undefined) await tell({ type: "failed", message: errorMessage(failure) });
  process.exit(failure === undefined ? 0 : 1);
}

await compileNextTick();
await main();
