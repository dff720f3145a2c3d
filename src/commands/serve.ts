/** `kernelboard serve`, also `runserver`: the API and the page, and other roles beside them or instead. */
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "./arguments.ts";
import { CommandError, runCommand, withDatabase } from "./context.ts";
import type { IngestArguments } from "./ingest.ts";
import { bringUpToDate } from "./migrate.ts";
import { parseRoles, type BackgroundTask, type Role } from "./roles.ts";
import { serveHere, workHere } from "./serve_here.ts";

interface ServeArguments extends Partial<IngestArguments> {
  host?: string;
  port?: number;
  role: Role[] | "all";
  workers?: number;
}

async function run(args: ServeArguments, announce: (address: string) => string): Promise<void> {
  await runCommand(async (context) => {
    const { http, submissions, overload } = context.settings;
    const spoolDir = args.spoolDir ?? submissions.spoolDir;
    const background = backgroundTasks(args, spoolDir);
    await withDatabase(
      context,
      async (database) => {
        await bringUpToDate(database, context.log);
        if (!hasRole(args, "web")) {
          context.log.info({ roles: args.role }, "working without answering requests");
          await workHere(context, database, background);
          return;
        }
        const options = {
          host: args.host ?? http.host,
          port: args.port ?? http.port,
          ...(spoolDir === undefined ? {} : { spoolDir }),
          background,
          onListening: (address: string) => {
            console.log(announce(address));
          },
        };
        const workers = webProcesses(
          args.workers ?? http.workers,
          availableParallelism(),
          background.some(({ role }) => role === "ingest"),
        );
        if (workers === undefined) {
          await serveHere(context, database, options);
          return;
        }
        // Loaded here, so that one process alone does not make itself the head of a cluster.
        const { serveWithWorkers } = await import("./serve_workers.ts");
        await serveWithWorkers(context, database, options, workers);
      },
      overload,
    );
  });
}

const MOST_BY_DEFAULT = 4;

/**
 * How many web processes there are, beside one that supervises. Each keeps and reads answers for itself, so without being told there are
 * no more than there are cores for: ingestion, with the database's part of it, takes one.
 *
 * @param asked 0 when nobody said how many
 * @returns undefined when this process does everything itself
 */
export function webProcesses(asked: number, cores: number, ingestsToo: boolean): number | undefined {
  if (asked === 1 || (asked === 0 && cores === 1)) return undefined;
  return asked === 0 ? Math.max(1, Math.min(MOST_BY_DEFAULT, cores - (ingestsToo ? 1 : 0))) : asked;
}

/** What is to be done beside answering requests. @throws CommandError when a role lacks what it works on */
function backgroundTasks(args: ServeArguments, spoolDir: string | undefined): BackgroundTask[] {
  const schedule: BackgroundTask[] = hasRole(args, "schedule") ? [{ role: "schedule" }] : [];
  if (!hasRole(args, "ingest")) return schedule;
  if (spoolDir !== undefined)
    return [
      { role: "ingest", ingest: { maxWorkers: 5, interval: 5, ...ingestPart(args), spoolDir } },
      ...schedule,
    ];
  if (args.role === "all") return schedule;
  throw new CommandError(
    "the role ingest needs a spool directory: name it with --spool-dir or KERNELBOARD_SPOOL_DIR",
  );
}

/** Of the arguments of `serve`, those that are the ingestion's. */
function ingestPart({ maxWorkers, interval, treesFile }: ServeArguments): Partial<IngestArguments> {
  return {
    ...(maxWorkers === undefined ? {} : { maxWorkers }),
    ...(interval === undefined ? {} : { interval }),
    ...(treesFile === undefined ? {} : { treesFile }),
  };
}

function hasRole({ role }: ServeArguments, name: Role): boolean {
  return role === "all" || role.includes(name);
}

export function serveCommand(): Command {
  return new Command("serve")
    .summary("answer the API and show the page")
    .description(
      "Serves the HTTP API under /api/ and the web page at /. Stops on SIGINT or SIGTERM after answering what runs; a\n" +
        "second signal ends it at once. With several web processes one that ends is replaced, and SIGHUP restarts them one\n" +
        "after the other, without a request that is not answered.",
    )
    .option("--host <address>", "address to listen on (default: HOST, or 127.0.0.1)")
    .option(
      "--port <port>",
      "port to listen on, 0 for any free one (default: PORT, or 8000)",
      wholeNumber(0, 65_535),
    )
    .option(
      "--role <roles>",
      "what this node does, with commas between: web, ingest, schedule; all: everything, ingest when there is a spool directory",
      parseRoles,
      "all" as const,
    )
    .option(
      "--workers <n>",
      "web processes; 1 keeps everything in one process (default: KERNELBOARD_WORKERS, or one a core, less one where it ingests\n" +
        "too, at most 4)",
      wholeNumber(1, 64),
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
  kernelboard serve --host 0.0.0.0 --port 8080 --role web --workers 4
  kernelboard serve --role ingest --spool-dir /spool
  kernelboard serve --spool-dir /spool`,
    )
    .action((args: ServeArguments) => run(args, (address) => `Listening on ${address}`));
}

interface RunserverOptions {
  noreload?: boolean;
  ipv6?: boolean;
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
    .description(
      "Serves like `kernelboard serve --role web`, and starts again when a file of the program changes.",
    )
    .argument("[address]", "[[addr:]port] (default: HOST and PORT, or 127.0.0.1:8000)", parseAddress)
    .option("--noreload", "go on with the program as it was when it started")
    .option("--nothreading", "accepted and ignored")
    .option("-6, --ipv6", "listen on ::1 by default")
    .addHelpText("after", "\nExamples:\n  kernelboard runserver\n  kernelboard runserver 0.0.0.0:8000")
    .action(async (address: { host?: string; port: number } | undefined, options: RunserverOptions) => {
      if (options.noreload !== true) {
        const { runReloading } = await import("../processes/reloading.ts");
        process.exitCode = await runReloading(["--noreload"], () => {
          console.log("The program has changed; starting again");
        });
        return;
      }
      await run(
        { role: ["web"], ...(options.ipv6 ? { host: "::1" } : {}), ...address },
        (url) => `Starting development server at ${url}`,
      );
    });
}
