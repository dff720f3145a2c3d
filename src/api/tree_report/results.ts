/** Counts of a commit, and the known issues of its builds: part of what is asked about it (chapter 04, section 11). */
import { isoTimestamp, normalStatus } from "../../database/json.ts";
import { raw, sql, type Statement } from "../../database/sql.ts";
import { IS_BOOT, IS_DUMMY_BUILD } from "../items/values.ts";
import { STATUSES, type ItemStatus } from "../shapes.ts";

/** JSON texts. */
export interface CommitResults {
  builds: string;
  boots: string;
  tests: string;
  buildIssues: string;
}

/** Counts of rows with a column `status`, as a JSON object. */
function statusCounts(key: (status: ItemStatus) => string, condition: string): string {
  const counts = STATUSES.map(
    (status) => `'${key(status)}', count(*) filter (where status = '${status}' and ${condition})`,
  );
  return `json_build_object(${counts.join(", ")})`;
}

const longName = (status: ItemStatus): string => `${status.toLowerCase()}_count`;

/** The same from a row of tree_listing. */
function keptCounts(what: "boot" | "test"): string {
  const { PASS, FAIL, NULL, ...others } = {
    PASS: `${what}_pass`,
    FAIL: `${what}_failed`,
    ERROR: `${what}_error`,
    SKIP: `${what}_skip`,
    MISS: `${what}_miss`,
    DONE: `${what}_done`,
    NULL: `${what}_inc - ${what}_error - ${what}_skip - ${what}_miss - ${what}_done`,
  };
  const items: Record<ItemStatus, string> = { PASS, FAIL, NULL, ...others };
  return `json_build_object(${STATUSES.map((status) => `'${longName(status)}', ${items[status]}`).join(", ")})`;
}

/**
 * Common table expressions `build_counts` (builds), `test_counts` (boots, tests) and `build_issues` (issues), each one
 * row. Tests are only read where the totals of the commit are not kept.
 *
 * Needs `commit_checkouts` (id) and `kept`, the commit's row of tree_listing when its totals are known.
 */
export function resultTables(): Statement {
  // indexes builds_checkout_id, tests_build_id, incidents_build_id_dfa49727 and incidents_of_issue
  return sql`commit_builds as materialized (
    select b.* from commit_checkouts c
    cross join lateral (
      select b.id, ${raw(normalStatus("b.status"))} as status, ${raw(IS_DUMMY_BUILD)} as is_dummy
      from builds b where b.checkout_id = c.id offset 0
    ) b
  ), build_counts as (
    select ${raw(statusCounts((status) => status, "not is_dummy"))} as builds from commit_builds
  ), test_counts as (
    select ${raw(keptCounts("boot"))} as boots, ${raw(keptCounts("test"))} as tests from kept
    union all
    select ${raw(statusCounts(longName, "is_boot"))}, ${raw(statusCounts(longName, "not is_boot"))}
    from (select id from commit_builds) b
    cross join lateral (
      select ${raw(normalStatus("t.status"))} as status, ${raw(IS_BOOT)} as is_boot
      from tests t where t.build_id = b.id offset 0
    ) t
    where not exists (select from kept)
    having not exists (select from kept)
  ), known as (
    select b.id as build_id, i.*
    from commit_builds b
    cross join lateral (
      select distinct n.issue_id, n.issue_version from incidents n
      where n.build_id = b.id and n.test_id is null and n.present is not false
      offset 0
    ) n
    join issues i on i.id = n.issue_id and i.version = n.issue_version
    where b.status = 'FAIL' and not b.is_dummy
  ), first_incidents as (
    select issue.id, n._timestamp, coalesce(
        (select b.checkout_id from builds b where b.id = n.build_id),
        (select b.checkout_id from tests t join builds b on b.id = t.build_id where t.id = n.test_id)
      ) as checkout_id
    from (select distinct id from known) issue
    cross join lateral (
      select n._timestamp, n.build_id, n.test_id from incidents n
      where n.issue_id = issue.id and n.present is not false
      order by n.issue_version, n._timestamp, n.id collate "C"
      limit 1
    ) n
  ), build_issues as (
    select coalesce(json_agg(json_build_object(
        'issue_id', known.id, 'build_id', known.build_id, 'version', known.version,
        'comment', coalesce(known.comment, 'No information'), 'report_url', known.report_url,
        'culprit_code', coalesce(known.culprit_code, false),
        'culprit_tool', coalesce(known.culprit_tool, false),
        'culprit_harness', coalesce(known.culprit_harness, false),
        'first_seen', ${raw(isoTimestamp("first._timestamp"))},
        'is_new_issue', coalesce(first.checkout_id in (select id from commit_checkouts), false))
      order by known._timestamp desc nulls last, known.id collate "C", known.version, known.build_id collate "C"), '[]') as issues
    from known
    join first_incidents first using (id)
  )`;
}
