/**
 * Derived tables when rows are deleted, which ingestion never does: the commits of the rows are found before, and what
 * they count is computed anew from what is left. All of it in the caller's transaction, under the writers' lock, so
 * that after every commit each table is what follows from the rows (chapter 02, section 19).
 */
import { sidesOfScope, sidesOfWaiting } from "./derived_table.ts";
import { NEWEST_OF_TREE } from "./latest_checkout.ts";
import { addMended, mend, nothingMended, type Mended } from "./rebuild.ts";
import { refreshSlice, scopeOf, type RepairSession } from "./repair_session.ts";
import type { CountedTableName } from "./refresh.ts";

/** The only slice of a session that removes rows; emptied by `clearSlices` before each transaction. */
const SLICE = 0;

const BY_COMMIT = ["tree_listing", "hardware_status", "tree_tests_rollup"] as const;

/** To create once in the session. */
export const REMOVAL_TABLES = `
  create temp table removed_trees (origin text, tree_name text, git_repository_url text, git_repository_branch text)`;

/**
 * Notes the commits of checkouts that are, or whose builds or tests are, about to be deleted.
 *
 * @param checkouts a query that gives ids
 */
export async function noteCommits(session: RepairSession, checkouts: string): Promise<void> {
  const { client } = session;
  await client.query(
    `insert into sliced_checkouts (slice, id) select distinct ${SLICE}, id from (${checkouts}) noted`,
  );
  await refreshSlice(session, SLICE);
  await client.query("analyze sliced_checkouts; analyze sliced_commits");
}

/** Counts the noted commits anew. To run when the rows are deleted. */
export async function recountNoted(session: RepairSession): Promise<Map<CountedTableName, Mended>> {
  const mended = new Map<CountedTableName, Mended>();
  for (const table of BY_COMMIT)
    mended.set(table, await mend(session, sidesOfScope(table, session.columns[table], scopeOf(SLICE))));
  return mended;
}

/**
 * Names other checkouts where latest_checkout names deleted ones, or none.
 *
 * @param checkouts a query that gives the ids of deleted checkouts
 */
export async function replaceLatest({ client }: RepairSession, checkouts: string): Promise<Mended> {
  const mended = nothingMended();
  await client.query("truncate removed_trees");
  const removed = await client.query(`
    with removed as (
      -- index latest_checkout_checkout_id
      delete from latest_checkout where checkout_id in (${checkouts})
      returning origin, tree_name, git_repository_url, git_repository_branch
    )
    insert into removed_trees select * from removed`);
  const added = await client.query(`
    insert into latest_checkout (checkout_id, start_time, origin, tree_name, git_repository_url, git_repository_branch)
    select c.id, c.checkout_time, k.origin, k.tree_name, k.git_repository_url, k.git_repository_branch
    from removed_trees k
    cross join lateral ${NEWEST_OF_TREE} c`);
  mended.updated = added.rowCount ?? 0;
  mended.deleted = (removed.rowCount ?? 0) - mended.updated;
  return mended;
}

/**
 * Brings the queues to what is stored: deleted rows do not wait any more, and children of deleted parents do.
 *
 * @param tests a query that gives ids of tests, deleted ones or such whose parents are
 * @param builds likewise
 */
export async function mendQueues(
  session: RepairSession,
  tests: string,
  builds: string,
): Promise<Record<"pending_test" | "pending_builds", Mended>> {
  const mendOne = async (table: "pending_test" | "pending_builds", ids: string): Promise<Mended> => {
    const sum = nothingMended();
    addMended(sum, await mend(session, sidesOfWaiting(table, session.columns[table], ids)));
    return sum;
  };
  return {
    pending_test: await mendOne("pending_test", tests),
    pending_builds: await mendOne("pending_builds", builds),
  };
}
