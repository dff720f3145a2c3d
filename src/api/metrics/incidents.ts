/** Issues seen on builds in a window, by the origin of the incidents. */
import { sql, type Statement } from "../../database/sql.ts";
import type { Window } from "./window.ts";

const TOP_ISSUES = 3;

/** The statement that gives the three maps by origin as members of one JSON object. */
export function buildIncidents({ start, end }: Window): Statement {
  // Index incidents__timestamp; then, for each issue that was seen, its first incident by index incidents_first_of_issue,
  // and its versions by primary key.
  return sql`
    with seen as materialized (
      select origin, issue_id, issue_version, count(*) as total
      from incidents
      where _timestamp >= ${start} and _timestamp < ${end} and build_id is not null and present is not false
      group by origin, issue_id, issue_version
    ), new_issues as materialized (
      select s.issue_id, first.origin
      from (select distinct issue_id from seen) s
      cross join lateral (
        select n.origin, n._timestamp
        from incidents n
        where n.issue_id = s.issue_id and n.build_id is not null and n.present is not false
        order by n._timestamp, n.id collate "C"
        limit 1
      ) first
      where first._timestamp >= ${start}
    ), known as materialized (
      select s.*, coalesce(i.comment, '') as comment,
        row_number() over (
          partition by s.origin order by s.total desc, s.issue_id collate "C", s.issue_version
        ) as place
      from seen s
      cross join lateral (
        select i.comment from issues i where i.id = s.issue_id and i.version = s.issue_version offset 0
      ) i
    ), by_origin as (
      select s.origin, sum(s.total) as total, count(distinct s.issue_id) as issues,
        count(distinct n.issue_id) as new_issues
      from seen s
      left join new_issues n on n.issue_id = s.issue_id and n.origin = s.origin
      where s.origin in (select origin from known)
      group by s.origin
    ), listed as (
      select k.origin, k.place, n.issue_id is not null as is_new,
        json_build_object(
          'id', k.issue_id, 'version', k.issue_version, 'comment', k.comment, 'total_incidents', k.total
        ) as issue
      from known k
      left join new_issues n on n.issue_id = k.issue_id and n.origin = k.origin
    ), lists as (
      select origin, json_agg(issue order by place) filter (where place <= ${TOP_ISSUES}) as top,
        json_agg(issue order by place) filter (where is_new) as new
      from listed
      group by origin
    )
    select json_build_object(
        'build_incidents_by_origin', (
          select coalesce(json_object_agg(origin, json_build_object(
              'total_incidents', total, 'n_new_issues', new_issues, 'n_existing_issues', issues - new_issues,
              'n_total_issues', issues
            ) order by origin collate "C"), '{}')
          from by_origin
        ),
        'top_issues_by_origin',
          coalesce(json_object_agg(origin, top order by origin collate "C"), '{}'),
        'new_issues_by_origin',
          coalesce(json_object_agg(origin, new order by origin collate "C") filter (where new is not null), '{}')
      )::text as body
    from lists`;
}
