/**
 * Counts rows that wait although their build and checkout are there. A batch counts what its rows complete at commit, so
 * there are such rows only where parents came another way: restored, or copied by hand (chapter 02, sections 11 and 19).
 */
import { lookup } from "./facts.ts";
import { rebuildSlice } from "./rebuild.ts";
import { COUNTED_TABLES } from "./refresh.ts";
import { clearSlices, inTransaction, makeSlices, scopeOf, type RepairSession } from "./repair_session.ts";
import { LOCK_WRITERS } from "./rollups.ts";

/** Any number of our own; the same for every process of the project. Held by the one that acts in a loop. */
const COUNTER_LOCK = 5_265_920_430;

/** How far a pass has come: the greatest ids that it has seen. */
export interface Cursor {
  test: string;
  build: string;
}

export const START: Cursor = { test: "", build: "" };

/** Waiting rows that can be counted. */
export interface ReadyRows {
  tests: string[];
  builds: string[];
  /** The checkouts that they belong to. */
  checkouts: string[];
}

export interface CountedRows {
  tests: number;
  builds: number;
}

/** Becomes the one that counts, as long as the session lives. @returns whether it is */
export async function tryToBeTheOnlyCounter({ client }: RepairSession): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock($1) as got", [
    COUNTER_LOCK,
  ]);
  return rows[0]?.got === true;
}

/** The next waiting rows whose parents are stored, in the order of their ids. @param limit tests, and builds */
export async function readyRows({ client }: RepairSession, after: Cursor, limit: number): Promise<ReadyRows> {
  const tests = await client.query<{ id: string; checkout_id: string }>(
    `-- indexes pending_test_pkey, builds_pkey, checkouts_pkey
     select p.test_id as id, c.id as checkout_id
     from pending_test p
     ${lookup("builds", "b", "b.id = p.build_id")}
     ${lookup("checkouts", "c", "c.id = b.checkout_id")}
     where p.test_id > $1
     order by p.test_id
     limit $2`,
    [after.test, limit],
  );
  const builds = await client.query<{ id: string; checkout_id: string }>(
    `-- indexes pending_builds_pkey, checkouts_pkey
     select p.build_id as id, c.id as checkout_id
     from pending_builds p
     ${lookup("checkouts", "c", "c.id = p.checkout_id")}
     where p.build_id > $1
     order by p.build_id
     limit $2`,
    [after.build, limit],
  );
  return {
    tests: tests.rows.map(({ id }) => id),
    builds: builds.rows.map(({ id }) => id),
    checkouts: [...new Set([...tests.rows, ...builds.rows].map((row) => row.checkout_id))],
  };
}

/**
 * Counts the whole commits that the rows belong to, and takes what is counted with them out of the queues, in one
 * transaction for each slice of commits.
 *
 * @returns how many rows left the queues, which may be more than were asked for
 * @throws the database's error; what was counted before stays
 */
export async function countReady(session: RepairSession, ready: ReadyRows): Promise<CountedRows> {
  const { client } = session;
  const counted = { tests: 0, builds: 0 };
  await clearSlices(session);
  const slices = await makeSlices(session, "select unnest($1::text[])", [ready.checkouts]);
  for (let slice = 0; slice < slices; slice++) {
    const removed = { tests: 0, builds: 0 };
    await rebuildSlice(session, COUNTED_TABLES, slice, async () => {
      removed.tests = (await client.query(removeTests(slice))).rowCount ?? 0;
      removed.builds = (await client.query(removeBuilds(slice))).rowCount ?? 0;
    });
    counted.tests += removed.tests;
    counted.builds += removed.builds;
  }
  // What is left of them stands for no test and no build at all.
  await inTransaction(session, "begin", async () => {
    await client.query(LOCK_WRITERS);
    await client.query(
      `delete from pending_test p
       where p.test_id = any($1) and not exists (select from tests t where t.id = p.test_id)`,
      [ready.tests],
    );
    await client.query(
      `delete from pending_builds p
       where p.build_id = any($1) and not exists (select from builds b where b.id = p.build_id)`,
      [ready.builds],
    );
  });
  return counted;
}

function removeTests(slice: number): string {
  return `
  delete from pending_test p
  using (
    -- indexes builds_checkout_id_e340e47e, tests_build_id_551a24f9
    select t.id
    from (${scopeOf(slice).checkouts}) c
    ${lookup("builds", "b", "b.checkout_id = c.id")}
    ${lookup("tests", "t", "t.build_id = b.id")}
  ) counted
  where p.test_id = counted.id`;
}

function removeBuilds(slice: number): string {
  return `
  delete from pending_builds p
  using (select b.id from (${scopeOf(slice).checkouts}) c ${lookup("builds", "b", "b.checkout_id = c.id")}) counted
  where p.build_id = counted.id`;
}
