/**
 * `kernelboard process_pending_aggregations`: counts what waits although its build and checkout are there (chapter 02,
 * section 11). Ingestion counts at commit, so this has work only where rows came another way.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { constants } from "node:os";
import { Command, Option } from "commander";
import type { Connection } from "../database/pool.ts";
import { databaseErrorKind, errorMessage } from "../database/errors.ts";
import { openRepairSession, type RepairSession } from "../rollups/repair_session.ts";
import { countReady, readyRows, START, tryToBeTheOnlyCounter, type Cursor } from "../rollups/waiting.ts";
import { wholeNumber } from "./arguments.ts";
import { CommandError, runCommand, StoppedBySignal, withDatabase, type Context } from "./context.ts";
import { processMetrics, withMetricsListener } from "./metrics.ts";
import { bringUpToDate } from "./migrate.ts";
import { withMigrated } from "./migrated.ts";

/** Pauses between attempts; the last one repeats. */
const RETRY_PAUSES_S = [4, 8, 16, 30];
const SECOND_MS = 1000;
/**
 * A pass looks every waiting row's parents up. Where there are many, the pause is made longer than `--interval`, so that
 * looking in vain takes no more than about two hundredths of the time.
 */
const PAUSE_PER_PASS = 50;
/** Digits of an id in a log line. */
const SHOWN_ID = 20;

interface PendingArguments {
  batchSize: number;
  loop?: boolean;
  interval: number;
  dryRun?: boolean;
  json?: boolean;
}

interface Work extends PendingArguments {
  /** Rows that have left the queues. */
  total: { tests: number; builds: number };
  /** Told how many rows of the queues were counted. */
  onCounted: (rows: number) => void;
}

/** One pass over the queues. @returns how many rows left them */
async function pass(
  { log, signal }: Context,
  session: RepairSession,
  { batchSize, loop, total, onCounted }: Work,
): Promise<number> {
  const before = total.tests + total.builds;
  for (let cursor: Cursor = START; !signal.aborted;) {
    const started = Date.now();
    const ready = await readyRows(session, cursor, batchSize);
    if (ready.tests.length + ready.builds.length === 0) {
      log[loop ? "debug" : "info"]("No pending items found, exiting batch loop");
      break;
    }
    log.info(
      `Starting batch processing (last_processed_test_id=${cursor.test.slice(0, SHOWN_ID)}, ` +
        `last_processed_build_id=${cursor.build.slice(0, SHOWN_ID)}, batch_size=${batchSize})...`,
    );
    const counted = await countReady(session, ready);
    const seconds = ((Date.now() - started) / SECOND_MS).toFixed(3);
    total.tests += counted.tests;
    total.builds += counted.builds;
    onCounted(counted.tests + counted.builds);
    log.info(`Deleted ${counted.tests} pending tests in ${seconds}s`);
    log.info(`Deleted ${counted.builds} pending builds in ${seconds}s`);
    log.info(
      `Batch processed: ${total.tests} tests aggregated; ${total.builds} builds aggregated; in ${seconds}s`,
    );
    cursor = { test: ready.tests.at(-1) ?? cursor.test, build: ready.builds.at(-1) ?? cursor.build };
  }
  return total.tests + total.builds - before;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** Waits until no other process counts in a loop. */
async function beTheOnlyCounter(
  { log, signal }: Context,
  session: RepairSession,
  onWorking: () => void,
): Promise<void> {
  for (let told = false; !signal.aborted; told = true) {
    if (await tryToBeTheOnlyCounter(session)) return;
    if (!told) log.info("Another process_pending_aggregations --loop is at work; waiting for its end");
    onWorking();
    await pause(SECOND_MS, signal);
  }
}

/** Passes in one session. Calls `onWorking` whenever the database did its work. */
async function inSession(
  context: Context,
  connection: Connection,
  args: Work,
  onWorking: () => void,
): Promise<void> {
  const { log, signal } = context;
  const session = await openRepairSession(connection, "kernelboard pending");
  try {
    if (args.loop) await beTheOnlyCounter(context, session, onWorking);
    while (!signal.aborted) {
      const started = Date.now();
      const done = await pass(context, session, args);
      onWorking();
      if (!args.loop) return;
      if (done > 0) continue;
      const ms = Math.max(args.interval * SECOND_MS, (Date.now() - started) * PAUSE_PER_PASS);
      log.debug(`Sleeping for ${ms / SECOND_MS} seconds`);
      await pause(ms, signal);
    }
  } finally {
    await session.close();
  }
}

/** @throws the database's error when it is not a passing one, or came so many times in a row */
async function withRetries(
  context: Context,
  attempts: number,
  work: (onWorking: () => void) => Promise<void>,
): Promise<void> {
  let failures = 0;
  for (;;) {
    try {
      await work(() => {
        failures = 0;
      });
      return;
    } catch (error) {
      failures++;
      if (databaseErrorKind(error) !== "transient") throw error;
      if (failures >= attempts)
        throw new CommandError(`the database failed ${failures} times in a row: ${errorMessage(error)}`);
      const seconds = RETRY_PAUSES_S[Math.min(failures, RETRY_PAUSES_S.length) - 1] ?? 0;
      context.log.warn({ error: errorMessage(error), failures, pauseSeconds: seconds }, "tried again");
      await pause(seconds * SECOND_MS, context.signal);
      if (context.signal.aborted) return;
    }
  }
}

/** Rows of the queues that a pass would count. */
async function countReadyRows(
  { signal }: Context,
  session: RepairSession,
  batchSize: number,
): Promise<{ tests: number; builds: number }> {
  const found = { tests: 0, builds: 0 };
  for (let cursor: Cursor = START; ;) {
    signal.throwIfAborted();
    const { tests, builds } = await readyRows(session, cursor, batchSize);
    if (tests.length + builds.length === 0) return found;
    found.tests += tests.length;
    found.builds += builds.length;
    cursor = { test: tests.at(-1) ?? cursor.test, build: builds.at(-1) ?? cursor.build };
  }
}

async function dryRun(context: Context, { batchSize, json }: PendingArguments): Promise<void> {
  const { tests, builds } = await withMigrated(context, async ({ connection }) => {
    const session = await openRepairSession(connection, "kernelboard pending");
    try {
      return await countReadyRows(context, session, batchSize);
    } finally {
      await session.close();
    }
  });
  console.log(
    json
      ? JSON.stringify({ dry_run: true, tests, builds }, null, 2)
      : `[DRY RUN] ${tests} tests and ${builds} builds would be counted. Nothing was written.`,
  );
}

/** With `--loop` it shows metrics as the reference does, if the settings ask for them. */
async function run(context: Context, args: PendingArguments): Promise<void> {
  if (args.dryRun) {
    await dryRun(context, args);
    return;
  }
  const { enabled, pendingPort } = context.settings.metrics;
  const metrics = args.loop && enabled ? await processMetrics(context, { ingests: false }) : undefined;
  const total = { tests: 0, builds: 0 };
  let onCounted: Work["onCounted"] = () => undefined;
  if (metrics !== undefined) {
    const { createPendingMetrics } = await import("../metrics/pending_metrics.ts");
    onCounted = createPendingMetrics(metrics.registry);
  }
  await withMetricsListener(context, metrics?.registry, pendingPort, () =>
    count(context, { ...args, total, onCounted }),
  );
  if (args.json) console.log(JSON.stringify({ dry_run: false, ...total }, null, 2));
}

async function count(context: Context, args: Work): Promise<void> {
  const { log, signal, settings } = context;
  const announce = (): void => {
    if (!(signal.reason instanceof StoppedBySignal)) return;
    const number = constants.signals[signal.reason.signalName];
    log.info(`Received signal ${number}, initiating graceful shutdown...`);
  };
  signal.addEventListener("abort", announce, { once: true });
  await withDatabase(context, async (database) => {
    await withRetries(context, settings.pendingMaxAttempts, async (onWorking) => {
      await bringUpToDate(database, log);
      await inSession(context, database.connection, args, onWorking);
    });
  });
  if (signal.aborted) log.info("Pending aggregation processor shutdown complete");
}

export function processPendingAggregationsCommand(): Command {
  return new Command("process_pending_aggregations")
    .summary("count what waits although its parents are there")
    .description(
      "Ingestion counts everything when it commits, and what waits for a build or checkout when that arrives. This\n" +
        "command has work only where builds or checkouts came another way: from a backup, or copied by hand. It counts\n" +
        "their whole commits and takes what is counted out of pending_test and pending_builds.",
    )
    .option(
      "--batch-size <n>",
      "waiting tests, and waiting builds, of a batch",
      wholeNumber(1, 100_000),
      1000,
    )
    .option("--loop", "go on until stopped; of several processes one acts, and the others wait for its end")
    .option(
      "--interval <seconds>",
      "pause after a pass that found nothing; longer where a pass takes long",
      wholeNumber(0, 86_400),
      1,
    )
    .addOption(new Option("--dry-run", "only show how much there is to count").conflicts("loop"))
    .option("--json", "print how many rows were counted as JSON, at the end")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard process_pending_aggregations --dry-run\n  kernelboard process_pending_aggregations\n  kernelboard process_pending_aggregations --loop --interval 5",
    )
    .action((args: PendingArguments) => runCommand((context) => run(context, args)));
}
