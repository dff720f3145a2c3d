/** The spool directory: inbox, archive/, failed/ and pending_retry/ (chapter 02, section 4). */
import { constants } from "node:fs";
import { access, copyFile, mkdir, readdir, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, errorMessage } from "../database/errors.ts";
import type { Log } from "../log.ts";
import type { SubmissionOutcome } from "./batch.ts";

export interface Spool {
  inbox: string;
  archive: string;
  failed: string;
  pendingRetry: string;
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

/**
 * Moves a file whose objects are all committed: to `archive/`, or to `failed/` with a report beside it when anything
 * of it was refused.
 *
 * @returns false when it could not be moved and stays in the inbox
 */
export async function finishFile(spool: Spool, outcome: SubmissionOutcome, log: Log): Promise<boolean> {
  const from = join(spool.inbox, outcome.name);
  const folder = outcome.refusedCount === 0 ? spool.archive : spool.failed;
  const to = join(folder, outcome.name);
  try {
    // The report first: a file in failed/ is never without its reason.
    if (outcome.refusedCount > 0) await writeReport(`${to}.error.json`, outcome);
    await move(from, to);
    return true;
  } catch (error) {
    log.error(
      { file: outcome.name, to: folder, error: errorMessage(error) },
      "a finished file could not be moved and stays in the spool",
    );
    return false;
  }
}

async function writeReport(path: string, outcome: SubmissionOutcome): Promise<void> {
  const report = {
    file: outcome.name,
    stored: outcome.stored,
    merged: outcome.merged,
    refused: outcome.refusedCount,
    refusals: outcome.refused.map(({ kind, id, pointer, rule, message }) => ({
      kind: kind ?? null,
      id: id ?? null,
      pointer,
      rule,
      message: message.slice(0, 500),
    })),
  };
  await writeFile(`${path}.temp`, JSON.stringify(report, null, 2) + "\n");
  await rename(`${path}.temp`, path);
}

/** A rename, or where that is not possible between file systems, a copy that is complete before the original goes. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errorCode(error) !== "EXDEV") throw error;
    await copyFile(from, `${to}.temp`);
    await rename(`${to}.temp`, to);
    await unlink(from);
  }
}
