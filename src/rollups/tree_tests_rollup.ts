/** tree_tests_rollup: tests by status, per commit and what they can be filtered by (chapter 02, sections 11.6 and 19). */
import { countedTests, ALL_TESTS } from "./facts.ts";

const KEY = `origin, tree_name, git_repository_branch, git_repository_url, git_commit_hash, path_group,
    build_config_name, build_architecture, build_compiler, hardware_key, test_platform, test_lab, test_origin,
    issue_id, issue_version, issue_uncategorized`;

const STATUSES = ["pass", "fail", "skip", "error", "miss", "done"];
const COUNTERS = [...STATUSES.map((name) => `${name}_tests`), "null_tests", "total_tests"];
const KNOWN = STATUSES.map((name) => `'${name.toUpperCase()}'`).join(", ");

/** Signed facts summed into buckets. `is_boot` follows from `path_group`. NULL, '' and unknown texts are null_tests. */
function buckets(testMoves: string): string {
  return `
    select ${KEY}, is_boot,
      ${STATUSES.map((name) => `coalesce(sum(sign) filter (where status = '${name.toUpperCase()}'), 0) as ${name}_tests`).join(",\n      ")},
      coalesce(sum(sign) filter (where status is null or status not in (${KNOWN})), 0) as null_tests,
      sum(sign) as total_tests
    from ${testMoves} moves
    group by ${KEY}, is_boot`;
}

export const ROLLUP_TABLES: Record<string, string> = {
  emptied_buckets: "id bigint",
};

/** A test that changes leaves its bucket and enters another; a bucket that is left empty is deleted. */
export const CHANGE_TREE_TESTS_ROLLUP = `
  with changed as (
    insert into tree_tests_rollup (${KEY}, is_boot, ${COUNTERS.join(", ")})
    select * from (${buckets("test_moves")}) moves
    on conflict on constraint tree_tests_rollup_unique do update
      set ${COUNTERS.map((name) => `${name} = tree_tests_rollup.${name} + excluded.${name}`).join(", ")}
    returning id, total_tests
  )
  insert into emptied_buckets select id from changed where total_tests <= 0;

  delete from tree_tests_rollup using emptied_buckets emptied where tree_tests_rollup.id = emptied.id`;

/** The whole buckets of the commits of the checkouts in `scope`, a query that gives ids of whole commits. */
export function expectedTreeTestsRollup(scope: string): string {
  const moves = `(select 1 as sign, facts.* from (${countedTests(ALL_TESTS, "all")} where c.id in (${scope})) facts)`;
  return `
  select ${KEY}, is_boot, ${COUNTERS.map((name) => `${name}::integer as ${name}`).join(", ")}
  from (${buckets(moves)}) buckets`;
}
