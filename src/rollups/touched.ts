/**
 * What a batch touches.
 *
 * Every counter is a sum over tests or builds, each of which contributes to the rows that its facts name. A batch
 * changes the facts of few of them: of those it brings, of those that waited for a build or checkout it brings, and
 * of those whose build, checkout or incident it completes. Their facts as they were are taken with sign -1, those
 * after the merge with +1, and the sums of the signs are what is added to the derived tables. What does not change
 * cancels.
 *
 * When this starts, the batch's new rows are inserted already (`new_*` holds their keys, `new_tests` also the tests'
 * own facts) and its known ones are not merged yet. As they were therefore means: without the new rows.
 *
 * The tables here are temporary ones of the writer's session, empty at the start of each transaction.
 */
import {
  CHECKOUT_TIME,
  COUNTED_BUILD_COLUMNS,
  HARDWARE_BUILD_COLUMNS,
  MOVED_BUILD_COLUMNS,
  TEST_FACTS,
  TEST_FACT_COLUMNS,
  TEST_INCIDENT_COLUMNS,
  countedBuilds,
  hardwareBuilds,
  hardwareBuildsOf,
  incidentsOfTests,
  lookup,
  movedBuilds,
  newHardwareOfBuilds,
} from "./facts.ts";

/** Temporary tables, by name, with their columns. The `staged_*` and `new_*` tables are the writer's. */
export const TOUCHED_TABLES: Record<string, string> = {
  // every staged checkout; rekeyed: it is new, or its tree or commit changes
  touched_checkouts: "id text, is_new boolean, rekeyed boolean",
  // builds that are new, that change, or whose checkout is rekeyed; rekeyed: tests of it may change their bucket;
  // restated: it is new, or its status changes
  touched_builds: "id text, is_new boolean, rekeyed boolean, restated boolean",
  // stored tests beside the new ones, which are all touched, with their facts as they were; staged: the merge may
  // change these
  touched_tests: `staged boolean, ${TEST_FACT_COLUMNS}`,
  // the staged ones of them, with their facts as they are after the merge
  touched_after: TEST_FACT_COLUMNS,
  // builds whose hardware may change, but for rekeyed ones: of these all tests are touched
  touched_pairs: "build_id text, restated boolean",
  // known staged checkouts as they were
  before_checkouts: `id text, origin text, tree_name text, git_repository_url text, git_repository_branch text,
    git_commit_hash text, checkout_time timestamptz`,
  // ready builds of the touched tests; what many tests share is found and kept once
  moved_builds: `sign integer, ${MOVED_BUILD_COLUMNS}`,
  // incidents of the touched tests as they were, and of these and the new ones as they are; is_new: of a new test
  test_incidents: `sign integer, is_new boolean, ${TEST_INCIDENT_COLUMNS}`,
  build_moves: `sign integer, ${COUNTED_BUILD_COLUMNS}`,
  hardware_build_moves: `sign integer, ${HARDWARE_BUILD_COLUMNS}`,
};

/** Some column is NULL and the merge fills it. */
function fills(alias: string, ...columns: string[]): string {
  return columns.map((name) => `(${alias}.${name} is null and s.${name} is not null)`).join(" or ");
}

/** A missing status that the merge fills; adopted rows may hold '' for NULL. */
function fillsStatus(alias: string): string {
  return `(coalesce(${alias}.status, '') = '' and s.status is not null)`;
}

/** A missing lab, or the one that we put there, that the merge replaces. */
const REPLACES_MISC = `((t.misc is null or t.misc = jsonb_build_object('runtime', t.origin)) and s.misc is distinct from t.misc)`;

/** The staged rows of a kind that were stored before this batch. */
function knownStaged(kind: string): string {
  return `(select * from staged_${kind} where id not in (select id from new_${kind})) s`;
}

/** Finds what the batch touches, by primary keys, and children by checkout_id, build_id and test_id. */
export const FIND_TOUCHED = `
  insert into touched_checkouts (id, is_new, rekeyed)
  select id, true, true from new_checkouts
  union all
  select s.id, false, ${fills("c", "tree_name", "git_repository_url", "git_repository_branch", "git_commit_hash")}
  from ${knownStaged("checkouts")}
  ${lookup("checkouts", "c", "c.id = s.id")};

  insert into touched_builds (id, is_new, rekeyed, restated)
  select id, bool_or(is_new), bool_or(rekeyed), bool_or(restated)
  from (
    select id, true as is_new, true as rekeyed, true as restated from new_builds
    union all
    select s.id, false, ${fills("b", "config_name", "architecture", "compiler")}, ${fillsStatus("b")}
    from ${knownStaged("builds")}
    ${lookup("builds", "b", "b.id = s.id")}
    union all
    -- index builds_checkout_id_e340e47e
    select b.id, false, true, true
    from (select id from touched_checkouts where rekeyed) x
    ${lookup("builds", "b", "b.checkout_id = x.id")}
  ) builds
  group by id
  having bool_or(rekeyed) or bool_or(restated);

  insert into touched_tests
  select t.id in (select id from staged_tests), t.*
  from (
    -- index tests_build_id_551a24f9
    select ${TEST_FACTS}
    from (select id from touched_builds where rekeyed) x
    ${lookup("tests", "t", "t.build_id = x.id and t.id not in (select id from new_tests)")}
  ) t;

  insert into touched_tests
  select distinct on (t.id) t.id in (select id from staged_tests), t.*
  from (
    select ${TEST_FACTS}
    from ${knownStaged("tests")}
    ${lookup("tests", "t", "t.id = s.id")}
    where ${fillsStatus("t")} or ${fills("t", "path", "start_time", "environment_misc", "environment_compatible")}
      or ${REPLACES_MISC}
    union all
    select ${TEST_FACTS}
    from (select test_id from staged_incidents where test_id is not null) s
    ${lookup("tests", "t", "t.id = s.test_id")}
    union all
    select ${TEST_FACTS}
    from ${knownStaged("incidents")}
    ${lookup("incidents", "i", "i.id = s.id")}
    ${lookup("tests", "t", "t.id = i.test_id")}
  ) t
  where t.id not in (select id from new_tests) and t.build_id not in (select id from touched_builds where rekeyed);

  insert into touched_pairs (build_id, restated)
  select build_id, bool_or(restated)
  from (
    select build_id, false as restated from new_tests
    union
    select build_id, false from touched_tests
    union
    select id, restated from touched_builds
  ) pairs
  where build_id not in (select id from touched_builds where rekeyed)
  group by build_id;

  insert into before_checkouts
  select c.id, c.origin, c.tree_name, c.git_repository_url, c.git_repository_branch, c.git_commit_hash, ${CHECKOUT_TIME}
  from (select id from touched_checkouts where not is_new) x
  ${lookup("checkouts", "c", "c.id = x.id")}`;

const FACT_NAMES = TEST_FACT_COLUMNS.split(",")
  .map((column) => column.trim().split(" ")[0])
  .join(", ");

/** The touched tests as they are stored after the merge, as `t`. */
export const TOUCHED_TESTS_AFTER = `(
    select ${FACT_NAMES} from touched_tests where not staged
    union all
    select * from touched_after
  ) t`;

/** The new and the touched tests, likewise. */
export const TESTS_AFTER = `(select * from new_tests union all select * from ${TOUCHED_TESTS_AFTER}) t`;

/** The touched tests that were counted before the merge, as `t`; few, as most waited. */
const COUNTED_BEFORE = `(
    select ${FACT_NAMES} from touched_tests
    where build_id in (select build_id from moved_builds where sign = -1)
  ) t`;

/**
 * The tests of the batch, as they were with sign -1 and as they are with +1, as `t`. Only those are counted whose build is among
 * `moved_builds` with the same sign.
 */
export const TEST_MOVES = `(
    select -1 as sign, * from ${COUNTED_BEFORE}
    union all
    select 1, * from ${TESTS_AFTER}
  ) t`;

/** Takes the facts of what is touched, as they were with sign -1 and as they are with +1. */
export function takeMoves(moment: "before" | "after"): string {
  const isBefore = moment === "before";
  const sign = isBefore ? -1 : 1;
  const testBuilds = isBefore
    ? "(select distinct build_id from touched_tests) x"
    : "(select build_id from touched_pairs union select id from touched_builds) x";
  const tests = isBefore ? "touched_tests t" : TESTS_AFTER;
  const existing = isBefore ? "where not is_new" : "";
  const builds = `(select id from touched_builds ${existing}) x ${lookup("builds", "b", "b.id = x.id")}`;
  const restated = `(select build_id from touched_pairs where restated) x ${lookup("builds", "b", "b.id = x.build_id")}`;
  const incidents = isBefore
    ? `select -1, false, incidents.* from (${incidentsOfTests(COUNTED_BEFORE, moment)}) incidents`
    : `select 1, true, incidents.* from (${incidentsOfTests("new_tests t", moment)}) incidents
  union all
  select 1, false, incidents.* from (${incidentsOfTests(TOUCHED_TESTS_AFTER, moment)}) incidents`;
  return `
  ${
    isBefore
      ? ""
      : `insert into touched_after
  select ${TEST_FACTS} from (select id from touched_tests where staged) x ${lookup("tests", "t", "t.id = x.id")};`
  }

  insert into moved_builds
  select ${sign}, moved.* from (${movedBuilds(testBuilds, moment)}) moved;

  insert into test_incidents
  ${incidents};

  insert into build_moves
  select ${sign}, counted.* from (${countedBuilds(builds, moment)}) counted;

  ${isBefore ? "" : `insert into hardware_build_moves select 1, counted.* from (${newHardwareOfBuilds(tests)}) counted;`}

  -- many builds with many tests each are joined here, which the planner takes for one of each
  set local enable_nestloop = off;
  insert into hardware_build_moves
  select ${sign}, counted.* from (${hardwareBuilds(restated, moment)}) counted
  union all
  select ${sign}, counted.*
  from (${hardwareBuildsOf(tests, `select * from moved_builds where sign = ${sign}`)}) counted;
  set local enable_nestloop = on`;
}
