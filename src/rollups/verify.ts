/**
 * Holds every derived table against what follows from the rows of the five tables (chapter 02, section 19). Nothing is
 * written, and nobody waits: all is read in one snapshot, in which the tables and the rows belong together.
 */
import type { Connection } from "../database/pool.ts";
import {
  comparison,
  rowKey,
  sidesOfAllWaiting,
  sidesOfScope,
  strayRows,
  type Comparison,
  type Difference,
  type Verdict,
} from "./derived_table.ts";
import { FIND_WAITING_PARENTS } from "./pending.ts";
import { COUNTED_TABLES, QUEUES, type CountedTableName, type DerivedTableName } from "./refresh.ts";
import {
  inTransaction,
  makeSlices,
  openRepairSession,
  scopeOf,
  type RepairSession,
} from "./repair_session.ts";

export interface VerifyOptions {
  connection: Connection;
  /** The tables to hold against the rows. */
  tables: readonly DerivedTableName[];
  /** Differences of a table to show. */
  examples: number;
  /** For tests: checkouts and builds of a slice. */
  sliceSize?: number;
  /** Stops between two slices. */
  signal?: AbortSignal;
  /** Called after each slice, of so many. */
  onProgress?: (done: number, slices: number) => void;
}

/** What was found of one table. The counts are rows. */
export interface TableReport {
  table: DerivedTableName;
  /** Rows that the table has, as far as they were looked at. */
  rows: number;
  missing: number;
  extra: number;
  different: number;
  /** Rows whose columns of our own are not known yet, because they are older than these; no difference otherwise. */
  unknown: number;
  /** Rows of an adopted database that stand for checkouts that are not stored; nothing can be held against them. */
  pruned: number;
  /** The first of each. */
  examples: (Omit<Difference, "verdict"> & { verdict: Verdict | "pruned" })[];
}

/** Missing, extra and different rows; the others are none. */
export function differences({ missing, extra, different }: TableReport): number {
  return missing + extra + different;
}

/**
 * Compares, and reports on each table in the order of their names in `COUNTED_TABLES` and `QUEUES`.
 *
 * @throws the signal's reason when it is aborted, or the database's error
 */
export async function verifyDerived(options: VerifyOptions): Promise<TableReport[]> {
  const session = await openRepairSession(options.connection, "kernelboard verify");
  try {
    return await inTransaction(session, "begin isolation level repeatable read, read only", () =>
      verify(session, options),
    );
  } finally {
    await session.close();
  }
}

async function verify(session: RepairSession, options: VerifyOptions): Promise<TableReport[]> {
  const { tables, examples, signal, onProgress } = options;
  const reports = new Map<DerivedTableName, TableReport>();
  const report = (table: DerivedTableName): TableReport => {
    const existing = reports.get(table);
    if (existing !== undefined) return existing;
    const made = { table, rows: 0, missing: 0, extra: 0, different: 0, unknown: 0, pruned: 0, examples: [] };
    reports.set(table, made);
    return made;
  };
  const counted = COUNTED_TABLES.filter((table) => tables.includes(table));
  const bySlice = counted.filter((table) => table !== "latest_checkout");
  // First of all, because it is of a few rows, and the snapshot is taken with it.
  if (counted.includes("latest_checkout"))
    await add(session, report("latest_checkout"), comparison(newestOfAllTrees(session), examples), examples);
  const slices =
    bySlice.length > 0 ? await makeSlices(session, "select id from checkouts", [], options.sliceSize) : 0;
  for (let slice = 0; slice < slices; slice++) {
    signal?.throwIfAborted();
    for (const table of bySlice) {
      const sides = sidesOfScope(table, session.columns[table], scopeOf(slice));
      await add(session, report(table), comparison(sides, examples), examples);
    }
    onProgress?.(slice + 1, slices);
  }
  signal?.throwIfAborted();
  const adopted = await isAdopted(session);
  for (const table of counted) await addStrays(session, report(table), table, adopted, examples);
  const queues = QUEUES.filter((table) => tables.includes(table));
  if (queues.includes("pending_test")) await session.client.query(FIND_WAITING_PARENTS);
  for (const table of queues) {
    const sides = sidesOfAllWaiting(table, session.columns[table]);
    await add(session, report(table), comparison(sides, examples), examples);
  }
  return [...reports.values()];
}

/** latest_checkout is of all checkouts at once: a tree is in many slices, and its row is only one. */
function newestOfAllTrees(session: RepairSession): ReturnType<typeof sidesOfScope> {
  const all = { checkouts: "select id from checkouts", commits: "" };
  return sidesOfScope("latest_checkout", session.columns.latest_checkout, all);
}

async function add(
  { client }: RepairSession,
  report: TableReport,
  statement: string,
  limit: number,
): Promise<void> {
  const { rows } = await client.query<Comparison>(statement);
  for (const { compared, counts, examples } of rows) {
    report.rows += compared;
    report.missing += counts.missing ?? 0;
    report.extra += counts.extra ?? 0;
    report.different += counts.different ?? 0;
    report.unknown += counts.unknown ?? 0;
    // The first ones that are differences; what is merely not known is shown by its count.
    const shown = examples.filter(({ verdict }) => verdict !== "unknown");
    report.examples.push(...shown.slice(0, limit - report.examples.length));
  }
}

/** The database was made by another program, which may have pruned checkouts and left what it had counted of them. */
export async function isAdopted({ client }: RepairSession): Promise<boolean> {
  const { rows } = await client.query("select from kernelboard_migrations where adopted");
  return rows.length > 0;
}

async function addStrays(
  { client }: RepairSession,
  report: TableReport,
  table: CountedTableName,
  adopted: boolean,
  limit: number,
): Promise<void> {
  const { rows } = await client.query<{ strays: number; keys: Record<string, unknown>[] }>(
    `with strays as materialized (${strayRows(table)})
     select (select count(*) from strays)::double precision as strays,
       (select coalesce(jsonb_agg(key), '[]')
        from (select ${rowKey(table)} as key from strays order by ${rowKey(table)}::text limit ${limit}) first) as keys`,
  );
  for (const { strays, keys } of rows) {
    report.rows += strays;
    report[adopted ? "pruned" : "extra"] += strays;
    const examples = keys.map((key) => ({
      verdict: adopted ? ("pruned" as const) : ("extra" as const),
      key,
      columns: {},
    }));
    report.examples.push(...examples.slice(0, limit - report.examples.length));
  }
}
