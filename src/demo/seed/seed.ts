/** Writes the test data of chapter 08, section 7, in one transaction. */
import type { Client } from "../../database/pool.ts";
import { ANNOUNCE_EVERYTHING } from "../../rollups/changes.ts";
import { LOCK_WRITERS } from "../../rollups/rollups.ts";
import { fillHeadsAndHardware, fillTreeListing, fillTreeTestsRollup } from "./aggregates.ts";
import { seedPlan, type SeedSizes } from "./plan.ts";
import type { Row } from "./rows.ts";

export interface SeedOptions extends SeedSizes {
  /** Delete everything that is in the database first. */
  clear: boolean;
  /** Fill tree_listing as well; the black-box test suite expects it empty. */
  treeListing: boolean;
  /** Undo it all at the end. */
  dryRun?: boolean;
  now: Date;
  /** Called with each line that tells what is done. */
  report: (line: string) => void;
}

/** What was made, without the parents that exist only because an incident needs them. */
export interface SeedCounts extends SeedSizes {
  builds: number;
  tests: number;
  incidents: number;
  treeTestsRollups: number;
  latestCheckouts: number;
  hardwareStatuses: number;
  /** Undefined when the table was left empty. */
  treeListings: number | undefined;
}

/** Derived tables first, then children before their parents. */
const CLEARED_TABLES = [
  "hardware_status",
  "latest_checkout",
  "tree_tests_rollup",
  "tree_listing",
  "pending_test",
  "pending_builds",
  "processed_listing_items",
  "incidents",
  "issues",
  "tests",
  "builds",
  "checkouts",
];

/** Rows that are sent at once. */
const CHUNK = 1000;

/**
 * Makes the test data, all of it or nothing. Ingestion beside it waits, and readers see the old rows until the end.
 *
 * @param client a connection of its own, not within a transaction
 * @throws PostgreSQL's error 23505 when the test data, or a row with one of its ids, is there already
 */
export async function seedTestData(client: Client, options: SeedOptions): Promise<SeedCounts> {
  await client.query("begin");
  try {
    await client.query(LOCK_WRITERS);
    if (options.clear) await clear(client, options.report);
    const counts = await fill(client, options);
    await client.query(ANNOUNCE_EVERYTHING);
    await client.query(options.dryRun ? "rollback" : "commit");
    return counts;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

async function clear(client: Client, report: SeedOptions["report"]): Promise<void> {
  report("Clearing all data from local environment...");
  report("Clearing existing data...");
  // Not truncate: it would wait for everybody who reads, and make everybody else who reads wait for it.
  for (const table of CLEARED_TABLES) await client.query(`delete from ${table}`);
}

async function fill(client: Client, options: SeedOptions): Promise<SeedCounts> {
  const { report } = options;
  report("Seeding test database with realistic data...");
  const plan = seedPlan(options, options.now);
  const { checkouts, builds, tests, issues, incidents, fillers } = plan;
  const insert = async (table: string, list: readonly { row: Row }[]): Promise<void> => {
    report(`Creating ${list.length} ${table}...`);
    await insertRows(client, table, list.map(rowOf));
  };
  await insert("checkouts", checkouts);
  await insert("builds", builds);
  await insert("tests", tests);
  const counted = checkouts.map(({ id }) => id);
  const derived = await fillHeadsAndHardware(client, counted);

  await insert("issues", issues);
  report(`Creating ${incidents.length} incidents...`);
  await insertRows(client, "checkouts", fillers.checkouts.map(rowOf));
  await insertRows(client, "builds", fillers.builds.map(rowOf));
  await insertRows(client, "tests", fillers.tests.map(rowOf));
  await insertRows(client, "incidents", incidents);

  report("Creating derived rows...");
  return {
    checkouts: checkouts.length,
    builds: builds.length,
    tests: tests.length,
    issues: issues.length,
    incidents: incidents.length,
    treeTestsRollups: await fillTreeTestsRollup(client, counted),
    ...derived,
    treeListings: options.treeListing ? await fillTreeListing(client, counted) : undefined,
  };
}

function rowOf({ row }: { row: Row }): Row {
  return row;
}

/** Inserts rows that all have the same columns; PostgreSQL turns their JSON values into the columns' types. */
async function insertRows(client: Client, table: string, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).join(", ");
  for (let start = 0; start < rows.length; start += CHUNK) {
    await client.query(
      `insert into ${table} (${columns})
       select ${columns} from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
      [JSON.stringify(rows.slice(start, start + CHUNK))],
    );
  }
}
