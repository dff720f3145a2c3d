/**
 * The spool directory (chapter 02, section 4): inbox, `archive/`, `failed/`, `pending_retry/`, and `claimed/<owner>/`, where
 * an ingesting process has the files that it is taking in, so that several can share a spool.
 */
import { constants, renameSync, statSync } from "node:fs";
import { access, copyFile, mkdir, readdir, rename, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { errorCode, errorMessage } from "../database/errors.ts";
import type { Log } from "../log.ts";
import { submissionId, type SpoolFile } from "./account.ts";
import type { SubmissionOutcome } from "./outcome.ts";

/** Files after which others have a turn. */
const FILES_AT_ONCE = 100;

export interface Spool {
  inbox: string;
  archive: string;
  failed: string;
  pendingRetry: string;
  /** Holds a folder for each process that has files. */
  claimed: string;
}

/** Thrown when the spool cannot be used; the message is for the operator. */
export class SpoolError extends Error {
  override name = "SpoolError";
}

/** Opens a spool, creating its directories where they are missing. @throws SpoolError */
export async function openSpool(directory: string): Promise<Spool> {
  const spool = {
    inbox: directory,
    archive: join(directory, "archive"),
    failed: join(directory, "failed"),
    pendingRetry: join(directory, "pending_retry"),
    claimed: join(directory, "claimed"),
  };
  for (const path of Object.values(spool)) {
    try {
      await mkdir(path, { recursive: true });
    } catch (error) {
      const code = errorCode(error);
      if (code !== "EEXIST" && code !== "ENOTDIR")
        throw new SpoolError(`Directory ${path} cannot be made: ${errorMessage(error)}`);
    }
    const isDirectory = await stat(path).then(
      (status) => status.isDirectory(),
      () => false,
    );
    if (!isDirectory) throw new SpoolError(`Directory ${path} is not a directory`);
    await access(path, constants.W_OK).catch(() => {
      throw new SpoolError(`Directory ${path} is not writable`);
    });
  }
  return spool;
}

/**
 * Names of the files that wait, in byte order: regular files directly in the inbox that end in `.json`, reports of
 * refusals aside.
 *
 * @param limit how many names to return at most
 */
export async function scanSpool(spool: Spool, limit: number): Promise<string[]> {
  const entries = await readdir(spool.inbox, { withFileTypes: true }).catch((error: unknown) => {
    throw new SpoolError(`Directory ${spool.inbox} cannot be read: ${errorMessage(error)}`);
  });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json") && !entry.name.endsWith(".error.json"))
    .map((entry) => entry.name)
    .sort(byBytes)
    .slice(0, limit);
}

/** Like `Buffer.compare` on UTF-8, without making buffers for the usual ASCII names. */
function byBytes(a: string, b: string): number {
  if (/^[\x20-\x7e]*$/.test(a + b)) return a < b ? -1 : a > b ? 1 : 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A file of a folder as it lies there; undefined when it has vanished. */
export function spoolFile(folder: string, name: string): SpoolFile | undefined {
  const status = statSync(join(folder, name), { bigint: true, throwIfNoEntry: false });
  if (status === undefined) return undefined;
  const { ino, size, mtimeNs, mtime } = status;
  // The time alone has steps of milliseconds, and files of one name and size come at once to several spools.
  return {
    name,
    bytes: Number(size),
    fingerprint: `${ino} ${size} ${mtimeNs}`,
    receivedAt: mtime.toISOString(),
  };
}

/**
 * Takes files out of the inbox into a folder of `claimed/`, up to the first that cannot be moved: that one and those behind it stay,
 * and are found again.
 *
 * @returns the names of those that are there now; others were taken by another process
 * @throws the system's error when none is there because of it
 */
export async function claimFiles(spool: Spool, folder: string, names: readonly string[]): Promise<string[]> {
  let failure: { error: unknown } | undefined;
  const claimed = await eachFile(names, (name) => {
    if (failure !== undefined) return undefined;
    try {
      renameSync(join(spool.inbox, name), join(folder, name));
      return name;
    } catch (error) {
      if (errorCode(error) !== "ENOENT") failure = { error };
      return undefined;
    }
  });
  if (failure !== undefined && claimed.length === 0) throw failure.error;
  return claimed;
}

/** Puts what is left in a folder of `claimed/` back into the inbox, and removes the folder when it is empty. */
export async function releaseFiles(spool: Spool, folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  let released = 0;
  for (const name of names) {
    // A producer may have written a new file of that name; then this one waits until that one is taken.
    if (await exists(join(spool.inbox, name))) continue;
    await rename(join(folder, name), join(spool.inbox, name)).then(
      () => released++,
      (error: unknown) => {
        if (errorCode(error) !== "ENOENT") throw error;
      },
    );
  }
  await rmdir(folder).catch(() => undefined);
  return released;
}

/** Whether there is something at a path. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Moves a file whose objects are all committed: to `archive/`, or to `failed/` with a report beside it when anything
 * of it was refused.
 *
 * @param folder where it lies
 * @returns false when it could not be moved and stays there
 */
export async function finishFile(
  spool: Spool,
  folder: string,
  outcome: SubmissionOutcome,
  log: Log,
): Promise<boolean> {
  const isRefused = outcome.tally.refused > 0;
  const target = isRefused ? spool.failed : spool.archive;
  const to = join(target, outcome.name);
  try {
    // The report first: a file in failed/ is never without its reason.
    if (isRefused) await writeReport(`${to}.error.json`, outcome);
    await move(join(folder, outcome.name), to);
    return true;
  } catch (error) {
    // Another process moved it: it had been given the file while this one seemed to be gone.
    if (errorCode(error) === "ENOENT" && (await exists(to))) return true;
    log.error(
      { file: outcome.name, to: target, error: errorMessage(error) },
      "a finished file could not be moved and stays in the spool",
    );
    return false;
  }
}

/** Puts a file aside that keeps failing for reasons that are not its own. */
export async function postponeFile(spool: Spool, folder: string, name: string): Promise<void> {
  await move(join(folder, name), join(spool.pendingRetry, name));
}

/** A file in `pending_retry/` is tried again after this time, and after twice the time each time that it comes back. */
const FIRST_RETRY_MS = 60_000;
const LAST_RETRY_MS = 3_600_000;

/**
 * Puts files of `pending_retry/` back into the inbox that lay there long enough.
 *
 * @param retries how often each was tried again already
 */
export async function requeuePostponed(spool: Spool, retries: Map<string, number>, log: Log): Promise<void> {
  for (const name of await readdir(spool.pendingRetry)) {
    const from = join(spool.pendingRetry, name);
    const tries = retries.get(name) ?? 0;
    // A move changes a file's status time, so that is when it came here.
    const since = await stat(from).then(
      ({ ctimeMs }) => Date.now() - ctimeMs,
      () => 0,
    );
    if (since < Math.min(FIRST_RETRY_MS * 2 ** tries, LAST_RETRY_MS)) continue;
    if (!name.endsWith(".json") || (await exists(join(spool.inbox, name)))) continue;
    await rename(from, join(spool.inbox, name)).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
    });
    retries.set(name, tries + 1);
    log.info({ file: name, tries: tries + 1 }, "a file that was put aside is tried again");
  }
}

async function writeReport(path: string, outcome: SubmissionOutcome): Promise<void> {
  const { tally } = outcome;
  const report = {
    id: submissionId(outcome.name),
    file: outcome.name,
    objects: tally.objects,
    stored: tally.stored,
    merged: tally.merged,
    refused: tally.refused,
    refusals: tally.refusals.map(({ kind, id, pointer, rule, message }) => ({
      kind: kind ?? null,
      id: id ?? null,
      pointer,
      rule,
      message: message.slice(0, 500),
    })),
  };
  await writeWhole(path, (temporary) => writeFile(temporary, JSON.stringify(report, null, 2) + "\n"));
}

/** Gives a file its name when it is complete. What a full disk cut short is removed. */
async function writeWhole(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.temp`;
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/**
 * Does something quick with each file, in place: to hand it to another thread and back takes several times as long, and work from
 * those who answer requests.
 *
 * @returns what came of it, without what is undefined
 */
export async function eachFile<T>(
  names: readonly string[],
  work: (name: string) => T | undefined,
): Promise<T[]> {
  const results: T[] = [];
  for (const [index, name] of names.entries()) {
    if (index % FILES_AT_ONCE === FILES_AT_ONCE - 1) await nextTurn();
    const result = work(name);
    if (result !== undefined) results.push(result);
  }
  return results;
}

/** A rename, or where that is not possible between file systems, a copy that is complete before the original goes. */
async function move(from: string, to: string): Promise<void> {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errorCode(error) !== "EXDEV") throw error;
    await writeWhole(to, (temporary) => copyFile(from, temporary));
    await unlink(from);
  }
}
