/**
 * A session in which derived rows are computed anew, slice by slice. A slice is some whole commits: all checkouts of
 * each, so that whatever counts for a derived row is in it, and few enough that neither memory nor the writers' lock is
 * held for long.
 */
import pg from "pg";
import { clientOptions, type Connection } from "../database/pool.ts";
import { ofCommits, type Scope } from "./derived_table.ts";
import { CHECKOUT_TIME, commitKey } from "./facts.ts";
import { WAITING_PARENTS_TABLE } from "./pending.ts";
import { EXPECTED, type DerivedTableName } from "./refresh.ts";
import { COMMIT } from "./tree_listing.ts";

/** Checkouts and builds of a slice: with their tests some ten thousand rows. A commit with more is one slice. */
export const SLICE_SIZE = 500;

/** A session with room for the sorts of one slice, whose plans are made for a few rows of big tables. */
const SESSION_SETTINGS =
  "set work_mem = '64MB'; set temp_buffers = '64MB'; set jit = off; set random_page_cost = 1.1";

const TEMPORARY_TABLES = `
  create temp table sliced_checkouts (slice integer, id text);
  create temp table sliced_commits (slice integer, origin text, tree_name text, git_repository_url text,
    git_repository_branch text, git_commit_hash text);
  create index on sliced_checkouts (slice);
  create index on sliced_commits (slice);
  ${WAITING_PARENTS_TABLE};
  create temp table waiting_ids (slice integer, id text);
  create index on waiting_ids (slice)`;

export interface RepairSession {
  client: pg.Client;
  /** The columns of each table that follow from the rows. */
  columns: Record<DerivedTableName, string[]>;
  close: () => Promise<void>;
}

/** Connects, with the temporary tables that slices need. @throws the database's error */
export async function openRepairSession(
  connection: Connection,
  applicationName: string,
): Promise<RepairSession> {
  const client = new pg.Client(clientOptions(connection, applicationName));
  // A break between statements shows in the next statement.
  client.on("error", () => undefined);
  const close = (): Promise<void> => client.end().catch(() => undefined);
  try {
    await client.connect();
    await client.query(SESSION_SETTINGS);
    await client.query(TEMPORARY_TABLES);
    const columns = {
      latest_checkout: await columnsOf(client, "latest_checkout"),
      tree_listing: await columnsOf(client, "tree_listing"),
      hardware_status: await columnsOf(client, "hardware_status"),
      tree_tests_rollup: await columnsOf(client, "tree_tests_rollup"),
      pending_test: await columnsOf(client, "pending_test"),
      pending_builds: await columnsOf(client, "pending_builds"),
    };
    return { client, columns, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The names that the query of a table's rows gives, without running it. */
async function columnsOf(client: pg.Client, table: DerivedTableName): Promise<string[]> {
  const { fields } = await client.query(`select * from (${EXPECTED[table]("select ''")}) q limit 0`);
  return fields.map((field) => field.name);
}

/** What a slice is, for the queries of derived rows. */
export function scopeOf(slice: number): Scope {
  return {
    checkouts: `select id from sliced_checkouts where slice = ${slice}`,
    commits: `select ${COMMIT} from sliced_commits where slice = ${slice}`,
  };
}

const COMMITS_OF_CHECKOUTS = `
  insert into sliced_commits (slice, ${COMMIT})
  select distinct s.slice, ${COMMIT} from sliced_checkouts s join checkouts c on c.id = s.id`;

/**
 * Divides checkouts into slices, the newest commits first. Other checkouts of the same commits are not in them until
 * `refreshSlice`. Once a session, or again after `clearSlices`.
 *
 * @param seeds a query that gives ids of checkouts
 * @param size checkouts and builds of a slice
 * @returns how many slices there are, from 0
 */
export async function makeSlices(
  { client }: RepairSession,
  seeds: string,
  values: unknown[] = [],
  size = SLICE_SIZE,
): Promise<number> {
  await client.query(
    `insert into sliced_checkouts (slice, id)
     with weighed as (
       -- index builds_checkout_id_e340e47e
       select c.id, ${commitKey("c")} as commit, ${CHECKOUT_TIME} as checkout_time,
         1 + (select count(*) from builds b where b.checkout_id = c.id) as weight
       from checkouts c
       where c.id in (${seeds})
     ), placed as (
       select commit, (sum(sum(weight)) over (order by max(checkout_time) desc nulls last, commit) - sum(weight)) as place
       from weighed
       group by commit
     )
     select dense_rank() over (order by div(place, ${Math.max(1, size)})) - 1, id
     from weighed join placed using (commit)`,
    values,
  );
  await client.query(`${COMMITS_OF_CHECKOUTS}; analyze sliced_checkouts (slice, id); analyze sliced_commits`);
  const { rows } = await client.query<{ slices: number }>(
    "select coalesce(max(slice) + 1, 0) as slices from sliced_checkouts",
  );
  return rows[0]?.slices ?? 0;
}

/** Makes one slice of the commits of some checkouts. Its number must be new. */
export async function addSlice(
  { client }: RepairSession,
  slice: number,
  checkoutIds: string[],
): Promise<void> {
  await client.query("insert into sliced_checkouts (slice, id) select $1, unnest($2::text[])", [
    slice,
    checkoutIds,
  ]);
}

/** Empties the tables of slices, outside of a transaction. */
export async function clearSlices({ client }: RepairSession): Promise<void> {
  await client.query("truncate sliced_checkouts, sliced_commits");
}

/** Brings a slice to what is stored now: the commits that its checkouts have, and all checkouts of these. */
export async function refreshSlice({ client }: RepairSession, slice: number): Promise<void> {
  await client.query(`
    delete from sliced_commits where slice = ${slice};
    ${COMMITS_OF_CHECKOUTS} where s.slice = ${slice};
    delete from sliced_checkouts where slice = ${slice};
    -- index checkouts_commit_hash
    insert into sliced_checkouts (slice, id)
    select ${slice}, c.id from (${ofCommits("checkouts", scopeOf(slice).commits)}) c`);
}

/** Runs work in a transaction, which is undone when it throws. */
export async function inTransaction<T>(
  { client }: RepairSession,
  begin: string,
  work: () => Promise<T>,
): Promise<T> {
  await client.query(begin);
  try {
    const result = await work();
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}
