/**
 * Which process has which files. A process that ingests takes files by moving them into a folder of its own below
 * `claimed/`, and holds an advisory lock of the database under the folder's name while it lives. Where nobody holds the
 * lock, the process is gone and its files go back into the inbox. A process that only lost its connection may lose files
 * so too; the account of submissions keeps both from storing them.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import type { Connection } from "../database/pool.ts";
import { Session } from "../database/session.ts";
import type { Log } from "../log.ts";
import { markMoved, openAccounts, submissionId } from "./account.ts";
import type { SubmissionOutcome } from "./outcome.ts";
import { claimFiles, eachFile, exists, releaseFiles, spoolFile, type Spool } from "./spool.ts";

export interface ClaimsOptions {
  spool: Spool;
  connection: Connection;
  log: Log;
  giveUpAfterMs?: number;
  signal?: AbortSignal;
}

/** Moved files whose account was not told, that are looked up at a time. */
const RECONCILED_AT_ONCE = 10_000;

/** How long one attempt to take the lock waits. */
const LOCK_TIMEOUT_MS = 5_000;

/** Key of the lock of a folder. */
const LOCK_KEY = "hashtextextended('kernelboard claim ' || $1, 0)";

export class Claims {
  /** Where the files lie that this process has. */
  readonly folder: string;
  readonly #options: ClaimsOptions;
  readonly #owner: string;
  readonly #session: Session;
  #isClosed = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#owner = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
    this.folder = join(options.spool.claimed, this.#owner);
    this.#session = new Session({
      ...options,
      name: "kernelboard ingest claims",
      prepare: async (client) => {
        // The server may not have noticed yet that the connection before this one is gone.
        await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
        await client.query(`select pg_advisory_lock(${LOCK_KEY})`, [this.#owner]);
      },
      onLost: () => {
        this.#lockAgain();
      },
    });
  }

  /**
   * Makes the folder and takes its lock.
   *
   * @throws DatabaseUnavailable
   */
  async open(): Promise<void> {
    await this.#session.run(async () => {
      await mkdir(this.folder, { recursive: true });
    });
  }

  /** Takes files of the inbox. @returns what their accounts say, in the order of the names, without those that are gone */
  async claim(names: readonly string[]): Promise<SubmissionOutcome[]> {
    // Somebody may have taken this process for gone, and removed the folder.
    await mkdir(this.folder, { recursive: true });
    return this.reopen(await claimFiles(this.#options.spool, this.folder, names));
  }

  /** Looks at files again that are in the folder. */
  async reopen(names: readonly string[]): Promise<SubmissionOutcome[]> {
    const there = await eachFile(names, (name) => spoolFile(this.folder, name));
    return this.#session.run((client) => openAccounts(client, there));
  }

  /** Puts files of processes that are gone back into the inbox. @returns how many */
  async reap(): Promise<number> {
    const { spool, log } = this.#options;
    const owners = (await readdir(spool.claimed, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && entry.name !== this.#owner)
      .map(({ name }) => name);
    let released = 0;
    for (const owner of owners) {
      released += await this.#session.run(async (client) => {
        if (!(await lock(client, owner))) return 0;
        try {
          return await releaseFiles(spool, join(spool.claimed, owner));
        } finally {
          await client.query(`select pg_advisory_unlock(${LOCK_KEY})`, [owner]);
        }
      });
    }
    if (released > 0) log.info({ files: released }, "files of a process that is gone are back in the inbox");
    return released;
  }

  /** Tells the account of files that were moved away just before a process was killed. */
  async reconcile(): Promise<void> {
    const { spool } = this.#options;
    await this.#session.run(async (client) => {
      // index submissions_committed
      const { rows } = await client.query<{ file_name: string }>(
        "select file_name from submissions where state = 'committed' order by id limit $1",
        [RECONCILED_AT_ONCE],
      );
      const moved: string[] = [];
      for (const { file_name: name } of rows) {
        if (await exists(join(spool.inbox, name))) continue;
        if ((await exists(join(spool.archive, name))) || (await exists(join(spool.failed, name))))
          moved.push(submissionId(name));
      }
      if (moved.length > 0) await markMoved(client, moved);
    });
  }

  /** Puts back what is left, and lets go of the lock. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await releaseFiles(this.#options.spool, this.folder);
    await this.#session.close();
  }

  /** In the background: until then others may take the files for abandoned. */
  #lockAgain(): void {
    if (this.#isClosed) return;
    this.#session.run(() => Promise.resolve()).catch(() => undefined);
  }
}

async function lock(client: pg.Client, owner: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(${LOCK_KEY}) as locked`,
    [owner],
  );
  return rows[0]?.locked === true;
}
