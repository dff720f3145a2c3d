/** Earlier results of a test on one branch, configuration and platform (chapter 06, section 5.3). */
import type { Static } from "typebox";
import { isoTimestamp, normalStatus } from "../../database/json.ts";
import type { Pool } from "../../database/pool.ts";
import { named, raw, sql, type Statement } from "../../database/sql.ts";
import { classifyHistory } from "./regression.ts";
import type { StatusHistoryQuery } from "./shapes.ts";

type Query = Static<typeof StatusHistoryQuery>;

/**
 * From the branch's checkouts to their builds to their tests, each step by the index of the link alone: left to
 * itself, the planner adds an index on configuration or platform to each lookup, which reads far more than it saves.
 */
function statusHistory(query: Query): Statement {
  const { current_test_start_time: startedBy, field_timestamp: ingestedBy, platform } = query;
  // indexes checkouts_tree_head or checkouts_git_url, builds_checkout_id_e340e47e, tests_build_id_551a24f9
  return sql`
    with found as (
      select t.id, t.start_time, t.sort_time, ${raw(normalStatus("t.status"))} as status, c.git_commit_hash
      from checkouts c
      cross join lateral (
        select b.id, b.config_name from builds b where b.checkout_id = c.id offset 0
      ) b
      cross join lateral (
        select t.id, t.path, t.environment_misc, t.status, t.start_time, t._timestamp,
          case when ${startedBy}::timestamptz is not null then t.start_time else t._timestamp end as sort_time
        from tests t where t.build_id = b.id offset 0
      ) t
      where c.origin = ${query.origin} and c.git_repository_branch = ${query.git_repository_branch}
        and c.git_repository_url = ${query.git_repository_url}
        and b.config_name = ${query.config_name}
        and t.path = ${query.path}
        and case when coalesce(${startedBy}::timestamptz, ${ingestedBy}::timestamptz) is null
          then t.start_time is null and t._timestamp is null
          else t.sort_time <= coalesce(${startedBy}::timestamptz, ${ingestedBy}::timestamptz) end
        and case when ${platform !== undefined}::boolean
          then t.environment_misc ->> 'platform' = ${platform}
          else t.environment_misc ->> 'platform' is null end
      order by t.sort_time desc, t.id collate "C" desc
      limit ${query.group_size}
    )
    select json_agg(json_build_object(
        'start_time', ${raw(isoTimestamp("start_time"))}, 'id', id, 'status', status,
        'git_commit_hash', git_commit_hash
      ) order by sort_time desc, id collate "C" desc)::text as history,
      array_agg(status order by sort_time desc, id collate "C" desc) as statuses
    from found
    having count(*) > 0`;
}

/**
 * The results as JSON text, newest first, with what they say together.
 *
 * @returns undefined when there are none
 */
export async function statusHistoryBody(pool: Pool, query: Query): Promise<string | undefined> {
  const { rows } = await pool.query<{ history: string; statuses: string[] }>(
    named("test_status_history", statusHistory(query)),
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return `{"status_history":${row.history},"regression_type":"${classifyHistory(row.statuses)}"}`;
}
