/** Puts submissions into the spool so that they survive a crash, while there is room for them. */
import { randomBytes } from "node:crypto";
import { readdir, stat, statfs, unlink } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, errorMessage } from "../database/errors.ts";
import type { Log } from "../log.ts";
import { notNow } from "./errors.ts";
import type { FoundFile } from "./places.ts";
import { FilesError, SpoolFiles } from "./spool_files.ts";

/** How long a count of the waiting files holds: reading a full directory takes as long as taking a submission. */
const COUNT_HOLDS_MS = 5_000;
/** How long a look at the free space holds. Who writes more than there is gets an error then. */
const SPACE_HOLDS_MS = 1_000;
/** What is received is written when it comes to so much, or is complete. */
const WRITTEN_BYTES = 256 * 1024;
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
  readonly #folder: string;
  readonly #limits: InboxLimits;
  readonly #files: SpoolFiles;
  /** Free bytes without those that were let in since. */
  #free = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #waiting = 0;
  #countedAt = Number.NEGATIVE_INFINITY;
  #counting: Promise<void> | undefined;

  constructor(folder: string, limits: InboxLimits) {
    this.#folder = folder;
    this.#limits = limits;
    this.#files = new SpoolFiles(folder);
  }

  /** @throws SubmitError 503 when the queue or the disk is full, or would be with this many bytes more */
  async checkRoom(bytes: number): Promise<void> {
    const { maxWaitingFiles, minFreeBytes } = this.#limits;
    const needed = minFreeBytes + bytes;
    // Nobody is sent away because of what was seen before.
    if (this.#free < needed || performance.now() - this.#lookedAt > SPACE_HOLDS_MS) {
      const { bavail, bsize } = await statfs(this.#folder);
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
      const names = await readdir(this.#folder);
      this.#waiting = names.filter((name) => name.endsWith(".json")).length;
      this.#countedAt = performance.now();
    } finally {
      this.#counting = undefined;
    }
  }

  /** A new temporary file, which nobody takes for a submission. */
  newFile(): TemporaryFile {
    return new TemporaryFile(this.#files);
  }

  /** Counts a file that was put into the inbox. */
  added(): void {
    this.#waiting++;
  }

  /** Where the file of a submission lies. @throws FilesError */
  find(id: string): Promise<FoundFile | undefined> {
    return this.#files.find(id);
  }

  close(): Promise<void> {
    return this.#files.close();
  }

  /** Removes what a process that crashed left behind. What cannot be removed is only logged. */
  async removeLeftOvers(log: Log): Promise<void> {
    try {
      for (const name of await readdir(this.#folder)) {
        if (!TEMPORARY_NAME.test(name)) continue;
        const path = join(this.#folder, name);
        if (Date.now() - (await stat(path)).mtimeMs < LEFT_OVER_MS) continue;
        await unlink(path);
        log.info({ file: name }, "removed what was left of a submission that never became complete");
      }
    } catch (error) {
      log.warn({ error: errorMessage(error) }, "left-over files of the spool could not be removed");
    }
  }
}

/** What is received of a submission. Most are small, and go to the spool as a whole. */
export class TemporaryFile {
  readonly #files: SpoolFiles;
  readonly #number: number;
  readonly #temporaryName = `submission-${randomBytes(16).toString("hex")}.json.temp`;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Something of it lies in the spool that is no submission. */
  #isThere = false;

  constructor(files: SpoolFiles) {
    this.#files = files;
    this.#number = files.newNumber();
  }

  /** @throws FilesError */
  async write(chunk: Buffer): Promise<void> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < WRITTEN_BYTES) return;
    await this.#files.write({ type: "write", ...this.#next() });
  }

  /**
   * Makes it a submission that waits.
   *
   * @returns when it is durable: false when one with this id lay in the spool already
   * @throws FilesError
   */
  async publish(id: string): Promise<boolean> {
    const isNew = await this.#files.publish({ type: "publish", ...this.#next(), id });
    if (isNew) this.#isThere = false;
    return isNew;
  }

  /** Removes it, if it is still there. @throws FilesError */
  async discard(): Promise<void> {
    if (this.#isThere) await this.#files.discard(this.#number);
  }

  /** What was not written yet, in memory that can be given away. */
  #next(): { file: number; temporaryName: string; bytes: Uint8Array<ArrayBuffer> } {
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [];
    this.#bytes = 0;
    this.#isThere = true;
    return { file: this.#number, temporaryName: this.#temporaryName, bytes };
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
  const isOfSpool = error instanceof FilesError || (error instanceof Error && "syscall" in error);
  if (!isOfSpool) return error;
  log.error({ error: error.message }, "the spool cannot be used for a submission");
  if (code !== undefined && FULL.has(code)) return diskFull();
  return notNow(
    "The server cannot store submissions at the moment: try again later",
    RETRY_FULL_DISK_SECONDS,
  );
}
