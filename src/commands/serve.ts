/** `kernelboard serve`, also `runserver`: the API and the page, and with `--role all` the ingestion beside them. */
import { Command, InvalidArgumentError } from "commander";
import type { FastifyInstance } from "fastify";
import type { Database } from "../database/database.ts";
import { errorCode } from "../database/errors.ts";
import { Bell } from "../ingest/bell.ts";
import { ingest } from "../ingest/ingest.ts";
import { wholeNumber } from "./arguments.ts";
import { CommandError, runCommand, withDatabase, type Context } from "./context.ts";
import { ingestOptions, type IngestArguments } from "./ingest.ts";
import { processMetrics, withMetricsListener, type ProcessMetrics } from "./metrics.ts";
import { bringUpToDate } from "./migrate.ts";

const ROLES = ["web", "all"] as const;
type Role = (typeof ROLES)[number];

interface ServeArguments extends Partial<IngestArguments> {
  host?: string;
  port?: number;
  role: Role;
}

export interface ServeOptions {
  host: string;
  port: number;
  /** Take any free port when this one is in use. */
  anyPort?: boolean;
  /** Where submissions over HTTP go; without it none are taken. */
  spoolDir?: string;
  /** Ingest from this spool as well. */
  ingest?: IngestArguments;
  /** Answer `/metrics` as well, if the settings allow it. */
  showMetrics?: boolean;
  /** Called with the address when requests are answered. */
  onListening: (address: string) => void;
}

/** Serves until the context's signal: requests that run are answered, batches that are filled are committed. */
export async function serve(context: Context, database: Database, options: ServeOptions): Promise<void> {
  const { log, settings, signal } = context;
  // Loaded here, so that commands that serve nothing start without it.
  const { createServer } = await import("../http/server.ts");
  const { spoolDir } = options;
  const metrics = await processMetrics(context);
  const bell = new Bell();
  const app = await createServer({
    pool: database.pool,
    connection: database.connection,
    settings,
    log,
    ...(spoolDir === undefined
      ? {}
      : {
          submissions: {
            spoolDir,
            onAccepted: () => {
              bell.ring();
            },
          },
        }),
    ...(options.showMetrics && metrics !== undefined && settings.metrics.enabled
      ? { metrics: metrics.registry, cacheStats: metrics.cacheStats }
      : {}),
  });
  let ingestion = Promise.resolve();
  try {
    await listen(app, options);
    options.onListening(addressOf(app));
    if (options.ingest !== undefined)
      ingestion = ingestBeside(context, database, options.ingest, { bell, metrics });
    await aborted(signal);
  } finally {
    await app.close();
    await ingestion;
  }
}

async function listen(app: FastifyInstance, { host, port, anyPort }: ServeOptions): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (errorCode(error) !== "EADDRINUSE") throw error;
    if (!anyPort)
      throw new CommandError(`port ${port} on ${host} is in use; choose another with --port or PORT`);
    await app.listen({ host, port: 0 });
  }
}

/** An ingestion that cannot go on ends the whole process: a half-working node must not look healthy. */
async function ingestBeside(
  context: Context,
  database: Database,
  args: IngestArguments,
  { bell, metrics }: { bell: Bell; metrics: ProcessMetrics | undefined },
): Promise<void> {
  try {
    await withMetricsListener(context, metrics, () =>
      ingest({ ...ingestOptions(context, database, args, metrics), bell }),
    );
  } catch (error) {
    context.fail(error instanceof Error ? error : new Error(String(error)));
  }
}

function addressOf(app: FastifyInstance): string {
  const address = app.server.address();
  if (address === null || typeof address === "string") return String(address);
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}/`;
}

function aborted(signal: AbortSignal): Promise<void> {
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

async function run(args: ServeArguments, announce: (address: string) => string): Promise<void> {
  await runCommand((context) =>
    withDatabase(context, async (database) => {
      await bringUpToDate(database, context.log);
      const spoolDir = args.spoolDir ?? context.settings.submissions.spoolDir;
      await serve(context, database, {
        host: args.host ?? context.settings.http.host,
        port: args.port ?? context.settings.http.port,
        ...(spoolDir === undefined ? {} : { spoolDir }),
        ...(spoolDir !== undefined && args.role === "all"
          ? { ingest: { maxWorkers: 5, interval: 5, ...args, spoolDir } }
          : {}),
        showMetrics: args.role === "all",
        onListening: (address) => {
          console.log(announce(address));
        },
      });
    }),
  );
}

function parseRole(text: string): Role {
  const role = ROLES.find((candidate) => candidate === text);
  if (role === undefined) throw new InvalidArgumentError(`'${text}' is none of ${ROLES.join(", ")}`);
  return role;
}

export function serveCommand(): Command {
  return new Command("serve")
    .summary("answer the API and show the page")
    .description(
      "Serves the HTTP API under /api/ and the web page at /. Stops on SIGINT or SIGTERM after answering what runs.",
    )
    .option("--host <address>", "address to listen on (default: HOST, or 127.0.0.1)")
    .option(
      "--port <port>",
      "port to listen on, 0 for any free one (default: PORT, or 8000)",
      wholeNumber(0, 65_535),
    )
    .option(
      "--role <role>",
      "web: only serve; all: also ingest from the spool directory when there is one",
      parseRole,
      "all" as const,
    )
    .option(
      "--spool-dir <dir>",
      "spool directory of submissions: those over HTTP are put there (default: KERNELBOARD_SPOOL_DIR)",
    )
    .option("--max-workers <n>", "batches written at once, at most", wholeNumber(1, 64), 5)
    .option("--interval <seconds>", "pause between scans of the spool directory", wholeNumber(0, 86_400), 5)
    .option("--trees-file <file>", "YAML file of tree names (default: tree-names.yaml in BACKEND_VOLUME_DIR)")
    .addHelpText(
      "after",
      `
Examples:
  kernelboard serve
  kernelboard serve --host 0.0.0.0 --port 8080 --role web
  kernelboard serve --spool-dir /spool`,
    )
    .action((args: ServeArguments) => run(args, (address) => `Listening on ${address}`));
}

/** `[[addr:]port]`, where an IPv6 address stands in brackets. */
function parseAddress(text: string): { host?: string; port: number } {
  const match = /^(?:(?<host>\[[0-9a-fA-F:]+\]|[^:[\]]+):)?(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.port);
  if (match === null || port > 65_535)
    throw new InvalidArgumentError(`'${text}' is no address of the form [address:]port`);
  const host = match.groups?.host?.replace(/^\[|\]$/g, "");
  return host === undefined ? { port } : { host, port };
}

export function runserverCommand(): Command {
  return new Command("runserver")
    .summary("serve, under the reference implementation's name")
    .description("Serves like `kernelboard serve --role web`. There is no auto-reloader to switch off.")
    .argument("[address]", "[[addr:]port] (default: HOST and PORT, or 127.0.0.1:8000)", parseAddress)
    .option("--noreload", "accepted and ignored")
    .option("--nothreading", "accepted and ignored")
    .option("-6, --ipv6", "listen on ::1 by default")
    .addHelpText("after", "\nExamples:\n  kernelboard runserver\n  kernelboard runserver 0.0.0.0:8000")
    .action((address: { host?: string; port: number } | undefined, options: { ipv6?: boolean }) =>
      run(
        { role: "web", ...(options.ipv6 ? { host: "::1" } : {}), ...address },
        (url) => `Starting development server at ${url}`,
      ),
    );
}
