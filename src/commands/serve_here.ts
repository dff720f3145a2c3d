/** `serve` with one web process: everything is done in this one. */
import type { Database } from "../database/database.ts";
import { Bell } from "../ingest/bell.ts";
import { CommandError, type Context } from "./context.ts";
import { processMetrics, webObservation, withMetricsListener } from "./metrics.ts";
import { ingests, runBackground, type BackgroundTask, type Surroundings } from "./roles.ts";
import { withTracing } from "./tracing.ts";
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
  /** Called with the address when requests are answered. */
  onListening: (address: string) => void;
}

/** Serves until the context's signal: requests that run are answered, batches that are filled are committed. */
export async function serveHere(context: Context, database: Database, options: ServeOptions): Promise<void> {
  const { enabled, webPort } = context.settings.metrics;
  const metrics = await processMetrics(context, { ingests: ingests(options.background) });
  const shown = enabled ? metrics?.registry : undefined;
  await withTracing(context, (tracing) =>
    withMetricsListener(context, shown, webPort, async () => {
      const surroundings = { bell: new Bell(), metrics, tracing };
      const observation = await webObservation(database, metrics, tracing);
      const { host, port, spoolDir } = options;
      const web = await startOnSomePort(context, database, options, {
        host,
        port,
        ...(spoolDir === undefined ? {} : { spoolDir }),
        onAccepted: () => {
          surroundings.bell.ring();
        },
        ...observation,
        ...(shown === undefined ? {} : { metrics: shown }),
      });
      options.onListening(web.address);
      const background = options.background.map((task) => runBeside(context, database, task, surroundings));
      await aborted(context.signal);
      await web.close();
      await Promise.all(background);
    }),
  );
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
  const { enabled, webPort } = context.settings.metrics;
  const metrics = await processMetrics(context, { ingests: ingests(tasks) });
  await withTracing(context, async (tracing) => {
    const surroundings = { bell: new Bell(), metrics, tracing };
    // A scheduler alone shows its process where a web server does, so that probes find it; an ingestion has a port of its own.
    const shown = enabled && tasks.some(({ role }) => role === "schedule") ? metrics?.registry : undefined;
    await withMetricsListener(context, shown, webPort, () =>
      Promise.all(tasks.map((task) => runBeside(context, database, task, surroundings))),
    );
  });
}

/** Work that cannot go on ends the whole process: a half-working node must not look healthy. */
async function runBeside(
  context: Context,
  database: Database,
  task: BackgroundTask,
  surroundings: Surroundings,
): Promise<void> {
  try {
    await runBackground(context, database, task, surroundings);
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
