/**
 * What a prune deletes (chapter 08, section 4.2): the doomed rows of each table by id, found in one snapshot and kept in
 * temporary tables in the order in which they are deleted, rows of one commit beside each other.
 */
import type pg from "pg";

export const PRUNED_TABLES = ["checkouts", "builds", "tests"] as const;
export type PrunedTable = (typeof PRUNED_TABLES)[number];

export interface PruneChoice {
  /** Rows are old whose `_timestamp` is before; ISO 8601. */
  cutoff: string;
  /** Only rows of these origins are old; undefined for all. */
  origins?: readonly string[];
  tables: readonly PrunedTable[];
  /** Keep what an incident names, with its parents. */
  isProtected: boolean;
}

export type RowCounts = Record<PrunedTable, number>;

export interface PrunePlan {
  doomed: RowCounts;
  kept: {
    /** Old rows that are linked to an incident. */
    linked: RowCounts;
    /** Rows without a `_timestamp`, which have no age. */
    ageless: RowCounts;
  };
  incidents: {
    /** They refer to doomed rows, and to nothing else that is stored. */
    doomed: number;
    /** They refer to doomed rows, and to others that stay. */
    kept: number;
  };
}

/** The row `alias` is old. Parameters: 1 the cutoff, 2 the origins or NULL. Indexes checkouts__timestamp and the like. */
export function isOld(alias: string): string {
  return `(${alias}._timestamp < $1::timestamptz and ($2::text[] is null or ${alias}.origin = any($2)))`;
}

/** The parameters of `isOld`. */
export function ageValues({ cutoff, origins }: PruneChoice): unknown[] {
  return [cutoff, origins ?? null];
}

const hasIncident = (column: string, id: string): string =>
  // indexes incidents_of_test, incidents_build_id_dfa49727
  `exists (select from incidents i where i.${column} = ${id})`;

/**
 * Linked builds and checkouts: those of builds that an incident names, itself or by a test. Linked tests need no table, for the
 * incidents name them.
 */
const LINKED = `
  create temp table linked_builds as
  select build_id as id from incidents where build_id is not null
  union
  select t.build_id
  from (select distinct test_id as id from incidents where test_id is not null) i
  join tests t on t.id = i.id;
  create unique index on linked_builds (id);
  create temp table linked_checkouts as
  select distinct b.checkout_id as id from linked_builds l join builds b on b.id = l.id;
  create unique index on linked_checkouts (id);
  analyze linked_builds;
  analyze linked_checkouts`;

const DOOMED = `
  create temp table doomed_checkouts (place bigint, id text);
  create temp table doomed_builds (place bigint, id text);
  create temp table doomed_tests (place bigint, id text)`;

/** Fills the table of one kind. `$3`: whether linked rows are protected; what hangs on doomed parents does not have to be old. */
const FIND: Record<PrunedTable, string> = {
  checkouts: `
    insert into doomed_checkouts
    select row_number() over (order by c.git_commit_hash, c.id), c.id
    from checkouts c
    where ${isOld("c")} and not ($3::boolean and c.id in (select id from linked_checkouts))`,
  builds: `
    insert into doomed_builds
    select row_number() over (order by c.git_commit_hash, b.checkout_id, b.id), b.id
    from (
      select id, checkout_id from builds b where ${isOld("b")}
      union
      -- index builds_checkout_id_e340e47e
      select b.id, b.checkout_id from doomed_checkouts d join builds b on b.checkout_id = d.id
    ) b
    left join checkouts c on c.id = b.checkout_id
    where not ($3::boolean and b.id in (select id from linked_builds))`,
  tests: `
    insert into doomed_tests
    select row_number() over (order by c.git_commit_hash, b.checkout_id, t.build_id, t.id), t.id
    from (
      select id, build_id from tests t where ${isOld("t")}
      union
      -- index tests_build_id_551a24f9
      select t.id, t.build_id from doomed_builds d join tests t on t.build_id = d.id
    ) t
    left join builds b on b.id = t.build_id
    left join checkouts c on c.id = b.checkout_id
    where not ($3::boolean and ${hasIncident("test_id", "t.id")})`,
};

/** Finds what is doomed, in the caller's session, which keeps the temporary tables. */
export async function planPrune(client: pg.Client, choice: PruneChoice): Promise<PrunePlan> {
  await client.query("begin isolation level repeatable read");
  try {
    await client.query(LINKED);
    await client.query(DOOMED);
    for (const table of PRUNED_TABLES) {
      if (choice.tables.includes(table))
        await client.query(FIND[table], [...ageValues(choice), choice.isProtected]);
      await client.query(
        `create index on doomed_${table} (place); create unique index on doomed_${table} (id); analyze doomed_${table}`,
      );
    }
    const plan = {
      doomed: await counts((table) => count(client, `doomed_${table}`)),
      kept: {
        linked: await counts((table) => linked(client, table, choice)),
        ageless: await counts((table) => ageless(client, table, choice)),
      },
      incidents: await incidentsOf(client, choice),
    };
    await client.query("commit");
    return plan;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

async function counts(of: (table: PrunedTable) => Promise<number>): Promise<RowCounts> {
  return { checkouts: await of("checkouts"), builds: await of("builds"), tests: await of("tests") };
}

async function count(client: pg.Client, from: string, values: unknown[] = []): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::double precision as count from ${from}`,
    values,
  );
  return rows[0]?.count ?? 0;
}

const LINKED_IDS: Record<PrunedTable, string> = {
  checkouts: "select id from linked_checkouts",
  builds: "select id from linked_builds",
  tests: "select test_id from incidents where test_id is not null",
};

async function linked(client: pg.Client, table: PrunedTable, choice: PruneChoice): Promise<number> {
  if (!choice.isProtected || !choice.tables.includes(table)) return 0;
  const from = `${table} r where ${isOld("r")} and r.id in (${LINKED_IDS[table]})`;
  return count(client, from, ageValues(choice));
}

async function ageless(client: pg.Client, table: PrunedTable, { tables }: PruneChoice): Promise<number> {
  if (!tables.includes(table)) return 0;
  return count(
    client,
    `${table} r where r._timestamp is null and not exists (select from doomed_${table} d where d.id = r.id)`,
  );
}

/** Incidents can refer to doomed rows only where these are not protected. */
async function incidentsOf(client: pg.Client, { isProtected }: PruneChoice): Promise<PrunePlan["incidents"]> {
  if (isProtected) return { doomed: 0, kept: 0 };
  const stays = (table: "builds" | "tests", column: string): string =>
    `(exists (select from ${table} r where r.id = i.${column}) and not exists (select from doomed_${table} d where d.id = i.${column}))`;
  const { rows } = await client.query<PrunePlan["incidents"]>(`
    select count(*) filter (where not stays)::double precision as doomed,
      count(*) filter (where stays)::double precision as kept
    from (
      select ${stays("builds", "build_id")} or ${stays("tests", "test_id")} as stays
      from incidents i
      where exists (select from doomed_builds d where d.id = i.build_id)
        or exists (select from doomed_tests d where d.id = i.test_id)
    ) concerned`);
  return rows[0] ?? { doomed: 0, kept: 0 };
}
