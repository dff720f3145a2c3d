/** `kernelboard demo`: a running system with data to look at, from nothing. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import type { Database } from "../database/database.ts";
import { wholeNumber } from "./arguments.ts";
import { CommandError, runCommand, withDatabase, type Context } from "./context.ts";
import { ingestWithProgress } from "./ingest.ts";
import { bringUpToDate } from "./migrate.ts";
import { serveHere } from "./serve_here.ts";

const DAY_MS = 86_400_000;
/** The listing shows a week unless it is told otherwise. */
const STALE_DAYS = 7;

export function demoCommand(): Command {
  return new Command("demo")
    .summary("serve demo data from an embedded database")
    .description(
      "Starts the embedded database in KERNELBOARD_DATA_DIR (default ./data), fills it with generated submissions when it\n" +
        "is empty, and serves the page and the API. Everything it makes is in that directory.",
    )
    .option("--host <address>", "address to listen on (default: HOST, or 127.0.0.1)")
    .option(
      "--port <port>",
      "port to listen on (default: PORT, or 8000, or any free one)",
      wholeNumber(0, 65_535),
    )
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard demo\n  KERNELBOARD_DATA_DIR=/tmp/kernelboard kernelboard demo --port 8080",
    )
    .action((options: { host?: string; port?: number }) =>
      runCommand(async (context) => {
        const { database: settings, http, submissions } = context.settings;
        if (settings.kind !== "embedded") {
          throw new CommandError(
            "the demo has a database of its own: unset DB_HOST, DB_NAME and DB_DEFAULT to run it",
          );
        }
        await withDatabase(context, async (database) => {
          await bringUpToDate(database, context.log);
          await fillWhenEmpty(context, database);
          const spoolDir = submissions.spoolDir ?? join(settings.dataDir, "spool");
          await serveHere(context, database, {
            host: options.host ?? http.host,
            port: options.port ?? http.port,
            anyPort: options.port === undefined,
            spoolDir,
            background: [
              { role: "ingest", ingest: { spoolDir, maxWorkers: 1, interval: 5 } },
              { role: "schedule" },
            ],
            onListening: (address) => {
              console.log(
                `\nkernelboard is running: ${address}\nThe API is described at ${address}api/schema/swagger-ui/\nStop it with Ctrl-C.`,
              );
            },
          });
        });
      }),
    );
}

async function fillWhenEmpty(context: Context, database: Database): Promise<void> {
  const { rows } = await database.pool.query<{ newest: Date | null }>(
    "select max(start_time) as newest from latest_checkout",
  );
  const newest = rows[0]?.newest;
  if (newest) {
    const days = Math.floor((Date.now() - newest.getTime()) / DAY_MS);
    if (days >= STALE_DAYS)
      console.log(`The newest demo data is ${days} days old; remove ${dataDirOf(context)} for fresh data.`);
    return;
  }
  console.log("Filling the database with demo data...");
  const spoolDir = await mkdtemp(join(tmpdir(), "kernelboard-demo-"));
  try {
    // Loaded here, so that other commands start without it.
    const { writeDemoSpool } = await import("../demo/spool.ts");
    await writeDemoSpool(spoolDir, { now: new Date() });
    const args = { spoolDir, maxWorkers: 1, interval: 1, once: true };
    const { objects, filesFailed } = await ingestWithProgress(context, database, args);
    if (filesFailed > 0) throw new CommandError(`${filesFailed} files of the demo data were refused`);
    const { storeDemoRegistry } = await import("../demo/registry.ts");
    const client = await database.pool.connect();
    try {
      await storeDemoRegistry(client);
    } finally {
      client.release();
    }
    context.log.info({ objects }, "demo data ingested");
  } finally {
    await rm(spoolDir, { recursive: true, force: true });
  }
}

function dataDirOf({ settings }: Context): string {
  return settings.database.kind === "embedded" ? settings.database.dataDir : "";
}
