/**
 * Deletes what a plan dooms (chapter 08, section 4.2), children first, in batches.
 *
 * Each batch is a transaction of its own under the writers' lock: its rows, the incidents that refer to nothing but
 * pruned rows, and the derived rows of their commits. So everything is exact after each, ingestion waits for one batch at most, and
 * when the process is killed the same command goes on from what is left: parents are still there as long as any of
 * their children are, so the same rows are doomed again.
 *
 * A row is looked at again before it goes. One that was submitted again meanwhile, or that got an incident or children,
 * stays.
 */
import type { Connection } from "../database/pool.ts";
import {
  clearSlices,
  inTransaction,
  openRepairSession,
  type RepairSession,
} from "../rollups/repair_session.ts";
import { addMended, nothingMended, type Mended } from "../rollups/rebuild.ts";
import type { DerivedTableName } from "../rollups/refresh.ts";
import { mendQueues, noteCommits, recountNoted, REMOVAL_TABLES, replaceLatest } from "../rollups/removal.ts";
import { LOCK_WRITERS } from "../rollups/rollups.ts";
import { ANNOUNCE_EVERYTHING } from "../rollups/changes.ts";
import {
  ageValues,
  isOld,
  planPrune,
  type PruneChoice,
  type PrunedTable,
  type PrunePlan,
} from "./prune_plan.ts";
import { removeLeftovers, type Leftovers } from "./leftovers.ts";

/** Children first. */
const ORDER = ["tests", "builds", "checkouts"] as const satisfies readonly PrunedTable[];

const PRUNED = "create temp table pruned (id text, parent_id text)";

export interface PruneOptions {
  connection: Connection;
  choice: PruneChoice;
  /** Rows deleted in one transaction. */
  batchSize: number;
  /** Also what refers to rows that were gone before. */
  cascadeAggregates: boolean;
  /** Asked with the plan whether to go on. */
  confirm: (plan: PrunePlan) => Promise<boolean>;
  /** Stops between two batches. */
  signal?: AbortSignal;
  onBatch: (table: string, rows: number, total: number) => void;
}

export interface PruneResult {
  plan: PrunePlan;
  /** Undefined when it was not confirmed. */
  deleted?: Record<PrunedTable, number> & { incidents: number };
  /** Rows of derived tables that were written. */
  derived: Map<DerivedTableName, Mended>;
  leftovers?: Leftovers;
}

/**
 * Plans, asks, and deletes.
 *
 * @throws the signal's reason when it is aborted, or the database's error; what was deleted before stays deleted
 */
export async function prune(options: PruneOptions): Promise<PruneResult> {
  const { choice, cascadeAggregates, signal } = options;
  const session = await openRepairSession(options.connection, "kernelboard prune");
  const { client } = session;
  const derived = new Map<DerivedTableName, Mended>();
  try {
    const plan = await planPrune(client, choice);
    if (!(await options.confirm(plan))) return { plan, derived };
    await client.query(`${PRUNED}; ${REMOVAL_TABLES}`);
    const deleted = { checkouts: 0, builds: 0, tests: 0, incidents: 0 };
    for (const table of ORDER) {
      for (let from = 0; from < plan.doomed[table]; from += options.batchSize) {
        signal?.throwIfAborted();
        const batch = await pruneBatch(session, table, choice, [from, from + options.batchSize]);
        deleted[table] += batch.rows;
        deleted.incidents += batch.incidents;
        for (const [name, mended] of batch.derived) {
          const sum = derived.get(name) ?? nothingMended();
          addMended(sum, mended);
          derived.set(name, sum);
        }
        options.onBatch(table, batch.rows, deleted[table]);
      }
    }
    const leftovers = cascadeAggregates ? await removeLeftovers(session, options) : undefined;
    return { plan, deleted, derived, ...(leftovers ? { leftovers } : {}) };
  } finally {
    await session.close();
  }
}

const PARENT: Record<PrunedTable, { column: string; table?: PrunedTable }> = {
  checkouts: { column: "id" },
  builds: { column: "checkout_id", table: "checkouts" },
  tests: { column: "build_id", table: "builds" },
};

/** The rows of a batch that are still doomed. Parameters: those of `isOld`, then the places from, exclusive, and to. */
function stillDoomed(table: PrunedTable, { tables, isProtected }: PruneChoice): string {
  const parent = PARENT[table];
  const conditions = [
    parent.table === undefined
      ? isOld("r")
      : `(${isOld("r")} or exists (select from doomed_${parent.table} p where p.id = r.${parent.column}))`,
  ];
  // What is left of the children came after the plan, or is linked now.
  if (table === "checkouts" && tables.includes("builds"))
    conditions.push("not exists (select from builds b where b.checkout_id = r.id)");
  if (table === "builds" && tables.includes("tests"))
    conditions.push("not exists (select from tests t where t.build_id = r.id)");
  if (table !== "checkouts" && isProtected)
    conditions.push(
      `not exists (select from incidents i where i.${table === "builds" ? "build_id" : "test_id"} = r.id)`,
    );
  return `
    insert into pruned (id, parent_id)
    select r.id, r.${parent.column}
    from doomed_${table} d
    cross join lateral (select r.* from ${table} r where r.id = d.id offset 0) r
    where d.place > $3 and d.place <= $4 and ${conditions.join("\n      and ")}`;
}

/** Checkouts whose derived rows the deletion changes. */
const CHECKOUTS_OF: Record<PrunedTable, string> = {
  checkouts: "select id from pruned",
  builds: "select parent_id as id from pruned",
  tests:
    "select b.checkout_id as id from (select distinct parent_id from pruned) p join builds b on b.id = p.parent_id",
};

/** Rows that wait, or do not wait any more, because of the deletion: tests and builds. */
const WAITING_OF: Record<PrunedTable, [tests: string, builds: string]> = {
  checkouts: [
    "select t.id from pruned p join builds b on b.checkout_id = p.id join tests t on t.build_id = b.id",
    "select b.id from pruned p join builds b on b.checkout_id = p.id",
  ],
  builds: ["select t.id from pruned p join tests t on t.build_id = p.id", "select id from pruned"],
  tests: ["select id from pruned", "select null::text as id where false"],
};

/** Incidents that refer to pruned rows and to nothing that is stored. */
function deleteIncidents(column: "build_id" | "test_id"): string {
  return `
    delete from incidents i using pruned p
    where i.${column} = p.id
      and not exists (select from builds b where b.id = i.build_id)
      and not exists (select from tests t where t.id = i.test_id)`;
}

interface BatchResult {
  rows: number;
  incidents: number;
  derived: Map<DerivedTableName, Mended>;
}

async function pruneBatch(
  session: RepairSession,
  table: PrunedTable,
  choice: PruneChoice,
  [from, to]: [number, number],
): Promise<BatchResult> {
  const { client } = session;
  await clearSlices(session);
  await client.query("truncate pruned");
  return inTransaction(session, "begin", async () => {
    await client.query(LOCK_WRITERS);
    const derived = new Map<DerivedTableName, Mended>();
    const found = await client.query(stillDoomed(table, choice), [...ageValues(choice), from, to]);
    if (found.rowCount === 0) return { rows: 0, incidents: 0, derived };
    await client.query("analyze pruned");
    await noteCommits(session, CHECKOUTS_OF[table]);
    const { rowCount } = await client.query(`delete from ${table} r using pruned p where r.id = p.id`);
    let incidents = 0;
    if (table !== "checkouts" && !choice.isProtected)
      incidents =
        (await client.query(deleteIncidents(table === "builds" ? "build_id" : "test_id"))).rowCount ?? 0;
    if (table === "checkouts")
      derived.set("latest_checkout", await replaceLatest(session, "select id from pruned"));
    for (const [name, mended] of await recountNoted(session)) derived.set(name, mended);
    for (const [name, mended] of Object.entries(await mendQueues(session, ...WAITING_OF[table])))
      derived.set(name as "pending_test" | "pending_builds", mended);
    await client.query(ANNOUNCE_EVERYTHING);
    return { rows: rowCount ?? 0, incidents, derived };
  });
}
