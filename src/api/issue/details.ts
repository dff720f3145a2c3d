/** One version of an issue (chapter 06, section 3.3). */
import { isoTimestamp, textArray } from "../../database/json.ts";
import type { Pool } from "../../database/pool.ts";
import { raw, sql } from "../../database/sql.ts";
import { queryBody } from "../query.ts";
import { issueExtras, storableVersion } from "./extras.ts";

const FIELDS = raw(`
    'field_timestamp', ${isoTimestamp("i._timestamp")}, 'id', i.id, 'version', i.version, 'origin', i.origin,
    'report_url', i.report_url, 'report_subject', i.report_subject, 'culprit_code', i.culprit_code,
    'culprit_tool', i.culprit_tool, 'culprit_harness', i.culprit_harness, 'comment', i.comment, 'misc', i.misc,
    'categories', ${textArray("i.categories")}`);

/**
 * The details of a version of an issue as JSON text.
 *
 * @param version the highest one when undefined
 * @returns undefined when there is no such issue or version
 */
export function issueDetails(
  pool: Pool,
  id: string,
  version: number | undefined,
): Promise<string | undefined> {
  const stored = version === undefined ? null : storableVersion(version);
  return queryBody(
    pool,
    "issue_details",
    // by primary key
    sql`
      with issue as (
        select * from issues
        where id = ${id} and (${stored}::bigint is null or version = ${stored}::bigint)
        order by version desc
        limit 1
      )
      select json_build_object(${FIELDS},
        'extra', coalesce((${issueExtras(sql`select id, version, version::text from issue`)}), '{}'))::text as body
      from issue i`,
  );
}
