/** The listing of issues (chapter 06, section 3.1). */
import { isoTimestamp, textArray } from "../../database/json.ts";
import type { Pool } from "../../database/pool.ts";
import { raw, sql } from "../../database/sql.ts";
import type { IssueListFilters } from "../../filters/filters.ts";
import { queryBody } from "../query.ts";
import { BUILDS_OF_INCIDENT, incidentOf } from "./extras.ts";
import type { Interval } from "./interval.ts";

const ITEM = raw(`json_build_object(
    'field_timestamp', ${isoTimestamp("i._timestamp")}, 'id', i.id, 'comment', i.comment, 'origin', i.origin,
    'version', i.version, 'culprit_code', i.culprit_code, 'culprit_tool', i.culprit_tool,
    'culprit_harness', i.culprit_harness, 'categories', ${textArray("i.categories")})`);

/**
 * The issue versions that were taken in within an interval, newest first, with the first incident of each issue and what
 * one may filter by, as JSON text.
 *
 * A version is left out when it has incidents and none of them leads to a checkout. That is decided by looking at its
 * incidents one by one until one does, which as a rule is the first.
 *
 * @returns undefined when there is none in the interval, whatever the filters
 */
export function issueListing(
  pool: Pool,
  { start, end }: Interval,
  filters: IssueListFilters,
): Promise<string | undefined> {
  const { origins = null, culprits = null, categories = null, hasIncident } = filters;
  return queryBody(
    pool,
    "issue_listing",
    // indexes issues__timestamp and incidents_of_issue, then by keys; the orders keep the planner from reading all
    // incidents in the hope of soon meeting one of the issue
    sql`
      with taken_in as materialized (
        select _timestamp, id, version, origin, comment, culprit_code, culprit_tool, culprit_harness, categories
        from issues
        where _timestamp >= ${start}::timestamptz and _timestamp <= ${end}::timestamptz
      ), shown as materialized (
        select i.*, coalesce(incident.found, false) as has_incidents
        from taken_in i
        left join lateral (
          select true as found from incidents n
          where n.issue_id = i.id and n.issue_version = i.version and n.present is not false
          order by n._timestamp
          limit 1
        ) incident on true
        left join lateral (
          select true as found
          from incidents n
          ${BUILDS_OF_INCIDENT}
          cross join lateral (
            select from builds b join checkouts c on c.id = b.checkout_id where b.id = seen.build_id offset 0
          ) checkout
          where n.issue_id = i.id and n.issue_version = i.version and n.present is not false
          order by n._timestamp
          limit 1
        ) checkout on true
        left join lateral (
          select true as found from incidents n
          where n.issue_id = i.id and n.present is not false and ${hasIncident}::boolean
          order by n.issue_version
          limit 1
        ) of_any_version on true
        where (${origins}::text[] is null or i.origin = any(${origins}))
          and (${culprits}::text[] is null
            or (i.culprit_code and 'code' = any(${culprits}))
            or (i.culprit_harness and 'harness' = any(${culprits}))
            or (i.culprit_tool and 'tool' = any(${culprits})))
          and (${categories}::text[] is null or i.categories && ${categories})
          and (not ${hasIncident}::boolean or of_any_version.found)
          and (incident.found is null or checkout.found)
      )
      select json_build_object(
        'issues', coalesce((
          select json_agg(${ITEM} order by i._timestamp desc, i.id collate "C", i.version desc) from shown i
        ), '[]'),
        'extras', coalesce((
          select json_object_agg(issue.id, first_incident.body order by issue.id collate "C")
          from (select distinct id from shown where has_incidents) issue
          cross join lateral ${incidentOf("issue.id", "first")} first_incident
        ), '{}'),
        'filters', json_build_object(
          'origins', (
            select json_agg(origin order by origin collate "C")
            from (select distinct origin from taken_in) origins
          ),
          'culprits', (
            select array_remove(array[
              case when bool_or(culprit_code) then 'code' end,
              case when bool_or(culprit_harness) then 'harness' end,
              case when bool_or(culprit_tool) then 'tool' end], null)
            from taken_in
          ),
          'categories', coalesce((
            select json_agg(category order by category collate "C")
            from (select distinct unnest(categories) as category from taken_in) categories
            where category is not null
          ), '[]')
        )
      )::text as body
      where exists (select from taken_in)`,
  );
}
