/** The builds and tests of a version of an issue (chapter 06, sections 3.4 and 3.5). */
import {
  finiteNumber,
  isoTimestamp,
  normalStatus,
  objectWithPlatform,
  textArray,
} from "../../database/json.ts";
import type { Pool } from "../../database/pool.ts";
import { raw, sql, type Statement } from "../../database/sql.ts";
import { queryBody } from "../query.ts";
import { storableVersion } from "./extras.ts";

/**
 * A subquery with the version whose items are wanted: the requested one, else the issue's highest when it has
 * incidents, else the highest among its incidents (section 2 of the chapter). Index incidents_of_issue.
 */
function wantedVersion(id: string, version: number | undefined): Statement {
  const requested = version === undefined ? null : storableVersion(version);
  return sql`(
    select coalesce(
      ${requested}::bigint,
      (
        -- a minimum, not the first of many: for that the planner may read incidents until it meets one
        select min(n.issue_version)
        from incidents n
        where n.issue_id = ${id} and n.present is not false
          and n.issue_version = (select max(version) from issues where id = ${id})
      ),
      (
        select max(n.issue_version) from incidents n where n.issue_id = ${id} and n.present is not false
      ))
  )`;
}

const BUILD = raw(`json_build_object(
    'id', b.id, 'architecture', b.architecture, 'config_name', b.config_name, 'status', ${normalStatus("b.status")},
    'start_time', ${isoTimestamp("b.start_time")}, 'duration', ${finiteNumber("b.duration")}, 'compiler', b.compiler,
    'log_url', b.log_url, 'tree_name', c.tree_name, 'git_repository_branch', c.git_repository_branch,
    'misc', ${objectWithPlatform("b.misc")})`);

/**
 * The builds with an incident of a version of an issue, newest first, as JSON text.
 *
 * @param version the issue's own when undefined
 * @returns undefined when there are none
 */
export function issueBuilds(
  pool: Pool,
  id: string,
  version: number | undefined,
): Promise<string | undefined> {
  return queryBody(
    pool,
    "issue_builds",
    // index incidents_of_issue, then by keys
    sql`
      select json_agg(${BUILD} order by b.start_time desc nulls last, b.id collate "C")::text as body
      from (
        select distinct n.build_id
        from incidents n
        where n.issue_id = ${id} and n.issue_version = ${wantedVersion(id, version)} and n.present is not false
      ) seen
      cross join lateral (select b.* from builds b where b.id = seen.build_id offset 0) b
      left join lateral (
        select c.tree_name, c.git_repository_branch from checkouts c where c.id = b.checkout_id offset 0
      ) c on true`,
  );
}

const TEST = raw(`json_build_object(
    'id', seen.test_id, 'status', ${normalStatus("t.status")}, 'duration', ${finiteNumber("t.duration")},
    'path', t.path, 'start_time', ${isoTimestamp("t.start_time")},
    'environment_compatible', ${textArray("t.environment_compatible")}, 'environment_misc', t.environment_misc,
    'tree_name', c.tree_name, 'git_repository_branch', c.git_repository_branch, 'lab', t.misc ->> 'runtime')`);

/**
 * The tests with an incident of a version of an issue, newest first, as JSON text; also tests that have not arrived.
 *
 * @param version the issue's own when undefined
 * @returns undefined when there are none
 */
export function issueTests(pool: Pool, id: string, version: number | undefined): Promise<string | undefined> {
  return queryBody(
    pool,
    "issue_tests",
    // index incidents_of_issue, then by keys
    sql`
      select json_agg(${TEST} order by t.start_time desc nulls last, seen.test_id collate "C")::text as body
      from (
        select distinct n.test_id
        from incidents n
        where n.issue_id = ${id} and n.issue_version = ${wantedVersion(id, version)} and n.present is not false
          and n.test_id is not null
      ) seen
      left join lateral (select t.* from tests t where t.id = seen.test_id offset 0) t on true
      left join lateral (
        select c.tree_name, c.git_repository_branch
        from builds b
        join checkouts c on c.id = b.checkout_id
        where b.id = t.build_id offset 0
      ) c on true`,
  );
}
