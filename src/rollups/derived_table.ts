/**
 * Each derived table as something that can be held against what follows from the rows, and mended: how its rows are
 * told apart, which of them stand for some checkouts, and the two statements that compare and mend them.
 */
import { lookup, treeKey } from "./facts.ts";
import { EXPECTED_PENDING_BUILDS, EXPECTED_PENDING_TEST, WAITING_TESTS_BY_PARENT } from "./pending.ts";
import { EXPECTED, type CountedTableName, type DerivedTableName, type QueueName } from "./refresh.ts";
import { COMMIT, STATUS_COUNTERS } from "./tree_listing.ts";

const TREE = "origin, tree_name, git_repository_url, git_repository_branch";

/** Which checkouts are meant, as queries. */
export interface Scope {
  /** Gives their ids, all those of each commit. */
  checkouts: string;
  /** Gives the columns of `COMMIT` once for each of their commits. */
  commits: string;
}

interface Identity {
  /** What tells a row from all others, NULL equal to NULL. */
  key: string[];
  /** The primary key: a number that the database gives, `id`, or columns of `key`. */
  primaryKey: string[];
  /** Columns of our own, NULL in rows that were written before there was such a column: not known yet. */
  own: string[];
}

interface Standing {
  /** The rows that stand for the checkouts of the scope. */
  found: (scope: Scope) => string;
  /** The columns that say what a row stands for. */
  unit: string;
  /** The same of all stored checkouts, as a query. */
  stored: string;
}

/**
 * The rows of `table` that belong to the commits of a query, by the table's index on git_commit_hash, or on its hash: in this form no
 * other column can be looked up, as a planner without statistics would rather do, at the cost of a whole origin.
 */
export function ofCommits(table: string, commits: string): string {
  const sameTree = `(${columnsOf("r", TREE)}) is not distinct from (${columnsOf("k", TREE)})`;
  const isHashed = table === "tree_tests_rollup";
  const indexed = (alias: string): string =>
    isHashed ? `hashtextextended(${alias}.git_commit_hash, 0)` : `${alias}.git_commit_hash`;
  const sameCommit = isHashed ? "r.git_commit_hash = k.git_commit_hash and" : "";
  return `
  select r.*
  from (${commits}) k
  cross join lateral (
    select r.* from ${table} r where ${indexed("r")} = ${indexed("k")} and ${sameCommit} ${sameTree}
    union all
    select r.* from ${table} r where k.git_commit_hash is null and ${indexed("r")} is null and ${sameTree}
  ) r`;
}

const names = (list: string): string[] => list.split(",").map((name) => name.trim());

function columnsOf(alias: string, list: string): string {
  return names(list)
    .map((name) => `${alias}.${name}`)
    .join(", ");
}

const ROLLUP_KEY = `${COMMIT}, path_group, build_config_name, build_architecture, build_compiler, hardware_key,
  test_platform, test_lab, test_origin, issue_id, issue_version, issue_uncategorized`;

const IDENTITY: Record<DerivedTableName, Identity> = {
  latest_checkout: { key: names(TREE), primaryKey: ["id"], own: [] },
  tree_listing: {
    key: names(COMMIT),
    primaryKey: ["id"],
    own: STATUS_COUNTERS.map(({ name }) => name),
  },
  hardware_status: {
    key: ["checkout_id", "test_origin", "platform"],
    primaryKey: ["test_origin", "platform", "checkout_id"],
    own: ["compatibles_test_id"],
  },
  tree_tests_rollup: { key: names(ROLLUP_KEY), primaryKey: ["id"], own: [] },
  pending_test: { key: ["test_id"], primaryKey: ["test_id"], own: [] },
  pending_builds: { key: ["build_id"], primaryKey: ["build_id"], own: [] },
};

const STANDING: Record<CountedTableName, Standing> = {
  latest_checkout: {
    // a few thousand rows
    found: ({ checkouts }) => `
      select r.* from latest_checkout r
      where ${treeKey("r")} in (select ${treeKey("c")} from checkouts c where c.id in (${checkouts}))`,
    unit: TREE,
    stored: `select ${TREE} from checkouts`,
  },
  tree_listing: {
    // index tree_listing_commit_hash
    found: ({ commits }) => ofCommits("tree_listing", commits),
    unit: COMMIT,
    stored: `select ${COMMIT} from checkouts`,
  },
  hardware_status: {
    // index hw_status_checkout_id
    found: ({ checkouts }) => `
      select r.* from (${checkouts}) k (id) ${lookup("hardware_status", "r", "r.checkout_id = k.id")}`,
    unit: "checkout_id",
    stored: "select id from checkouts",
  },
  tree_tests_rollup: {
    // index tree_tests_rollup_unique
    found: ({ commits }) => ofCommits("tree_tests_rollup", commits),
    unit: COMMIT,
    stored: `select ${COMMIT} from checkouts`,
  },
};

/** A table's rows in two queries of the same columns: as they should be, and as they are (with `id` beside). */
export interface Sides {
  table: DerivedTableName;
  /** All columns but a primary key that is only a number. */
  columns: string[];
  expected: string;
  found: string;
}

/** The rows of a counted table that stand for a scope. */
export function sidesOfScope(table: CountedTableName, columns: string[], scope: Scope): Sides {
  return { table, columns, expected: EXPECTED[table](scope.checkouts), found: STANDING[table].found(scope) };
}

/** The waiting rows with the ids that a query gives. */
export function sidesOfWaiting(table: QueueName, columns: string[], ids: string): Sides {
  const expected =
    table === "pending_test"
      ? `${EXPECTED_PENDING_TEST} and t.id in (${ids})`
      : `${EXPECTED_PENDING_BUILDS} and b.id in (${ids})`;
  return { table, columns, expected, found: `select r.* from ${table} r where r.${idOf(table)} in (${ids})` };
}

/** All waiting rows. `FIND_WAITING_PARENTS` has to have run. */
export function sidesOfAllWaiting(table: QueueName, columns: string[]): Sides {
  const expected = table === "pending_test" ? WAITING_TESTS_BY_PARENT : EXPECTED_PENDING_BUILDS;
  return { table, columns, expected, found: `select r.* from ${table} r` };
}

/** The column that holds the id of what waits. */
export function idOf(table: QueueName): string {
  return table === "pending_test" ? "test_id" : "build_id";
}

/**
 * The rows that stand for checkouts that are not stored: no stored checkout leads to them. An adopted database has
 * such rows where the checkouts were pruned.
 */
export function strayRows(table: CountedTableName): string {
  return rowsOfUnits(table, leftUnits(table));
}

/** What the rows of a table stand for that is not stored, as a query of its `unit` columns. */
export function leftUnits(table: CountedTableName): string {
  const { unit, stored } = STANDING[table];
  return `select ${unit} from ${table} except ${stored}`;
}

/** Those of some units that are not stored now; found by index, but for trees. */
export function unitsStillLeft(table: CountedTableName, units: string): string {
  const { unit, stored } = STANDING[table];
  const named = `select ${unit} from (${units}) n`;
  if (unit === COMMIT) return `${named} except select ${unit} from (${ofCommits("checkouts", named)}) c`;
  if (unit === TREE) return `${named} except ${stored}`;
  return `${named} where not exists (select from checkouts c where c.id = n.checkout_id)`;
}

/** The rows of a table that stand for some units. */
export function rowsOfUnits(table: CountedTableName, units: string): string {
  const { unit, found } = STANDING[table];
  if (unit === COMMIT) return found({ checkouts: "", commits: units });
  if (unit !== TREE) return found({ checkouts: units, commits: "" });
  return `select r.* from ${table} r where ${treeKey("r")} in (select ${treeKey("k")} from (${units}) k)`;
}

/** A row as text for a report: what tells it from others. */
export function rowKey(table: DerivedTableName): string {
  return jsonObject(IDENTITY[table].key);
}

/** Deletes the rows that a query gives. */
export function deletion(table: DerivedTableName, rows: string): string {
  const { primaryKey } = IDENTITY[table];
  return `delete from ${table} where (${primaryKey.join(", ")}) in (select ${primaryKey.join(", ")} from (${rows}) s)`;
}

/** Both sides as one, of which equal rows fall together: NULLs and arrays are compared as values, by hash. */
function bothSides({ columns, expected, found }: Sides, rowId: string): string {
  const list = columns.join(", ");
  return `
    select true as is_expected, ${list}, null::bigint as row_id from (${expected}) e
    union all
    select false, ${list}, ${rowId} from (${found}) f`;
}

function jsonObject(columns: string[]): string {
  return `jsonb_build_object(${columns.map((name) => `'${name}', ${name}`).join(", ")})`;
}

const WANTED = "count(*) filter (where is_expected)";
const FOUND = "count(*) filter (where not is_expected)";

/** What became of a key: its row is missing, is not wanted, has other values, or has columns that are not known yet. */
export type Verdict = "missing" | "extra" | "different" | "unknown";

/** A result row of `comparison`. */
export interface Comparison {
  /** Rows that the table has. */
  compared: number;
  counts: Partial<Record<Verdict, number>>;
  examples: Difference[];
}

export interface Difference {
  verdict: Verdict;
  key: Record<string, unknown>;
  /** The columns that differ. Of a missing or extra row all beside its key. */
  columns: Record<string, { expected?: unknown; found?: unknown }>;
}

/** A statement that gives one row of `Comparison`. @param limit how many examples to give */
export function comparison(sides: Sides, limit: number): string {
  const { key, own } = IDENTITY[sides.table];
  const list = sides.columns.join(", ");
  const values = sides.columns.filter((name) => !key.includes(name));
  return `
  with grouped as (
    select ${list}, ${WANTED} as wanted, ${FOUND} as found
    from (${bothSides(sides, "null")}) sides
    group by ${list}
  ), pairs as (
    select ${jsonObject(key)} as key,
      (jsonb_agg(${jsonObject(values)}) filter (where wanted > found)) -> 0 as expected,
      (jsonb_agg(${jsonObject(values)}) filter (where wanted < found)) -> 0 as found
    from grouped
    where wanted <> found
    group by ${key.join(", ")}
  ), judged as (
    select key,
      case when found is null then 'missing' when expected is null then 'extra'
        when not exists (
          select from jsonb_each(expected) e
          where e.value <> found -> e.key
            and (found -> e.key <> 'null' or e.key <> all(array[${own.map((name) => `'${name}'`).join(", ")}]::text[])))
        then 'unknown' else 'different' end as verdict,
      (
        select jsonb_object_agg(name, case when found is null then jsonb_build_object('expected', expected -> name)
          when expected is null then jsonb_build_object('found', found -> name)
          else jsonb_build_object('expected', expected -> name, 'found', found -> name) end)
        from jsonb_object_keys(coalesce(expected, found)) name
        where expected is null or found is null or expected -> name <> found -> name
      ) as columns
    from pairs
  )
  select (select coalesce(sum(found), 0) from grouped)::double precision as compared,
    (
      select coalesce(jsonb_object_agg(verdict, rows), '{}')
      from (select verdict, count(*) as rows from judged group by verdict) counts
    ) as counts,
    (
      select coalesce(jsonb_agg(to_jsonb(first)), '[]')
      from (
        select verdict, key, coalesce(columns, '{}') as columns from judged
        order by verdict = 'unknown', key::text limit ${limit}
      ) first
    ) as examples`;
}

/** A query that gives the values of `column` of the rows that are not equal on both sides. */
export function differingIds(sides: Sides, column: string): string {
  return `
  select distinct ${column} as id
  from (
    select ${column} from (${bothSides(sides, "null")}) sides
    group by ${sides.columns.join(", ")}
    having ${WANTED} <> ${FOUND}
  ) unequal`;
}

/**
 * Statements that make a table's rows right, within the caller's transaction and under the writers' lock: only those
 * that are not are written. The last three write; their row counts are what was deleted, updated and inserted.
 */
export function mending(sides: Sides): { find: string; remove: string; change: string; add: string } {
  const { table, columns } = sides;
  const { key, primaryKey } = IDENTITY[table];
  const numbered = primaryKey.join() === "id";
  const list = columns.join(", ");
  const sameRow = numbered
    ? "r.id = m.found_id"
    : primaryKey.map((name) => `r.${name} = m.${name}`).join(" and ");
  const values = columns.filter((name) => !key.includes(name));
  return {
    find: `
    drop table if exists mended;
    create temp table mended on commit drop as
    with unequal as (
      select ${list}, ${WANTED} > ${FOUND} as wanted, max(row_id) as row_id
      from (${bothSides(sides, numbered ? "id" : "null")}) sides
      group by ${list}
      having ${WANTED} <> ${FOUND}
    )
    select ${list}, wanted, bool_or(wanted) over pair as has_wanted, bool_or(not wanted) over pair as has_found,
      max(row_id) over pair as found_id
    from unequal
    window pair as (partition by ${key.join(", ")})`,
    remove: `delete from ${table} r using mended m where not m.has_wanted and ${sameRow}`,
    change: `
    update ${table} r set ${values.map((name) => `${name} = m.${name}`).join(", ")}
    from mended m where m.wanted and m.has_found and ${sameRow}`,
    add: `insert into ${table} (${list}) select ${list} from mended where wanted and not has_found`,
  };
}
