/** Computes derived rows anew from the rows of the five tables, for all of them or for a part. */
import type pg from "pg";
import type { Log } from "../log.ts";
import { commitKey, treeKey } from "./facts.ts";
import { expectedHardwareStatus } from "./hardware_status.ts";
import { expectedLatestCheckout } from "./latest_checkout.ts";
import { EXPECTED_PENDING_BUILDS, EXPECTED_PENDING_TEST, refillQueues } from "./pending.ts";
import { LOCK_WRITERS } from "./rollups.ts";
import { expectedTreeListing } from "./tree_listing.ts";
import { expectedTreeTestsRollup } from "./tree_tests_rollup.ts";

const SCOPE = "select id from refresh_scope";

/** The tables whose rows stand for checkouts. */
export const COUNTED_TABLES = [
  "latest_checkout",
  "tree_listing",
  "hardware_status",
  "tree_tests_rollup",
] as const;
export type CountedTableName = (typeof COUNTED_TABLES)[number];
/** The queues of what waits for a build or a checkout. */
export const QUEUES = ["pending_test", "pending_builds"] as const;
export type QueueName = (typeof QUEUES)[number];
export type DerivedTableName = CountedTableName | QueueName;

/** What each derived table should hold for a scope, a query that gives the ids of all checkouts of some commits. */
export const EXPECTED: Record<DerivedTableName, (scope: string) => string> = {
  latest_checkout: expectedLatestCheckout,
  tree_listing: expectedTreeListing,
  hardware_status: expectedHardwareStatus,
  tree_tests_rollup: expectedTreeTestsRollup,
  pending_test: () => EXPECTED_PENDING_TEST,
  pending_builds: () => EXPECTED_PENDING_BUILDS,
};

/** Which rows of a derived table belong to the scope. */
const IN_SCOPE: Record<CountedTableName, string> = {
  latest_checkout: `${treeKey("latest_checkout")} in (select ${treeKey("c")} from checkouts c where c.id in (${SCOPE}))`,
  tree_listing: `${commitKey("tree_listing")} in (select ${commitKey("c")} from checkouts c where c.id in (${SCOPE}))`,
  hardware_status: `checkout_id in (${SCOPE})`,
  tree_tests_rollup: `${commitKey("tree_tests_rollup")} in (select ${commitKey("c")} from checkouts c where c.id in (${SCOPE}))`,
};

/**
 * Replaces the derived rows of whole commits, within the caller's transaction.
 *
 * @param seeds a query that gives ids of checkouts; all checkouts of their commits are refreshed
 */
export async function refreshCommits(client: pg.Client, seeds: string, log: Log): Promise<void> {
  await client.query(LOCK_WRITERS);
  await client.query(`
    create temp table refresh_scope on commit drop as
    select c.id from checkouts c
    where ${commitKey("c")} in (select ${commitKey("seed")} from checkouts seed where seed.id in (${seeds}));
    create unique index on refresh_scope (id);
    analyze refresh_scope`);
  for (const table of COUNTED_TABLES) {
    const expected = EXPECTED[table](SCOPE);
    await client.query(`delete from ${table} where ${IN_SCOPE[table]}`);
    const { rowCount } = await client.query(
      `insert into ${table} (${await columnNames(client, expected)}) ${expected}`,
    );
    log.info({ table, rows: rowCount }, "derived rows computed");
  }
}

/** The names that a query gives, without running it. */
async function columnNames(client: pg.Client, query: string): Promise<string> {
  const { fields } = await client.query(`select * from (${query}) q limit 0`);
  return fields.map((field) => field.name).join(", ");
}

/**
 * Brings the derived tables of an adopted database up to date: all commits that the reference had not finished
 * counting, and those of trees of which it names no newest checkout; or all when its tables were of an older shape. The
 * queues keep what lacks a parent.
 */
export async function refreshAdopted(
  client: pg.Client,
  derivedTablesAreEmpty: boolean,
  log: Log,
): Promise<void> {
  const seeds = derivedTablesAreEmpty
    ? "select id from checkouts"
    : `
    select b.checkout_id from pending_test p join builds b on b.id = p.build_id
    union select checkout_id from pending_builds
    union select checkout_id from processed_listing_items where status is null
    union select c.id from checkouts c
      where ${commitKey("c")} not in (select ${commitKey("l")} from tree_listing l)
        or ${treeKey("c")} not in (select ${treeKey("l")} from latest_checkout l)`;
  await refreshCommits(client, seeds, log);
  await client.query(derivedTablesAreEmpty ? REFILL_QUEUES : TRIM_QUEUES);
}

const REFILL_QUEUES = refillQueues(EXPECTED_PENDING_TEST, EXPECTED_PENDING_BUILDS);

const TRIM_QUEUES = `
  create temp table waiting on commit drop as
    select test_id as id from pending_test union all select build_id from pending_builds;
  ${refillQueues(
    `${EXPECTED_PENDING_TEST} and t.id in (select id from waiting)`,
    `${EXPECTED_PENDING_BUILDS} and b.id in (select id from waiting)`,
  )}`;
