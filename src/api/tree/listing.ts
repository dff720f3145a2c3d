/** The tree listing (chapter 04, section 4). */
import { isoTimestamp, textArray } from "../../database/json.ts";
import { raw, sql } from "../../database/sql.ts";
import type { Pool } from "../../database/pool.ts";
import { queryBody } from "../query.ts";

/** Counters of adopted rows may be negative. */
function statusCount(what: string): string {
  return `json_build_object('PASS', greatest(l.${what}_pass, 0), 'FAIL', greatest(l.${what}_failed, 0), 'INCONCLUSIVE', greatest(l.${what}_inc, 0))`;
}

const ITEM = raw(`json_build_object(
    'id', l.checkout_id,
    'build_status', ${statusCount("build")},
    'boot_status', ${statusCount("boot")},
    'test_status', ${statusCount("test")},
    'tree_name', l.tree_name,
    'git_commit_tags', ${textArray("l.git_commit_tags")},
    'origin', l.origin,
    'git_repository_url', l.git_repository_url,
    'git_repository_branch', l.git_repository_branch,
    'git_commit_hash', l.git_commit_hash,
    'git_commit_name', l.git_commit_name,
    'start_time', ${isoTimestamp("l.start_time")})`);

/**
 * The newest commit of each tree of an origin, newest first, as JSON text.
 *
 * @param days how old the newest checkout may be
 * @returns undefined when there is none
 */
export function treeListing(pool: Pool, origin: string, days: number): Promise<string | undefined> {
  return queryBody(
    pool,
    "tree_listing",
    // index latest_checkout_unique on the origin, then tree_listing_checkout_id
    sql`
      select json_agg(${ITEM} order by l.start_time desc, l.checkout_id collate "C")::text as body
      from latest_checkout latest
      join tree_listing l on l.checkout_id = latest.checkout_id
      where latest.origin = ${origin} and latest.start_time >= now() - make_interval(days => ${days}::integer)`,
  );
}
