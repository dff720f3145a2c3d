/** `kernelboard ingest`, also `monitor_submissions`: submissions from a spool directory into the database. */
import { Command } from "commander";
import { ingest, threadCount, type IngestOptions, type IngestProgress } from "../ingest/ingest.ts";
import type { Database } from "../database/database.ts";
import { uploadSettings } from "../excerpts/uploads.ts";
import { startProgress } from "./progress.ts";
import { wholeNumber } from "./arguments.ts";
import { requiredSpoolDir, runCommand, withDatabase, type Context } from "./context.ts";
import { processMetrics, withMetricsListener } from "./metrics.ts";
import { bringUpToDate } from "./migrate.ts";
import { tracedHooks, withTracing } from "./tracing.ts";

/** With `--once`, how long a database may be away before the command gives up. */
const GIVE_UP_MS = 60_000;

interface IngestCommandOptions extends Omit<IngestArguments, "spoolDir"> {
  spoolDir?: string;
}

export interface IngestArguments {
  spoolDir: string;
  maxWorkers: number;
  interval: number;
  treesFile?: string;
  once?: boolean;
}

/** The options of an ingestion from the command line and the settings. A process calls this once. */
export function ingestOptions(
  context: Context,
  database: Database,
  args: IngestArguments,
  hooks?: Partial<IngestOptions>,
): IngestOptions {
  const { filesBatchSize, cycleBatchSize, batchSize, treesFile } = context.settings.ingest;
  const { maxWorkers, once = false } = args;
  return {
    spoolDir: args.spoolDir,
    connection: database.connection,
    log: context.log,
    maxWorkers,
    intervalSeconds: args.interval,
    once,
    treesFile: args.treesFile ?? treesFile,
    filesBatchSize,
    cycleBatchSize,
    batchSize,
    signal: context.signal,
    ...(once ? { giveUpAfterMs: GIVE_UP_MS } : {}),
    excerpts: uploadSettings(context.settings.excerpts, threadCount({ maxWorkers, once }), context.log),
    ...hooks,
  };
}

function command(name: string, example: string): Command {
  return new Command(name)
    .summary("take submissions from a spool directory into the database")
    .description(
      "Takes the *.json files of the spool directory in the order of their names. A file whose objects are all stored\n" +
        "goes to archive/; one of which anything was refused goes to failed/, with the reasons beside it in\n" +
        "<file>.error.json, after its good objects were stored.",
    )
    .option(
      "--spool-dir <dir>",
      "directory of submission files (required, unless KERNELBOARD_SPOOL_DIR is set)",
    )
    .option(
      "--max-workers <n>",
      "batches written at once, at most; 1 keeps the order of the names",
      wholeNumber(1, 64),
      5,
    )
    .option("--interval <seconds>", "pause between scans when nothing waits", wholeNumber(0, 86_400), 5)
    .option("--trees-file <file>", "YAML file of tree names (default: tree-names.yaml in BACKEND_VOLUME_DIR)")
    .addHelpText("after", `\nExamples:\n  ${example}`);
}

async function run(args: IngestCommandOptions, command: Command): Promise<void> {
  await runCommand((context) => {
    const spoolDir = requiredSpoolDir(args, context, command);
    return withDatabase(context, async (database) => {
      await bringUpToDate(database, context.log);
      const metrics = await processMetrics(context, { ingests: true });
      const done = await withMetricsListener(
        context,
        metrics?.registry,
        context.settings.metrics.ingesterPort,
        () =>
          withTracing(context, (tracing) =>
            ingestWithProgress(
              context,
              database,
              { ...args, spoolDir },
              tracedHooks(metrics?.hooks, tracing),
            ),
          ),
      );
      const { filesDone, filesFailed, objects } = done;
      context.log.info(
        { files: filesDone, failed: filesFailed, objects, ms: Date.now() - done.startedAt },
        "ingestion ended",
      );
    });
  });
}

/** Ingests with a progress line on a terminal, which stands for the lines that a log has for each batch. */
export async function ingestWithProgress(
  context: Context,
  database: Database,
  args: IngestArguments,
  hooks?: Partial<IngestOptions>,
): Promise<IngestProgress> {
  const progress = startProgress();
  const log =
    progress.isShown && context.log.level === "info" ? context.log.child({}, { level: "warn" }) : context.log;
  try {
    return await ingest({
      ...ingestOptions(context, database, args, hooks),
      log,
      onProgress: progress.show,
    });
  } finally {
    progress.end();
  }
}

export function ingestCommand(): Command {
  return command(
    "ingest",
    "kernelboard ingest --spool-dir /spool\n  kernelboard ingest --spool-dir ./submissions --once --max-workers 1",
  )
    .option("--once", "end when nothing waits any more")
    .action(run);
}

/** The reference implementation's name of the same command, which always runs until it is stopped. */
export function monitorSubmissionsCommand(): Command {
  return command(
    "monitor_submissions",
    "kernelboard monitor_submissions --spool-dir /spool --max-workers 5 --interval 5",
  ).action(run);
}
