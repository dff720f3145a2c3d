/**
 * What the derived tables count, as SQL over the five KCIDB tables (chapter 02, section 19). Every rule is written
 * once, here, and used alike when a batch changes rows and when a table is computed anew.
 *
 * The aliases are fixed: `t` a test, `b` its build, `c` the build's checkout, `i` the test's issue.
 */

/**
 * Which rows the facts are taken from: those of a batch `before` and `after` its merge, or `all` rows.
 *
 * For a batch, which starts from a temporary table, other tables are looked up row by row through an index. The
 * planner knows nothing of a temporary table that was filled a moment ago, and left to itself would now and then read
 * a whole big table for a handful of rows; `lookup` keeps it from rearranging. For all rows the way is the planner's.
 */
export type Moment = "before" | "after" | "all";

/** An inner join, row by row, with the rows of `table` that meet the condition, as `alias`. */
export function lookup(table: string, alias: string, condition: string): string {
  return `cross join lateral (select ${alias}.* from ${table} ${alias} where ${condition} offset 0) ${alias}`;
}

function joined(moment: Moment, table: string, alias: string, condition: string): string {
  if (moment === "all") return `join ${table} ${alias} on ${condition}`;
  // The batch's new rows are in the tables already; before it they were not.
  const old = moment === "before" ? ` and ${alias}.id not in (select id from new_${table})` : "";
  return lookup(table, alias, condition + old);
}

/** Time of a checkout. NULL only in adopted rows that have neither. */
export const CHECKOUT_TIME = "coalesce(c.start_time, c._timestamp)";

/** A build that only exists so that tests without a build have a parent. Never counted itself. */
export const IS_DUMMY_BUILD = "starts_with(b.id, 'maestro:dummy_')";

/** The platform of a test: a non-empty string, or NULL. */
function platformOf(test: string): string {
  return `case when jsonb_typeof(${test}.environment_misc -> 'platform') = 'string'
    then nullif(${test}.environment_misc ->> 'platform', '') end`;
}
const PLATFORM = platformOf("t");

/** What counts of the test `t` by itself, from its stored row; as a `select` list. */
export const TEST_FACTS = `t.id, t.build_id, t.origin, t.status, t.path, t.start_time, ${PLATFORM} as platform,
    case when jsonb_typeof(t.misc -> 'runtime') = 'string' then t.misc ->> 'runtime' end as lab,
    t.environment_compatible as compatible,
    coalesce(t.path = 'boot' or starts_with(t.path, 'boot.'), false) as is_boot`;

/** The columns of `TEST_FACTS`, as for `create table`. */
export const TEST_FACT_COLUMNS = `id text, build_id text, origin text, status text, path text, start_time timestamptz,
    platform text, lab text, compatible text[], is_boot boolean`;

/** All tests. */
export const ALL_TESTS = `(select ${TEST_FACTS} from tests t) t`;

/** `P`, `F`, `I`, or NULL: adopted rows may hold an empty text for NULL. */
export function simplifiedStatus(status: string): string {
  return `case when coalesce(${status}, '') = '' then null when ${status} = 'PASS' then 'P'
    when ${status} = 'FAIL' then 'F' else 'I' end`;
}

/** What is not absent, and among it what came first, decides a test's issue; of the incident `i`. */
const COUNTED_INCIDENT = "i.present is not false";
const FIRST_INCIDENT = 'i._timestamp, i.id collate "C"';

/** Columns of an incident of a test, as for `create table`; is_first: it decides the test's issue. */
export const TEST_INCIDENT_COLUMNS =
  "test_id text, build_id text, issue_id text, issue_version integer, is_first boolean";

/**
 * The incidents of a batch's tests, but for those that say that their issue is absent. Nearly all tests have none.
 *
 * @param source gives id and build_id of tests as `t`
 */
export function incidentsOfTests(source: string, moment: "before" | "after"): string {
  const old = moment === "before" ? "and i.id not in (select id from new_incidents)" : "";
  return `
  select t.id as test_id, t.build_id, i.issue_id, i.issue_version,
    row_number() over (partition by t.id order by ${FIRST_INCIDENT}) = 1 as is_first
  from ${source}
  -- index incidents_of_test
  ${lookup("incidents", "i", `i.test_id = t.id and ${COUNTED_INCIDENT} ${old}`)}`;
}

/** What a ready test is counted under by itself, of `t`; as a `select` list. */
export const OWN_TEST_KEY = `
    case when coalesce(t.path, '') = '' then '-' else split_part(t.path, '.', 1) end as path_group,
    coalesce(t.compatible[1], t.platform, 'Unknown') as hardware_key,
    t.platform as test_platform, t.lab as test_lab, t.origin as test_origin,
    t.is_boot, upper(t.status) as status, coalesce(cardinality(t.compatible) > 0, false) as has_compatibles`;

/** What it is counted under by its issue, of `t` and the incident `i` that decides it; likewise. */
export const ISSUE_KEY = `
    i.issue_id, i.issue_version,
    i.issue_id is null and upper(t.status) is not distinct from 'FAIL' as issue_uncategorized`;

/** What a ready test is counted under by its build and checkout, of `b` and `c`; as a `select` list. */
const PARENT_KEY = `
    c.id as checkout_id, ${CHECKOUT_TIME} as checkout_time,
    c.origin, c.tree_name, c.git_repository_branch, c.git_repository_url, c.git_commit_hash,
    coalesce(nullif(b.config_name, ''), 'Unknown') as build_config_name,
    coalesce(nullif(b.architecture, ''), 'Unknown') as build_architecture,
    coalesce(nullif(b.compiler, ''), 'Unknown') as build_compiler`;

/** Columns of a ready build with what its tests are counted under, as for `create table`. */
export const MOVED_BUILD_COLUMNS = `
  build_id text, checkout_id text, checkout_time timestamptz,
  origin text, tree_name text, git_repository_branch text, git_repository_url text, git_commit_hash text,
  build_config_name text, build_architecture text, build_compiler text`;

/** One row per ready build of those that `source` gives as `x.build_id`. */
export function movedBuilds(source: string, moment: Moment): string {
  return `
  select b.id as build_id, ${PARENT_KEY}
  from ${source}
  ${joined(moment, "builds", "b", "b.id = x.build_id")}
  ${joined(moment, "checkouts", "c", "c.id = b.checkout_id")}`;
}

/** One row per ready test, with all that it is counted under. */
export const COUNTED_TESTS = `
  select t.id as test_id, ${PARENT_KEY}, ${OWN_TEST_KEY}, ${ISSUE_KEY}
  from ${ALL_TESTS}
  join builds b on b.id = t.build_id
  join checkouts c on c.id = b.checkout_id
  left join lateral (
    -- index incidents_first_of_test
    select i.issue_id, i.issue_version from incidents i where i.test_id = t.id and ${COUNTED_INCIDENT}
    order by ${FIRST_INCIDENT} limit 1
  ) i on true`;

/** Columns of a build that is counted for its commit. */
export const COUNTED_BUILD_COLUMNS = `
  checkout_id text, checkout_time timestamptz,
  origin text, tree_name text, git_repository_branch text, git_repository_url text, git_commit_hash text, status text`;

/** One row per ready build of `source`, which provides `b`, without dummies. */
export function countedBuilds(source: string, moment: Moment): string {
  return `
  select
    c.id as checkout_id, ${CHECKOUT_TIME} as checkout_time,
    c.origin, c.tree_name, c.git_repository_branch, c.git_repository_url, c.git_commit_hash, upper(b.status) as status
  from ${source}
  ${joined(moment, "checkouts", "c", "c.id = b.checkout_id")}
  where not ${IS_DUMMY_BUILD}`;
}

/** Columns of a build that is counted on a piece of hardware. */
export const HARDWARE_BUILD_COLUMNS = `
  test_origin text, platform text, checkout_id text, checkout_time timestamptz, status text, builds integer`;

/**
 * Builds on each hardware that a ready test of them ran on, without dummies, those that count alike as one row.
 *
 * @param source provides `b`
 * @param condition about `b` or `c`
 */
export function hardwareBuilds(source: string, moment: Moment, condition = "true"): string {
  const oldBuild = moment === "before" ? "and b.id not in (select id from new_builds)" : "";
  return `
  select test_origin, platform, checkout_id, checkout_time, status, count(*)::integer as builds
  from (
    select distinct
      b.id as build_id, t.origin as test_origin, ${PLATFORM} as platform,
      c.id as checkout_id, ${CHECKOUT_TIME} as checkout_time, upper(b.status) as status
    from ${source}
    ${joined(moment, "checkouts", "c", `c.id = b.checkout_id ${oldBuild}`)}
    ${joined(moment, "tests", "t", "t.build_id = b.id")}
    where not ${IS_DUMMY_BUILD} and ${PLATFORM} is not null and ${condition}
  ) builds
  group by test_origin, platform, checkout_id, checkout_time, status`;
}

/** The stored test `o` was there before the batch, and the merge leaves it as it was. */
const IS_OLDER =
  "o.id not in (select id from new_tests) and o.id not in (select id from touched_tests where staged)";

/** Older tests of a build that are looked at to know its hardware. Nearly all builds have fewer. */
const OLDER_LOOKED_AT = 200;

/**
 * The same, after the merge, for builds that count as before, and only where a test of the batch is the first on its
 * hardware. Two hundred older tests of a build are read once for all of its hardware; only where it has more, each piece that
 * was not among these is looked for: a build may have thousands of tests that come one by one.
 *
 * @param tests the new and the touched ones, with the columns of `TEST_FACTS` as `t`
 */
export function newHardwareOfBuilds(tests: string): string {
  const hardware = "(t.build_id, t.test_origin, t.platform)";
  return `
  with older as materialized (
    -- index tests_build_id_551a24f9
    select p.build_id, o.origin, o.platform
    from (select build_id from touched_pairs where not restated) p
    cross join lateral (
      select o.origin, ${platformOf("o")} as platform from tests o
      where o.build_id = p.build_id and ${IS_OLDER}
      limit ${OLDER_LOOKED_AT}
    ) o
  )
  select t.test_origin, t.platform, x.checkout_id, x.checkout_time, x.status, count(*)::integer
  from (
    select distinct t.build_id, t.origin as test_origin, t.platform
    from ${tests}
    where t.platform is not null and t.build_id in (select build_id from touched_pairs where not restated)
  ) t
  join (
    -- once a build and not once a test
    select b.id as build_id, upper(b.status) as status, c.id as checkout_id, ${CHECKOUT_TIME} as checkout_time
    from (select build_id from touched_pairs where not restated) p
    ${lookup("builds", "b", "b.id = p.build_id")}
    ${lookup("checkouts", "c", "c.id = b.checkout_id")}
    where not ${IS_DUMMY_BUILD}
    offset 0
  ) x on x.build_id = t.build_id
  where ${hardware} not in (select distinct build_id, origin, platform from older where platform is not null)
    -- what the merge may have changed is held against what it was
    and ${hardware} not in (
      select build_id, origin, platform from touched_tests where staged and platform is not null)
    and not (
      t.build_id in (select build_id from older group by build_id having count(*) >= ${OLDER_LOOKED_AT})
      and exists (
        select from (select id, origin, environment_misc from tests where build_id = t.build_id offset 0) o
        where o.origin = t.test_origin and ${platformOf("o")} = t.platform and ${IS_OLDER}
        offset 0))
  group by t.test_origin, t.platform, x.checkout_id, x.checkout_time, x.status`;
}

/**
 * The same for rekeyed builds, whose tests are all at hand.
 *
 * @param tests gives the columns of `TEST_FACTS` as `t`
 * @param builds gives the ready ones of the builds as `movedBuilds` does
 */
export function hardwareBuildsOf(tests: string, builds: string): string {
  return `
  select t.test_origin, t.platform, m.checkout_id, m.checkout_time, m.status, count(*)::integer
  from (
    select distinct t.build_id, t.origin as test_origin, t.platform
    from ${tests}
    where t.platform is not null and t.build_id in (select id from touched_builds where rekeyed)
  ) t
  join (
    select m.*, upper(b.status) as status
    from (${builds}) m
    ${lookup("builds", "b", "b.id = m.build_id")}
    where not ${IS_DUMMY_BUILD}
    -- once a build and not once a test
    offset 0
  ) m on m.build_id = t.build_id
  group by t.test_origin, t.platform, m.checkout_id, m.checkout_time, m.status`;
}

/** Two rows are of the same tree: NULL equals NULL. */
export function sameTree(a: string, b: string): string {
  return ["tree_name", "git_repository_url", "git_repository_branch"].reduce(
    (text, column) => `${text} and ${a}.${column} is not distinct from ${b}.${column}`,
    `${a}.origin = ${b}.origin`,
  );
}

/** A tree as one value that can be hashed and compared, NULL equal to NULL: for joins of many rows. */
export function treeKey(alias: string): string {
  return `jsonb_build_array(${alias}.origin, ${alias}.tree_name, ${alias}.git_repository_url, ${alias}.git_repository_branch)`;
}

/** A tree's commit as one value, likewise. */
export function commitKey(alias: string): string {
  return `(${treeKey(alias)} || jsonb_build_array(${alias}.git_commit_hash))`;
}

/** The nine counters of the listings. */
export const COUNTERS = ["build", "boot", "test"].flatMap((what) =>
  ["pass", "failed", "inc"].map((result) => `${what}_${result}`),
);

const RESULT_CONDITIONS = {
  pass: "status = 'PASS'",
  failed: "status = 'FAIL'",
  inc: "status is distinct from 'PASS' and status is distinct from 'FAIL'",
};

/** The nine counters as sums of `sign` over rows with `what` (build, boot or test) and `status`. */
export const COUNTER_SUMS = ["build", "boot", "test"]
  .flatMap((what) =>
    Object.entries(RESULT_CONDITIONS).map(
      ([result, condition]) =>
        `coalesce(sum(sign) filter (where what = '${what}' and ${condition}), 0) as ${what}_${result}`,
    ),
  )
  .join(",\n      ");
