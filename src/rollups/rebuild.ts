/**
 * Mends derived tables: writes the rows that are not what follows from the rows of the five tables, and no others.
 *
 * Each slice is a transaction of its own. It is looked at first without keeping anyone waiting, and only where something
 * differs it is looked at again under the writers' lock and mended. Readers see a table as it was before a slice or as it
 * is after it, never emptied; writers wait for one slice at most. What was mended stays when the rest is interrupted.
 */
import type { Connection } from "../database/pool.ts";
import { ANNOUNCE_EVERYTHING } from "./changes.ts";
import {
  comparison,
  deletion,
  idOf,
  mending,
  sidesOfAllWaiting,
  sidesOfScope,
  sidesOfWaiting,
  strayRows,
  differingIds,
  type Comparison,
  type Sides,
} from "./derived_table.ts";
import { FIND_WAITING_PARENTS } from "./pending.ts";
import {
  COUNTED_TABLES,
  QUEUES,
  type CountedTableName,
  type DerivedTableName,
  type QueueName,
} from "./refresh.ts";
import {
  inTransaction,
  makeSlices,
  openRepairSession,
  refreshSlice,
  scopeOf,
  type RepairSession,
} from "./repair_session.ts";
import { LOCK_WRITERS } from "./rollups.ts";
import { isAdopted } from "./verify.ts";

/** Waiting rows that are mended in one transaction. */
const WAITING_SLICE_SIZE = 10_000;

export interface RebuildOptions {
  connection: Connection;
  tables: readonly DerivedTableName[];
  /** For tests: checkouts and builds of a slice. */
  sliceSize?: number;
  /** Stops between two slices. */
  signal?: AbortSignal;
  /** Called after each slice, of so many. */
  onProgress?: (done: number, slices: number) => void;
}

/** Rows that were written. */
export interface Mended {
  inserted: number;
  updated: number;
  deleted: number;
}

export function nothingMended(): Mended {
  return { inserted: 0, updated: 0, deleted: 0 };
}

export function addMended(sum: Mended, more: Mended): void {
  sum.inserted += more.inserted;
  sum.updated += more.updated;
  sum.deleted += more.deleted;
}

/**
 * Mends whole tables.
 *
 * @returns what was written, by table
 * @throws the signal's reason when it is aborted, or the database's error; what was mended before stays
 */
export async function rebuildDerived(options: RebuildOptions): Promise<Map<DerivedTableName, Mended>> {
  const { tables, signal, onProgress } = options;
  const session = await openRepairSession(options.connection, "kernelboard rebuild");
  const mended = new Map<DerivedTableName, Mended>();
  try {
    const counted = COUNTED_TABLES.filter((table) => tables.includes(table));
    for (const table of tables) mended.set(table, nothingMended());
    const add = (table: DerivedTableName, more: Mended): void => {
      const sum = mended.get(table);
      if (sum !== undefined) addMended(sum, more);
    };
    if (counted.includes("latest_checkout")) add("latest_checkout", await rebuildLatestCheckout(session));
    const bySlice = counted.filter((table) => table !== "latest_checkout");
    const slices =
      bySlice.length > 0 ? await makeSlices(session, "select id from checkouts", [], options.sliceSize) : 0;
    for (let slice = 0; slice < slices; slice++) {
      signal?.throwIfAborted();
      for (const [table, more] of await rebuildSlice(session, bySlice, slice)) add(table, more);
      onProgress?.(slice + 1, slices);
    }
    if (!(await isAdopted(session))) {
      for (const table of counted) {
        signal?.throwIfAborted();
        add(table, await deleteStrays(session, table));
      }
    }
    for (const table of QUEUES.filter((queue) => tables.includes(queue))) {
      signal?.throwIfAborted();
      add(table, await rebuildQueue(session, table, signal));
    }
    return mended;
  } finally {
    await session.close();
  }
}

/**
 * Mends the rows that stand for a slice.
 *
 * @param then more to do in the same transaction, under the lock, also where nothing differs
 */
export async function rebuildSlice(
  session: RepairSession,
  tables: readonly CountedTableName[],
  slice: number,
  then?: () => Promise<void>,
): Promise<Map<CountedTableName, Mended>> {
  const sides = tables.map((table) => sidesOfScope(table, session.columns[table], scopeOf(slice)));
  return inTransaction(session, "begin", async () => {
    await refreshSlice(session, slice);
    const mended = new Map<CountedTableName, Mended>();
    if (then === undefined && !(await someDiffer(session, sides))) return mended;
    await session.client.query(LOCK_WRITERS);
    await refreshSlice(session, slice);
    for (const [index, table] of tables.entries()) {
      const side = sides[index];
      if (side !== undefined) mended.set(table, await mend(session, side));
    }
    await then?.();
    return mended;
  });
}

/** What `rebuildSlice` would write; nothing is, and nobody waits. */
export async function compareSlice(
  session: RepairSession,
  tables: readonly CountedTableName[],
  slice: number,
): Promise<Map<CountedTableName, Mended>> {
  await refreshSlice(session, slice);
  const found = new Map<CountedTableName, Mended>();
  for (const table of tables) {
    const sides = sidesOfScope(table, session.columns[table], scopeOf(slice));
    const { rows } = await session.client.query<Comparison>(comparison(sides, 0));
    const { missing = 0, extra = 0, different = 0, unknown = 0 } = rows[0]?.counts ?? {};
    found.set(table, { inserted: missing, deleted: extra, updated: different + unknown });
  }
  return found;
}

/** The table has a row a tree, and which trees there are is read out of all checkouts: it is mended in one go. */
export async function rebuildLatestCheckout(session: RepairSession): Promise<Mended> {
  const all = { checkouts: "select id from checkouts", commits: "" };
  const sides = sidesOfScope("latest_checkout", session.columns.latest_checkout, all);
  return inTransaction(session, "begin", async () => {
    if (!(await someDiffer(session, [sides]))) return nothingMended();
    await session.client.query(LOCK_WRITERS);
    return mend(session, sides);
  });
}

/** A difference that is seen without the lock may be gone with it; an unseen one cannot come, for writers are exact. */
async function someDiffer({ client }: RepairSession, all: Sides[]): Promise<boolean> {
  for (const sides of all) {
    const { rows } = await client.query<Comparison>(comparison(sides, 0));
    if (rows.some(({ counts }) => Object.keys(counts).length > 0)) return true;
  }
  return false;
}

/** Within a transaction that has the writers' lock. Whoever keeps answers is told, because any may be another now. */
export async function mend({ client }: RepairSession, sides: Sides): Promise<Mended> {
  const { find, remove, change, add } = mending(sides);
  await client.query(find);
  const deleted = (await client.query(remove)).rowCount ?? 0;
  const updated = (await client.query(change)).rowCount ?? 0;
  const inserted = (await client.query(add)).rowCount ?? 0;
  if (deleted + updated + inserted > 0) await client.query(ANNOUNCE_EVERYTHING);
  return { deleted, updated, inserted };
}

async function deleteStrays(session: RepairSession, table: CountedTableName): Promise<Mended> {
  const { client } = session;
  const { rows } = await client.query<{ any: boolean }>(
    `select exists (select from (${strayRows(table)}) s) as any`,
  );
  if (rows[0]?.any !== true) return nothingMended();
  return inTransaction(session, "begin", async () => {
    await client.query(LOCK_WRITERS);
    const { rowCount } = await client.query(deletion(table, strayRows(table)));
    await client.query(ANNOUNCE_EVERYTHING);
    return { ...nothingMended(), deleted: rowCount ?? 0 };
  });
}

/** Mends a queue: what differs is found without the lock, and looked at again under it in groups of ids. */
export async function rebuildQueue(
  session: RepairSession,
  table: QueueName,
  signal?: AbortSignal,
): Promise<Mended> {
  const { client } = session;
  const columns = session.columns[table];
  await client.query("truncate waiting_ids, waiting_parents");
  if (table === "pending_test") await client.query(FIND_WAITING_PARENTS);
  await client.query(`
    insert into waiting_ids (slice, id)
    select (row_number() over (order by id) - 1) / ${WAITING_SLICE_SIZE}, id
    from (${differingIds(sidesOfAllWaiting(table, columns), idOf(table))}) differing;
    analyze waiting_ids`);
  const { rows } = await client.query<{ slices: number }>(
    "select coalesce(max(slice) + 1, 0) as slices from waiting_ids",
  );
  const mended = nothingMended();
  for (let slice = 0; slice < (rows[0]?.slices ?? 0); slice++) {
    signal?.throwIfAborted();
    const ids = `select id from waiting_ids where slice = ${slice}`;
    const more = await inTransaction(session, "begin", async () => {
      await client.query(LOCK_WRITERS);
      return mend(session, sidesOfWaiting(table, columns, ids));
    });
    addMended(mended, more);
  }
  return mended;
}
