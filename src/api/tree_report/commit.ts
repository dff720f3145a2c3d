/** Which commit a tree report is about (chapter 04, section 11). */
import { isoTimestamp } from "../../database/json.ts";
import { named, raw, sql } from "../../database/sql.ts";
import type { Pool } from "../../database/pool.ts";

/** Whose newest commit is reported, and how old its checkout may be. */
export interface ReportScope {
  origin: string;
  url: string;
  branch: string;
  /** Undefined for any tree with this repository and branch. */
  tree: string | undefined;
  minimumAgeHours: number;
  maximumAgeHours: number;
}

export interface ReportedCommit {
  tree: string | null;
  hash: string | null;
  name: string | null;
  /** All checkouts of the commit, whatever their age. */
  checkoutIds: string[];
  /** The newest time of those, in ISO 8601. */
  checkoutTime: string;
  /** The newest time of any checkout with the same hash; text with microseconds, like `since`. */
  newest: string;
  /** The maximum age, as a point in time. */
  since: string;
}

/**
 * The commit of the newest checkout in the scope.
 *
 * @returns undefined when there is no checkout of that age
 */
export async function reportedCommit(pool: Pool, scope: ReportScope): Promise<ReportedCommit | undefined> {
  const { rows } = await pool.query<ReportedCommit>(
    named(
      "tree_report_commit",
      // index checkouts_tree_head on the origin and branch, then the same or checkouts_commit_hash
      sql`
        with bounds as (
          select now() - make_interval(hours => ${scope.maximumAgeHours}::integer) as since,
            now() - make_interval(hours => ${scope.minimumAgeHours}::integer) as until
        ), head as (
          select c.tree_name, c.git_commit_hash, c.git_commit_name, bounds.since
          from bounds, checkouts c
          where c.origin = ${scope.origin} and c.git_repository_branch = ${scope.branch}
            and c.git_repository_url = ${scope.url}
            and (${scope.tree ?? null}::text is null or c.tree_name = ${scope.tree ?? null})
            and coalesce(c.start_time, c._timestamp) between bounds.since and bounds.until
          order by coalesce(c.start_time, c._timestamp) desc, c._timestamp desc nulls last, c.id collate "C" desc
          limit 1
        ), of_commit as (
          select array_agg(c.id) as ids, max(coalesce(c.start_time, c._timestamp)) as time
          from head
          join checkouts c on c.git_commit_hash is not distinct from head.git_commit_hash
            and c.tree_name is not distinct from head.tree_name
          where c.origin = ${scope.origin} and c.git_repository_branch = ${scope.branch}
            and c.git_repository_url = ${scope.url}
        )
        select head.tree_name as tree, head.git_commit_hash as hash, head.git_commit_name as name,
          of_commit.ids as "checkoutIds", ${raw(isoTimestamp("of_commit.time"))} as "checkoutTime",
          greatest(of_commit.time, (
            select max(coalesce(c.start_time, c._timestamp)) from checkouts c
            where c.git_commit_hash = head.git_commit_hash))::text as newest,
          head.since::text as since
        from head, of_commit`,
    ),
  );
  return rows[0];
}
