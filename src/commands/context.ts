/** What every command shares: settings, the log, the way it ends. */
import { CommanderError, type Command } from "commander";
import { openDatabase, type Database } from "../database/database.ts";
import { errorMessage } from "../database/errors.ts";
import { describedPassword } from "../database/masking.ts";
import type { PoolLimits } from "../database/pool.ts";
import { logStatements } from "../database/statement_log.ts";
import { createLog, type Log } from "../log.ts";
import { loadSettings, type LoadedSettings, type Settings } from "../settings.ts";

/** A command that cannot do its work; the message is one line for the operator. Exit code 1. */
export class CommandError extends Error {
  override name = "CommandError";
}

/** The reason that `Context.signal` is aborted with when a signal did it. */
export class StoppedBySignal extends CommandError {
  override name = "StoppedBySignal";
  readonly signalName: NodeJS.Signals;

  constructor(signalName: NodeJS.Signals) {
    super(`stopped by ${signalName}`);
    this.signalName = signalName;
  }
}

export interface Context {
  settings: Settings;
  loaded: LoadedSettings;
  log: Log;
  /** Aborted by the first SIGINT or SIGTERM; a second one ends the process at once. */
  signal: AbortSignal;
  /** Aborts `signal` because of an error that no request or batch is to blame for; the command then fails with it. */
  fail: (error: Error) => void;
}

/**
 * Runs a command with the settings of the environment, and turns what it throws into one line on standard error and
 * exit code 1.
 */
export async function runCommand(action: (context: Context) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  let failure: Error | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(name === "SIGINT" ? 130 : 143);
    stop.abort(new StoppedBySignal(name));
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    const loaded = loadSettings();
    const log = createLog(loaded.settings.logLevel);
    for (const warning of loaded.warnings) log.warn(warning);
    if (loaded.settings.debugging.databaseVariables)
      console.error(databaseVariables(loaded.settings.database));
    if (loaded.settings.debugging.sqlQuery) logStatements(log, loaded.secrets);
    const fail = (error: Error): void => {
      failure ??= error;
      stop.abort();
    };
    await action({ settings: loaded.settings, loaded, log, signal: stop.signal, fail });
    if (failure !== undefined) throw failure;
  } catch (error) {
    // A usage error, which was shown already.
    if (error instanceof CommanderError) throw error;
    console.error(`CommandError: ${errorMessage(error)}`);
    process.exitCode = 1;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

/** `DEBUG_DB_VARS`: which database is used, without what opens it (chapter 08, D27). */
function databaseVariables(database: Settings["database"]): string {
  const shown =
    database.kind === "external" ? { ...database, password: describedPassword(database.password) } : database;
  return `DEBUG: DATABASES: ${JSON.stringify({ default: shown })}`;
}

/** Does something that needs no valid settings; what it throws is told as `runCommand` does. */
export async function endedWithError(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    // A usage error, which was shown already.
    if (error instanceof CommanderError) throw error;
    console.error(`CommandError: ${errorMessage(error)}`);
    process.exitCode = 1;
  }
}

/** Opens the database for the time of `work`, with the limits of a pool that answers requests if there are any. */
export async function withDatabase<T>(
  context: Context,
  work: (database: Database) => Promise<T>,
  limits?: PoolLimits,
): Promise<T> {
  const database = await openDatabase(context.settings.database, context.log, context.fail, limits);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** The spool of a command that needs one: its option, or the setting; a usage error without both. */
export function requiredSpoolDir(
  options: { spoolDir?: string },
  { settings }: Context,
  command: Command,
): string {
  const spoolDir = options.spoolDir ?? settings.submissions.spoolDir;
  if (spoolDir === undefined)
    command.error(
      "error: required option '--spool-dir <dir>' not specified, and KERNELBOARD_SPOOL_DIR is not set",
    );
  return spoolDir;
}
