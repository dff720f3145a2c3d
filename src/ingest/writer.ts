/**
 * Writes batches: one transaction each, set-based, with the derived tables changed in the same transaction.
 *
 * What can go wrong is told apart by `databaseErrorKind`. A transient failure (server away, deadlock, disk full) is
 * retried with growing pauses, the whole batch again, so nothing is lost or refused by it. A value that PostgreSQL
 * refuses fails the batch; the batch is then cut in halves until the object is found, which alone is refused.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { databaseErrorKind, errorMessage } from "../database/errors.ts";
import { clientOptions, type Connection } from "../database/pool.ts";
import { KINDS, type Kind } from "../kcidb/types.ts";
import type { Log } from "../log.ts";
import { ANNOUNCE_CHANGES } from "../rollups/changes.ts";
import { AFTER_MERGE, BEFORE_MERGE, LOCK_WRITERS } from "../rollups/rollups.ts";
import { Batch, addRefusal, countCommitted, type BatchRow } from "./batch.ts";
import { findChanged } from "./changed_sql.ts";
import { copyText } from "./copy_text.ts";
import { CREATE_TEMPORARY_TABLES, copyStatement, countKnown, insertNew, updateKnown } from "./merge_sql.ts";

/** Pauses between attempts; the last one repeats. */
const RETRY_PAUSES_MS = [100, 250, 500, 1000, 2000, 5000, 10_000];
/** A session with room for the sorts and temporary tables of one batch. */
const SESSION_SETTINGS =
  "set work_mem = '64MB'; set temp_buffers = '64MB'; set jit = off; set random_page_cost = 1.1";

/** Thrown when the database was away for longer than the writer was told to wait. */
export class DatabaseUnavailable extends Error {
  override name = "DatabaseUnavailable";
}

export interface WriterOptions {
  connection: Connection;
  log: Log;
  /** How long to try a batch again when the database is away; undefined for ever. */
  giveUpAfterMs?: number;
  /** Ends the waiting between attempts. */
  signal?: AbortSignal;
  /** Shared by the writers of a process. */
  staging: Turn;
}

/**
 * Lets one of several do a piece of work at a time, in the order of asking. Writers take turns in staging: while one
 * merges under the lock, a second that stages keeps the server busy, and more would only take time from the first.
 */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

interface KnownCount {
  kind: Kind;
  file_number: number;
  known: number;
}

export class Writer {
  readonly #options: WriterOptions;
  #client: pg.Client | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /**
   * Stores a batch, and adds what became of each object to the outcomes of its files. Returns when everything is
   * committed or refused.
   *
   * @throws DatabaseUnavailable, or the error of a database that cannot be used at all
   */
  async write(batch: Batch): Promise<void> {
    if (batch.objects === 0) return;
    try {
      await this.#withRetries(batch);
    } catch (error) {
      if (databaseErrorKind(error) !== "data") throw error;
      await this.#bisect(batch.all(), error);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** Finds the rows that the database refuses. @param rows of a batch that failed with `error` */
  async #bisect(rows: BatchRow[], error: unknown): Promise<void> {
    const [only] = rows;
    if (only === undefined) return;
    if (rows.length === 1) {
      await this.#refuseFragments(only, error);
      return;
    }
    const middle = Math.ceil(rows.length / 2);
    for (const half of [rows.slice(0, middle), rows.slice(middle)]) {
      try {
        await this.#withRetries(batchOf(half));
      } catch (halfError) {
        if (databaseErrorKind(halfError) !== "data") throw halfError;
        await this.#bisect(half, halfError);
      }
    }
  }

  /** Of several fragments folded into one row, only the bad ones are refused. */
  async #refuseFragments(row: BatchRow, error: unknown): Promise<void> {
    if (row.fragments.length > 1) {
      for (const fragment of row.fragments) {
        const alone: BatchRow = { kind: row.kind, row: fragment.row, fragments: [fragment] };
        try {
          await this.#withRetries(batchOf([alone]));
        } catch (fragmentError) {
          if (databaseErrorKind(fragmentError) !== "data") throw fragmentError;
          await this.#refuseFragments(alone, fragmentError);
        }
      }
      return;
    }
    const { outcome, id, pointer } = row.fragments[0];
    addRefusal(outcome, { kind: row.kind, id, pointer, rule: "database", message: errorMessage(error) });
  }

  async #withRetries(batch: Batch): Promise<void> {
    const { log, giveUpAfterMs, signal } = this.#options;
    const started = Date.now();
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#writeOnce(batch);
        return;
      } catch (error) {
        await this.#abandon(error);
        if (databaseErrorKind(error) !== "transient") throw error;
        const waited = Date.now() - started;
        if (signal?.aborted || (giveUpAfterMs !== undefined && waited >= giveUpAfterMs)) {
          throw new DatabaseUnavailable(
            `the database could not be used for ${Math.round(waited / 1000)} s: ${errorMessage(error)}`,
          );
        }
        const pause = RETRY_PAUSES_MS[Math.min(attempt, RETRY_PAUSES_MS.length - 1)] ?? 0;
        log.warn(
          { error: errorMessage(error), attempt: attempt + 1, pauseMs: pause },
          "the batch is tried again",
        );
        await sleep(pause, undefined, signal ? { signal } : {}).catch(() => undefined);
      }
    }
  }

  /** Rolls back, or drops a session that cannot. */
  async #abandon(error: unknown): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    try {
      if (databaseErrorKind(error) === "transient") throw error;
      await client.query("rollback");
    } catch {
      this.#client = undefined;
      await client.end().catch(() => undefined);
    }
  }

  async #session(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const client = new pg.Client(clientOptions(this.#options.connection, "kernelboard ingest"));
    // A break between statements shows in the next statement.
    client.on("error", () => undefined);
    this.#client = client;
    await client.connect();
    await client.query(SESSION_SETTINGS);
    await client.query(CREATE_TEMPORARY_TABLES);
    return client;
  }

  async #writeOnce(batch: Batch): Promise<void> {
    const client = await this.#session();
    const files = [...new Set(batch.all().map(({ fragments }) => fragments[0].outcome))];
    const numbers = new Map(files.map((file, number) => [file, number]));
    const fileNumber = ({ fragments }: BatchRow): number => numbers.get(fragments[0].outcome) ?? -1;
    const withKnown = await this.#options.staging.take(() => stage(client, batch, fileNumber));
    const known = await merge(client, withKnown);
    countCommitted(batch, (kind, outcome) => known(kind, numbers.get(outcome) ?? -1));
  }
}

/**
 * Copies the rows into the session's temporary tables, and inserts those that are new.
 *
 * @returns the kinds of which some rows are stored already
 */
async function stage(
  client: pg.Client,
  batch: Batch,
  fileNumber: (row: BatchRow) => number,
): Promise<Kind[]> {
  const kinds = KINDS.filter((kind) => batch.rows[kind].size > 0);
  await client.query("begin");
  for (const kind of kinds) {
    const text = Readable.from(copyText(batch.sorted(kind), fileNumber));
    await pipeline(text, client.query(copyFrom(copyStatement(kind))));
  }
  const withKnown: Kind[] = [];
  for (const kind of kinds) {
    const { rowCount } = await client.query(insertNew(kind));
    if (rowCount !== batch.rows[kind].size) withKnown.push(kind);
  }
  return withKnown;
}

/**
 * Merges what is stored already, changes the derived tables, and commits. All that is done under the writers' lock is
 * one message, so that no other writer waits for this process to get its turn.
 *
 * @returns how many rows of a kind and a file were stored before
 */
async function merge(
  client: pg.Client,
  withKnown: Kind[],
): Promise<(kind: Kind, fileNumber: number) => number> {
  const results: unknown = await client.query(
    [
      LOCK_WRITERS,
      BEFORE_MERGE,
      ...(withKnown.length > 0 ? [withKnown.map(countKnown).join("\nunion all\n")] : []),
      ...withKnown.map(findChanged),
      ...withKnown.map(updateKnown),
      AFTER_MERGE,
      ANNOUNCE_CHANGES,
      "commit",
    ].join(";\n"),
  );
  const known = rowsOf<KnownCount>(results, "known");
  const counts = new Map(known.map((row) => [`${row.kind} ${row.file_number}`, row.known]));
  return (kind, fileNumber) => counts.get(`${kind} ${fileNumber}`) ?? 0;
}

/** The rows of the statement that gives a column of this name, of the results of several statements. */
function rowsOf<T extends pg.QueryResultRow>(results: unknown, column: string): T[] {
  const all = (Array.isArray(results) ? results : [results]) as pg.QueryResult<T>[];
  return all.find((result) => result.fields.some((field) => field.name === column))?.rows ?? [];
}

function batchOf(rows: BatchRow[]): Batch {
  const batch = new Batch();
  for (const row of rows) batch.addRow(row);
  return batch;
}
