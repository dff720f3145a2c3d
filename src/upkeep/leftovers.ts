/**
 * What refers to rows that are not stored any more, because another program pruned them or a person deleted them: derived
 * rows of checkouts that are gone, and old incidents without their builds and tests (chapter 08, section 16, D18).
 */
import { deletion, leftUnits, unitsStillLeft, rowsOfUnits } from "../rollups/derived_table.ts";
import { COUNTED_TABLES, type CountedTableName } from "../rollups/refresh.ts";
import { inTransaction, type RepairSession } from "../rollups/repair_session.ts";
import { LOCK_WRITERS } from "../rollups/rollups.ts";
import { ageValues, isOld, type PruneChoice } from "./prune_plan.ts";

export type Leftovers = Record<CountedTableName | "incidents", number>;

interface LeftoverOptions {
  choice: PruneChoice;
  batchSize: number;
  signal?: AbortSignal;
  onBatch: (table: string, rows: number, total: number) => void;
}

/** Deletes them, each batch a transaction under the writers' lock. @returns how many rows of each table */
export async function removeLeftovers(session: RepairSession, options: LeftoverOptions): Promise<Leftovers> {
  const removed = {
    latest_checkout: 0,
    tree_listing: 0,
    hardware_status: 0,
    tree_tests_rollup: 0,
    incidents: 0,
  };
  for (const table of COUNTED_TABLES)
    removed[table] = await removeInBatches(session, table, options, leftUnits(table), [], (units) =>
      deletion(table, rowsOfUnits(table, unitsStillLeft(table, units))),
    );
  removed.incidents = await removeInBatches(
    session,
    "incidents",
    options,
    `select i.id from incidents i where ${isOld("i")} and ${IS_DANGLING}`,
    ageValues(options.choice),
    (units) => `delete from incidents i where i.id in (${units}) and ${IS_DANGLING}`,
  );
  return removed;
}

/** It names a build or a test, and none that is stored. */
const IS_DANGLING = `coalesce(i.build_id, i.test_id) is not null
  and not exists (select from builds b where b.id = i.build_id)
  and not exists (select from tests t where t.id = i.test_id)`;

async function removeInBatches(
  session: RepairSession,
  table: CountedTableName | "incidents",
  { batchSize, signal, onBatch }: LeftoverOptions,
  units: string,
  values: unknown[],
  remove: (units: string) => string,
): Promise<number> {
  const { client } = session;
  await client.query("drop table if exists leftovers");
  const { rowCount } = await client.query(
    `create temp table leftovers as select (row_number() over ()) as place, u.* from (${units}) u`,
    values,
  );
  await client.query("create index on leftovers (place); analyze leftovers");
  let total = 0;
  for (let from = 0; from < (rowCount ?? 0); from += batchSize) {
    signal?.throwIfAborted();
    const batch = `select u.* from leftovers u where u.place > ${from} and u.place <= ${from + batchSize}`;
    const rows = await inTransaction(session, "begin", async () => {
      await client.query(LOCK_WRITERS);
      return (await client.query(remove(batch))).rowCount ?? 0;
    });
    total += rows;
    onBatch(table, rows, total);
  }
  return total;
}
