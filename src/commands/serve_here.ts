/** `serve` with one web process: everything is done in this one. */
import type { Database } from "../database/database.ts";
import { Bell } from "../ingest/bell.ts";
import { CommandError, type Context } from "./context.ts";
import { processMetrics } from "./metrics.ts";
import { runBackground, type BackgroundTask } from "./roles.ts";
import { startWeb, type Web, type WebOptions } from "./web.ts";

export interface ServeOptions {
  host: string;
  port: number;
  /** Take any free port when this one is in use. */
  anyPort?: boolean;
  /** Where submissions over HTTP go; without it none are taken. */
  spoolDir?: string;
  /** What is done beside. */
  background: BackgroundTask[];
  /** Answer `/metrics` as well, if the settings allow it. */
  showMetrics?: boolean;
  /** Called with the address when requests are answered. */
  onListening: (address: string) => void;
}

/** Serves until the context's signal: requests that run are answered, batches that are filled are committed. */
export async function serveHere(context: Context, database: Database, options: ServeOptions): Promise<void> {
  const metrics = await processMetrics(context);
  const bell = new Bell();
  const { host, port, spoolDir } = options;
  const isShown = options.showMetrics && metrics !== undefined && context.settings.metrics.enabled;
  const web = await startOnSomePort(context, database, options, {
    host,
    port,
    ...(spoolDir === undefined ? {} : { spoolDir }),
    onAccepted: () => {
      bell.ring();
    },
    ...(isShown ? { metrics: metrics.registry } : {}),
    ...(metrics === undefined ? {} : { cacheStats: metrics.cacheStats }),
  });
  options.onListening(web.address);
  const background = options.background.map((task) => runBeside(context, database, task, { bell, metrics }));
  await aborted(context.signal);
  await web.close();
  await Promise.all(background);
}

async function startOnSomePort(
  context: Context,
  database: Database,
  { anyPort }: ServeOptions,
  options: WebOptions,
): Promise<Web> {
  try {
    return await startWeb(context, database, options);
  } catch (error) {
    if (!anyPort || !(error instanceof CommandError)) throw error;
    return startWeb(context, database, { ...options, port: 0 });
  }
}

/** Does the work of roles that answer no requests until the context's signal. */
export async function workHere(context: Context, database: Database, tasks: BackgroundTask[]): Promise<void> {
  const metrics = await processMetrics(context);
  const bell = new Bell();
  await Promise.all(tasks.map((task) => runBeside(context, database, task, { bell, metrics })));
}

/** Work that cannot go on ends the whole process: a half-working node must not look healthy. */
async function runBeside(
  context: Context,
  database: Database,
  task: BackgroundTask,
  help: Parameters<typeof runBackground>[3],
): Promise<void> {
  try {
    await runBackground(context, database, task, help);
  } catch (error) {
    context.fail(error instanceof Error ? error : new Error(String(error)));
  }
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener(
      "abort",
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
