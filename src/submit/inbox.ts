/** Puts submissions into the spool so that they survive a crash, while there is room for them. */
import { randomBytes } from "node:crypto";
import { open, readdir, rename, stat, statfs, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, errorMessage } from "../database/errors.ts";
import type { Log } from "../log.ts";
import { notNow } from "./errors.ts";
import { fileNameOf } from "./places.ts";

/** How long a count of the waiting files holds: reading a full directory takes as long as taking a submission. */
const COUNT_HOLDS_MS = 5_000;
/** How long a look at the free space holds. Who writes more than there is gets an error then. */
const SPACE_HOLDS_MS = 1_000;
const LEFT_OVER_MS = 3_600_000;
const RETRY_FULL_QUEUE_SECONDS = 30;
const RETRY_FULL_DISK_SECONDS = 60;
/** A temporary file of ours; other producers' have another form or are younger than any that we remove. */
const TEMPORARY_NAME = /^submission-[0-9a-f]{32}\.json\.temp$/;

export interface InboxLimits {
  maxWaitingFiles: number;
  minFreeBytes: number;
}

export class Inbox {
  /** The spool directory itself. */
  readonly folder: string;
  readonly #limits: InboxLimits;
  /** Free bytes without those that were let in since. */
  #free = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #waiting = 0;
  #countedAt = Number.NEGATIVE_INFINITY;
  #counting: Promise<void> | undefined;

  constructor(folder: string, limits: InboxLimits) {
    this.folder = folder;
    this.#limits = limits;
  }

  /** @throws SubmitError 503 when the queue or the disk is full, or would be with this many bytes more */
  async checkRoom(bytes: number): Promise<void> {
    const { maxWaitingFiles, minFreeBytes } = this.#limits;
    const needed = minFreeBytes + bytes;
    // Nobody is sent away because of what was seen before.
    if (this.#free < needed || performance.now() - this.#lookedAt > SPACE_HOLDS_MS) {
      const { bavail, bsize } = await statfs(this.folder);
      this.#free = bavail * bsize;
      this.#lookedAt = performance.now();
    }
    if (this.#free < needed) throw diskFull();
    this.#free -= bytes;
    if (performance.now() - this.#countedAt > COUNT_HOLDS_MS) {
      this.#counting ??= this.#count();
      await this.#counting;
    }
    if (this.#waiting >= maxWaitingFiles)
      throw notNow(
        `${maxWaitingFiles} or more submissions wait to be ingested: try again later`,
        RETRY_FULL_QUEUE_SECONDS,
      );
  }

  async #count(): Promise<void> {
    try {
      const names = await readdir(this.folder);
      this.#waiting = names.filter((name) => name.endsWith(".json")).length;
      this.#countedAt = performance.now();
    } finally {
      this.#counting = undefined;
    }
  }

  /** A new temporary file, which nobody takes for a submission. */
  async createTemporary(): Promise<TemporaryFile> {
    const path = join(this.folder, `submission-${randomBytes(16).toString("hex")}.json.temp`);
    return new TemporaryFile(path, await open(path, "wx"));
  }

  /** Makes a complete temporary file a submission that waits, durably. */
  async publish(file: TemporaryFile, id: string): Promise<void> {
    await file.complete();
    await rename(file.path, join(this.folder, fileNameOf(id)));
    file.hasMoved = true;
    await this.sync();
    this.#waiting++;
  }

  /** Makes durable what the inbox holds. */
  async sync(): Promise<void> {
    // Windows has no such thing, and needs none.
    if (process.platform === "win32") return;
    const folder = await open(this.folder, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** Removes what a process that crashed left behind. What cannot be removed is only logged. */
  async removeLeftOvers(log: Log): Promise<void> {
    try {
      for (const name of await readdir(this.folder)) {
        if (!TEMPORARY_NAME.test(name)) continue;
        const path = join(this.folder, name);
        if (Date.now() - (await stat(path)).mtimeMs < LEFT_OVER_MS) continue;
        await unlink(path);
        log.info({ file: name }, "removed what was left of a submission that never became complete");
      }
    } catch (error) {
      log.warn({ error: errorMessage(error) }, "left-over files of the spool could not be removed");
    }
  }
}

export class TemporaryFile {
  readonly path: string;
  readonly #handle: FileHandle;
  /** It has become a submission: there is nothing to discard. */
  hasMoved = false;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  async write(chunk: Buffer): Promise<void> {
    // Writes all of it, behind what was written before.
    await this.#handle.writeFile(chunk);
  }

  /** Makes the content durable, and closes the file. */
  async complete(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
  }

  /** Closes and removes the file, if it is still there. */
  async discard(): Promise<void> {
    if (this.hasMoved) return;
    await this.#handle.close().catch(() => undefined);
    await unlink(this.path).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
    });
  }
}

function diskFull(): Error {
  return notNow(
    "There is no room for the submission on the server's disk: try again later",
    RETRY_FULL_DISK_SECONDS,
  );
}

const FULL = new Set(["ENOSPC", "EDQUOT"]);

/**
 * An error of the spool as an answer. None is the client's fault, so each is a request to try again.
 *
 * @returns other errors as they are
 */
export function spoolError(error: unknown, log: Log): unknown {
  const code = errorCode(error);
  if (code === undefined || !(error instanceof Error) || !("syscall" in error)) return error;
  log.error({ error: error.message }, "the spool cannot be used for a submission");
  if (FULL.has(code)) return diskFull();
  return notNow(
    "The server cannot store submissions at the moment: try again later",
    RETRY_FULL_DISK_SECONDS,
  );
}
