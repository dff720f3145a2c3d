/** Puts refused and troublesome submission files back into the inbox of a spool (chapter 02, section 4). */
import { link, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, errorMessage } from "../database/errors.ts";
import { openSpool, SpoolError } from "./spool.ts";

/** Beside a file that was refused in part or whole. */
const REPORT = ".error.json";
/** Below the inbox: files that an ingestion is working on, in a directory for each. */
const CLAIMED = "claimed";
/** File systems without hard links say one of these. */
const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);

export interface RetryOptions {
  spoolDir: string;
  /** Only files that came into their directory at this time or later. */
  since?: Date;
  /** Only tells what would be moved. */
  dryRun: boolean;
}

export interface RetryResult {
  /** Paths within the spool, in byte order. */
  moved: string[];
  /** Files that stay where they are, and why. */
  skipped: { file: string; reason: string }[];
  /** Files that could not be moved. */
  errors: { file: string; error: string }[];
}

/**
 * Moves the files of `failed/` and `pending_retry/` to the inbox, each before its report is removed. A file of the same
 * name in the inbox, or one that is being ingested, is never overwritten.
 *
 * @throws SpoolError when the spool cannot be used
 */
export async function retryFailed({ spoolDir, since, dryRun }: RetryOptions): Promise<RetryResult> {
  const exists = await stat(spoolDir).catch(() => undefined);
  if (exists?.isDirectory() !== true) throw new SpoolError(`Directory ${spoolDir} is not a directory`);
  const spool = await openSpool(spoolDir);
  const result: RetryResult = { moved: [], skipped: [], errors: [] };
  const taken = new Set([...(await names(spool.inbox)), ...(await claimedNames(spool.inbox))]);
  for (const folder of [spool.failed, spool.pendingRetry]) {
    for (const name of (await names(folder)).filter((file) => !file.endsWith(REPORT))) {
      const from = join(folder, name);
      const file = from.slice(spoolDir.length).replace(/^\/+/, "");
      try {
        const arrived = await arrival(from);
        if (arrived === undefined || (since !== undefined && arrived < since)) continue;
        if (taken.has(name) || !(dryRun || (await moveWithoutOverwriting(from, join(spool.inbox, name))))) {
          result.skipped.push({ file, reason: "a file of that name waits or is being ingested" });
          continue;
        }
        taken.add(name);
        result.moved.push(file);
        if (!dryRun) await unlinkIfThere(from + REPORT);
      } catch (error) {
        result.errors.push({ file, error: errorMessage(error) });
      }
    }
  }
  return result;
}

/** The `.json` files of a directory, in byte order. */
async function names(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw new SpoolError(`Directory ${directory} cannot be read: ${errorMessage(error)}`);
  });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => entry.name)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

async function claimedNames(inbox: string): Promise<string[]> {
  const owners = await readdir(join(inbox, CLAIMED), { withFileTypes: true }).catch(() => []);
  const lists = owners
    .filter((entry) => entry.isDirectory())
    // A directory that goes while we look has nothing claimed any more.
    .map((entry) => readdir(join(inbox, CLAIMED, entry.name)).catch((): string[] => []));
  return (await Promise.all(lists)).flat();
}

/** When a file came into its directory: its report was written then, and else its own inode was changed by the move. */
async function arrival(path: string): Promise<Date | undefined> {
  const own = await stat(path).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  const report = await stat(path + REPORT).catch(() => undefined);
  return own === undefined ? undefined : (report?.mtime ?? own.ctime);
}

/** @returns false when there is a file of that name */
async function moveWithoutOverwriting(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    await unlinkIfThere(from);
    return true;
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (code === "EEXIST") return false;
    if (!NO_LINKS.has(code)) throw error;
  }
  if ((await stat(to).catch(() => undefined)) !== undefined) return false;
  await rename(from, to);
  return true;
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
  });
}
