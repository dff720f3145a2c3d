/** Counts of a reported commit, and the known issues of its builds (chapter 04, section 11). */
import { isoTimestamp, normalStatus } from "../../database/json.ts";
import { named, raw, sql } from "../../database/sql.ts";
import type { Pool } from "../../database/pool.ts";
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
  return `json_build_object(${counts.join(", ")})::text`;
}

const longName = (status: ItemStatus): string => `${status.toLowerCase()}_count`;

/** What the builds and tests of some checkouts resulted in. */
export async function commitResults(pool: Pool, checkoutIds: string[]): Promise<CommitResults> {
  const { rows } = await pool.query<CommitResults>(
    named(
      "tree_report_results",
      // indexes builds_checkout_id, tests_build_id, incidents_build_id_dfa49727 and incidents_of_issue
      sql`
        with commit_builds as materialized (
          select b.* from unnest(${checkoutIds}::text[]) c (id)
          cross join lateral (
            select b.id, ${raw(normalStatus("b.status"))} as status, ${raw(IS_DUMMY_BUILD)} as is_dummy
            from builds b where b.checkout_id = c.id offset 0
          ) b
        ), build_counts as (
          select ${raw(statusCounts((status) => status, "not is_dummy"))} as builds from commit_builds
        ), test_counts as (
          select ${raw(statusCounts(longName, "is_boot"))} as boots, ${raw(statusCounts(longName, "not is_boot"))} as tests
          from (select id from commit_builds) b
          cross join lateral (
            select ${raw(normalStatus("t.status"))} as status, ${raw(IS_BOOT)} as is_boot
            from tests t where t.build_id = b.id offset 0
          ) t
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
        )
        select build_counts.builds, test_counts.boots, test_counts.tests, coalesce((
            select json_agg(json_build_object(
                'issue_id', known.id, 'build_id', known.build_id, 'version', known.version,
                'comment', coalesce(known.comment, 'No information'), 'report_url', known.report_url,
                'culprit_code', coalesce(known.culprit_code, false),
                'culprit_tool', coalesce(known.culprit_tool, false),
                'culprit_harness', coalesce(known.culprit_harness, false),
                'first_seen', ${raw(isoTimestamp("first._timestamp"))},
                'is_new_issue', coalesce(first.checkout_id = any (${checkoutIds}::text[]), false))
              order by known._timestamp desc nulls last, known.id collate "C", known.version, known.build_id collate "C")
            from known
            join first_incidents first using (id)
          ), '[]')::text as "buildIssues"
        from build_counts, test_counts`,
    ),
  );
  const [results] = rows;
  if (results === undefined) throw new Error("counts gave no row");
  return results;
}
