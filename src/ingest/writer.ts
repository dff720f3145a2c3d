/**
 * Writes batches: one transaction each, set-based, with the derived tables and the account of the files changed in the
 * same transaction.
 *
 * What can go wrong is told apart. A transient failure (server away, deadlock, disk full) is retried with growing pauses,
 * the whole batch again, so nothing is lost or refused by it. A value that PostgreSQL refuses fails the batch; then the
 * batch is tried in halves, each rolled back, until the objects are found, and written without them. And when another
 * process has taken in a file of the batch, its owner has to begin again with what the account says now.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import {
  databaseErrorKind,
  errorCode,
  errorMessage,
  transientReason,
  type TransientReason,
} from "../database/errors.ts";
import type { Connection } from "../database/pool.ts";
import { Session, type Verdict } from "../database/session.ts";
import { KINDS, type Kind, type Refusal } from "../kcidb/types.ts";
import type { Log } from "../log.ts";
import { ANNOUNCE_CHANGES } from "../rollups/changes.ts";
import {
  AFTER_MERGE,
  BEFORE_LOCK,
  BEFORE_MERGE,
  LOCK_WRITERS,
  RECORDS_WRITTEN,
  type AggregatedTable,
} from "../rollups/rollups.ts";
import {
  ACCOUNT_CONFLICT,
  CHECK_ACCOUNTS,
  WRITE_ACCOUNTS,
  copyAccounts,
  countLines,
  markMoved,
  settle,
  submissionLines,
  type WrittenCounts,
} from "./account.ts";
import { Batch, type BatchRow, type Fragment } from "./batch.ts";
import { findChanged } from "./changed_sql.ts";
import { copyChunks } from "./copy_text.ts";
import {
  COPY_TEST_FACTS,
  COPY_NEW_TESTS,
  DROP_TEMPORARY_TABLES,
  FORGET_KNOWN_TESTS,
  KNOWN_ROW_GONE,
  KNOWN_TESTS,
  checkKnown,
  copyStaged,
  countKnown,
  createTemporaryTables,
  insertNew,
  updateKnown,
} from "./merge_sql.ts";
import { PreparedStatements } from "./prepared.ts";

/**
 * A session with room for the temporary tables of one batch. The planner knows little of these, and would rather sort
 * their rows than hash them, which takes longer whatever their number.
 */
const SESSION_SETTINGS =
  "set work_mem = '64MB'; set temp_buffers = '64MB'; set jit = off; set random_page_cost = 1.1; " +
  "set enable_mergejoin = off; set enable_sort = off; set enable_material = off";
const STATEMENTS = new PreparedStatements();

/** SQLSTATE of a key that is there already. */
const UNIQUE_VIOLATION = "23505";
/** SQLSTATE of a row that does not fit on a page, among others. */
const LIMIT_EXCEEDED = "54000";
/** Times that a batch is tried which fails although the server is well, by deadlocks or the like. */
const MAX_ATTEMPTS = 10;

/** Thrown when files of a batch are no longer as their account said when they were opened. Nothing was written. */
export class AccountConflict extends Error {
  override name = "AccountConflict";
}

/** Thrown when a batch keeps failing for reasons that are not its own while the server answers. Nothing was written. */
export class BatchStuck extends Error {
  override name = "BatchStuck";
}

/** Rows of derived tables that a commit wrote. */
export type RecordsWritten = Partial<Record<AggregatedTable, number>>;

export interface WriterOptions {
  connection: Connection;
  log: Log;
  /** How long to try a batch again when the database is away; undefined for ever. */
  giveUpAfterMs?: number;
  /** Ends the waiting between attempts. */
  signal?: AbortSignal;
  onRetry?: (reason: TransientReason) => void;
}

export class Writer {
  readonly #session: Session;
  readonly #onRetry: (reason: TransientReason) => void;
  /** Look for tests that are stored already before new ones are copied: the last batch had some. */
  #expectsKnown = false;
  /** A row did not fit into the temporary tables. */
  #needsRoom = false;
  /** Connections whose temporary tables take rows of any length. */
  readonly #roomy = new WeakSet<pg.Client>();
  #warm: Promise<void> = Promise.resolve();

  constructor({ onRetry = () => undefined, ...options }: WriterOptions) {
    this.#onRetry = onRetry;
    this.#session = new Session({
      ...options,
      name: "kernelboard ingest",
      prepare: async (client) => {
        await client.query(SESSION_SETTINGS);
        await this.#createTables(client);
      },
    });
  }

  /**
   * Stores a batch, and brings the outcomes of its files to what was committed. Returns when everything is committed or
   * refused.
   *
   * @throws AccountConflict, BatchStuck
   * @throws DatabaseUnavailable, or the error of a database that cannot be used at all
   */
  async write(batch: Batch): Promise<RecordsWritten> {
    try {
      return await this.#withRetries((client) => this.#store(client, batch));
    } catch (error) {
      if (databaseErrorKind(error) !== "data") throw error;
      const refused = new Map<Fragment, Refusal>();
      await this.#findRefused(batch.all(), error, refused);
      batch.refuse(refused);
      return await this.#withRetries((client) => this.#store(client, batch)).catch((again: unknown) => {
        if (databaseErrorKind(again) !== "data") throw again;
        throw new BatchStuck(`refused as a whole, though not in parts: ${errorMessage(again)}`);
      });
    }
  }

  /**
   * Connects and has the statements planned while the first files are read or nothing waits yet: that takes longer than
   * storing a small batch. A failure is left to the first batch.
   */
  warmUp(): void {
    this.#warm = this.#session.run(planStatements, () => "never").catch(() => undefined);
  }

  /** Remembers that files were moved out of the inbox. */
  markMoved(ids: readonly string[]): Promise<void> {
    return this.#withRetries((client) => markMoved(client, ids));
  }

  async close(): Promise<void> {
    await this.#warm;
    await this.#session.close();
  }

  /** Finds the fragments that the database refuses. @param rows that failed together with `error` */
  async #findRefused(rows: BatchRow[], error: unknown, refused: Map<Fragment, Refusal>): Promise<void> {
    const [only] = rows;
    if (only === undefined) return;
    if (rows.length > 1) {
      const middle = Math.ceil(rows.length / 2);
      for (const half of [rows.slice(0, middle), rows.slice(middle)]) await this.#probe(half, refused);
      return;
    }
    if (only.fragments.length > 1) {
      // Of several fragments folded into one row, only the bad ones are refused.
      for (const fragment of only.fragments) {
        const { line, facts } = fragment;
        await this.#probe([{ ...only, line, facts, fragments: [fragment] }], refused);
      }
      return;
    }
    const [fragment] = only.fragments;
    const { id, pointer } = fragment;
    refused.set(fragment, { kind: only.kind, id, pointer, rule: "database", message: errorMessage(error) });
  }

  async #probe(rows: BatchRow[], refused: Map<Fragment, Refusal>): Promise<void> {
    try {
      await this.#withRetries((client) => tryOut(client, Batch.of(rows)));
    } catch (error) {
      if (databaseErrorKind(error) !== "data") throw error;
      await this.#findRefused(rows, error, refused);
    }
  }

  /** Writes a batch for good. */
  async #store(client: pg.Client, batch: Batch): Promise<RecordsWritten> {
    const withKnown = await stage(client, batch, this.#expectsKnown);
    await copy(client, copyAccounts("staged_submissions"), submissionLines(batch));
    await copy(client, copyAccounts("staged_counts"), countLines(batch));
    const results = await merge(client, withKnown, true);
    settle(batch, rowsOf<WrittenCounts>(results, "counts"));
    this.#expectsKnown = withKnown.includes("tests");
    return rowsOf<{ records_written: RecordsWritten }>(results, "records_written")[0]?.records_written ?? {};
  }

  async #createTables(client: pg.Client): Promise<void> {
    await client.query(createTemporaryTables(this.#needsRoom));
    if (this.#needsRoom) this.#roomy.add(client);
  }

  async #withRetries<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    await this.#warm;
    let failures = 0;
    const workWithRoom = async (client: pg.Client): Promise<T> => {
      if (this.#needsRoom && !this.#roomy.has(client)) {
        await client.query(DROP_TEMPORARY_TABLES);
        await this.#createTables(client);
      }
      return work(client);
    };
    return this.#session.run(workWithRoom, (error): Verdict => {
      const code = errorCode(error);
      if (code === LIMIT_EXCEEDED && !this.#needsRoom) {
        this.#needsRoom = true;
        return "at once";
      }
      if (code === ACCOUNT_CONFLICT) throw new AccountConflict(errorMessage(error));
      // It was pruned since; another look finds it new.
      if (code === KNOWN_ROW_GONE) return "at once";
      // A test is stored already, or another writer stored it first; it has committed, so a look finds it.
      const isOvertaken = code === UNIQUE_VIOLATION && constraintOf(error) === "tests_pkey";
      if (isOvertaken) {
        this.#expectsKnown = true;
        return "at once";
      }
      if (databaseErrorKind(error) !== "transient") return "never";
      const reason = transientReason(error);
      this.#onRetry(reason);
      if (reason === "serialization" || reason === "other") failures++;
      if (failures >= MAX_ATTEMPTS)
        throw new BatchStuck(`given up after ${failures} attempts: ${errorMessage(error)}`);
      return "after a pause";
    });
  }
}

function constraintOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.constraint : undefined;
}

/** Does all that writing a batch does, and takes it back. */
async function tryOut(client: pg.Client, batch: Batch): Promise<void> {
  await merge(client, await stage(client, batch, true), false);
}

/** Plans the statements of a batch that has new rows only, as nearly all have. */
async function planStatements(client: pg.Client): Promise<void> {
  await STATEMENTS.plan(client, [
    ...KINDS.filter((kind) => kind !== "tests").map(insertNew),
    BEFORE_LOCK,
    CHECK_ACCOUNTS,
    BEFORE_MERGE,
    AFTER_MERGE,
    ANNOUNCE_CHANGES,
    RECORDS_WRITTEN,
    WRITE_ACCOUNTS,
  ]);
}

async function copy(client: pg.Client, statement: string, lines: Iterable<string>): Promise<void> {
  await pipeline(Readable.from(copyChunks(lines)), client.query(copyFrom(statement)));
}

/**
 * Begins a transaction, inserts the rows that are new, and copies those that are known into temporary tables to be
 * merged.
 *
 * @param looksForKnown false when no test is expected to be stored already; if one is, copying it fails
 * @returns the kinds of which some rows may be stored already
 */
async function stage(client: pg.Client, batch: Batch, looksForKnown: boolean): Promise<Kind[]> {
  const kinds = KINDS.filter((kind) => batch.rows[kind].size > 0);
  const numbers = new Map([...batch.shares.values()].map((share, number) => [share, number]));
  const numbered = ({ line, fragments }: BatchRow): string =>
    `${numbers.get(fragments[0].share) ?? 0}\t${line}`;
  const tests = batch.sorted("tests");
  await client.query("begin");
  for (const kind of kinds.filter((kind) => kind !== "tests")) {
    await copy(client, copyStaged(kind), batch.sorted(kind).map(numbered));
  }
  if (tests.length > 0)
    await copy(
      client,
      COPY_TEST_FACTS,
      tests.map(({ facts }) => facts),
    );
  // In one order for all writers: issues, checkouts, builds, tests, incidents.
  const beforeTests = kinds.filter((kind) => kind !== "tests" && kind !== "incidents");
  const counts = await STATEMENTS.run(client, [
    ...beforeTests.map(insertNew),
    ...(tests.length > 0 && looksForKnown ? [KNOWN_TESTS] : []),
  ]);
  const known = new Set(rowsOf<{ known_test: string }>(counts, "known_test").map((row) => row.known_test));
  const isKnown = ({ key }: BatchRow): boolean => known.has(key);
  if (known.size < tests.length) {
    const lines = (known.size === 0 ? tests : tests.filter((row) => !isKnown(row))).map(({ line }) => line);
    await copy(client, COPY_NEW_TESTS, lines);
  }
  if (known.size > 0) await copy(client, copyStaged("tests"), tests.filter(isKnown).map(numbered));
  return kinds.filter((kind) => {
    if (kind === "tests") return known.size > 0;
    return kind === "incidents" || counts[beforeTests.indexOf(kind)]?.rowCount !== batch.rows[kind].size;
  });
}

/**
 * Merges what is stored already, changes the derived tables and the account of the files, and commits. All that is done
 * under the writers' lock is one message, so that no other writer waits for this process to get its turn.
 *
 * @param isFinal false to take everything back
 * @returns the results of its statements
 */
async function merge(client: pg.Client, withKnown: Kind[], isFinal: boolean): Promise<pg.QueryResult[]> {
  return STATEMENTS.run(client, [
    ...(withKnown.includes("incidents") ? [insertNew("incidents")] : []),
    ...(withKnown.includes("tests") ? [FORGET_KNOWN_TESTS] : []),
    BEFORE_LOCK,
    LOCK_WRITERS,
    ...(isFinal ? [CHECK_ACCOUNTS] : []),
    ...withKnown.map(checkKnown),
    BEFORE_MERGE,
    ...withKnown.map(countKnown),
    ...withKnown.map(findChanged),
    ...withKnown.map(updateKnown),
    AFTER_MERGE,
    ANNOUNCE_CHANGES,
    RECORDS_WRITTEN,
    ...(isFinal ? [WRITE_ACCOUNTS, "commit"] : ["rollback"]),
  ]);
}

/** The rows of the statement that gives a column of this name, of the results of several statements. */
function rowsOf<T extends pg.QueryResultRow>(results: readonly pg.QueryResult[], column: string): T[] {
  const all = results as readonly pg.QueryResult<T>[];
  return all.find((result) => result.fields.some((field) => field.name === column))?.rows ?? [];
}
