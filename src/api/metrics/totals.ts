/** What was ingested in a window, and in the one before: all but the tests, which `labs.ts` counts. */
import { sql, type Statement } from "../../database/sql.ts";
import type { Window } from "./window.ts";

/** The statement that gives the totals as members of one JSON object. */
export function totals({ previousStart, start, end }: Window): Statement {
  // indexes ..._timestamp of each table
  return sql`
    with checkouts_seen as (
      select count(*) filter (where _timestamp >= ${start}) as n,
        count(*) filter (where _timestamp < ${start}) as previous_n,
        count(distinct tree_name) filter (where _timestamp >= ${start}) as trees,
        count(distinct tree_name) filter (where _timestamp < ${start}) as previous_trees
      from checkouts where _timestamp >= ${previousStart} and _timestamp < ${end}
    ), builds_seen as (
      select count(*) filter (where _timestamp >= ${start}) as n,
        count(*) filter (where _timestamp < ${start}) as previous_n
      from builds where _timestamp >= ${previousStart} and _timestamp < ${end}
    )
    select json_build_object(
        'n_trees', c.trees, 'n_checkouts', c.n, 'n_builds', b.n,
        'n_issues', (select count(*) from issues where _timestamp >= ${start} and _timestamp < ${end}),
        'n_incidents', (
          select count(*) from incidents
          where _timestamp >= ${start} and _timestamp < ${end} and present is not false
        ),
        'prev_n_trees', c.previous_trees, 'prev_n_checkouts', c.previous_n, 'prev_n_builds', b.previous_n
      )::text as body
    from checkouts_seen c, builds_seen b`;
}
