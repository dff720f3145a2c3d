/** tree_tests_rollup: tests by status, per commit and what they can be filtered by (chapter 02, sections 11.6 and 19). */
import { COUNTED_TESTS, ISSUE_KEY, OWN_TEST_KEY } from "./facts.ts";
import { TEST_MOVES } from "./touched.ts";

const SCOPE_KEY = `origin, tree_name, git_repository_branch, git_repository_url, git_commit_hash,
    build_config_name, build_architecture, build_compiler`;
const TEST_KEY = `path_group, hardware_key, test_platform, test_lab, test_origin, issue_id, issue_version,
    issue_uncategorized`;
const KEY = `${SCOPE_KEY}, ${TEST_KEY}`;

/** What makes a bucket unique, in the words of index tree_tests_rollup_unique. */
const CONFLICT = `(hashtextextended(git_commit_hash, 0), hash_record_extended(row(
      origin, tree_name, git_repository_branch, git_repository_url, path_group, build_config_name, build_architecture,
      build_compiler, hardware_key, test_platform, test_lab, test_origin, issue_id, issue_version, issue_uncategorized
    ), 0))`;

const STATUSES = ["pass", "fail", "skip", "error", "miss", "done"];
const COUNTERS = [...STATUSES.map((name) => `${name}_tests`), "null_tests", "total_tests"];
const KNOWN = STATUSES.map((name) => `'${name.toUpperCase()}'`).join(", ");

/** The eight counters as sums of `sign` over tests with a `status`. NULL, '' and unknown texts are null_tests. */
const COUNTER_SUMS = `
      ${STATUSES.map((name) => `coalesce(sum(sign) filter (where status = '${name.toUpperCase()}'), 0) as ${name}_tests`).join(",\n      ")},
      coalesce(sum(sign) filter (where status is null or status not in (${KNOWN})), 0) as null_tests,
      sum(sign) as total_tests`;

export const ROLLUP_TABLES: Record<string, string> = {
  // the moved builds, with one number for those whose tests share their buckets
  scoped_builds: `sign integer, build_id text, scope bigint, origin text, tree_name text, git_repository_branch text,
    git_repository_url text, git_commit_hash text, build_config_name text, build_architecture text,
    build_compiler text`,
  emptied_buckets: "id bigint",
};

/**
 * A test that changes leaves its bucket and enters another; a bucket that is left empty is deleted. Tests are grouped by
 * the number of their scope, so that of the eight texts that it stands for each is handled once a bucket and not once a
 * test.
 */
export const CHANGE_TREE_TESTS_ROLLUP = `
  insert into scoped_builds
  select sign, build_id, dense_rank() over (order by ${SCOPE_KEY}), ${SCOPE_KEY} from moved_builds;

  with changed as (
    insert into tree_tests_rollup (${KEY}, is_boot, ${COUNTERS.join(", ")})
    select ${SCOPE_KEY}, ${TEST_KEY}, is_boot, ${COUNTERS.join(", ")}
    from (
      select scope, ${TEST_KEY}, is_boot, ${COUNTER_SUMS}
      from (
        select t.sign, t.build_id, ${OWN_TEST_KEY}, ${ISSUE_KEY}
        from ${TEST_MOVES}
        left join test_incidents i on i.sign = t.sign and i.test_id = t.id and i.is_first
        -- kept apart, or the planner takes the counted tests for a few and looks all incidents through for each
        offset 0
      ) tests
      join (select sign, build_id, scope from scoped_builds) builds using (sign, build_id)
      group by scope, ${TEST_KEY}, is_boot
    ) buckets
    join (select distinct on (scope) scope, ${SCOPE_KEY} from scoped_builds) scopes using (scope)
    on conflict ${CONFLICT} do update
      set ${COUNTERS.map((name) => `${name} = tree_tests_rollup.${name} + excluded.${name}`).join(", ")}
    returning id, total_tests
  ), emptied as (
    insert into emptied_buckets select id from changed where total_tests <= 0
  )
  insert into records_written select 'tree_tests_rollup', count(*) from changed;

  -- index tree_tests_rollup_pkey
  delete from tree_tests_rollup where id = any (array(select id from emptied_buckets))`;

/** The whole buckets of the commits of the checkouts in `scope`, a query that gives ids of whole commits. */
export function expectedTreeTestsRollup(scope: string): string {
  return `
  select ${KEY}, is_boot, ${COUNTERS.map((name) => `${name}::integer as ${name}`).join(", ")}
  from (
    select ${KEY}, is_boot, ${COUNTER_SUMS}
    from (select 1 as sign, facts.* from (${COUNTED_TESTS} where c.id in (${scope})) facts) tests
    group by ${KEY}, is_boot
  ) buckets`;
}
