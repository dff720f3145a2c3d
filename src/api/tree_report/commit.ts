/** Which commit a tree report is about, and what it resulted in (chapter 04, section 11). */
import { isoTimestamp } from "../../database/json.ts";
import { named, raw, sql } from "../../database/sql.ts";
import type { Pool } from "../../database/pool.ts";
import { resultTables, type CommitResults } from "./results.ts";

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

export interface ReportedCommit extends CommitResults {
  tree: string | null;
  hash: string | null;
  name: string | null;
  /** The newest time of its checkouts, whatever their age, in ISO 8601. */
  checkoutTime: string;
  /** The newest time of any checkout with the same hash; text with microseconds, like `since`. */
  newest: string;
  /** The maximum age, as a point in time. */
  since: string;
}

/**
 * The commit of the newest checkout in the scope, with its counts and issues.
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
        ), commit_checkouts as materialized (
          select c.id, coalesce(c.start_time, c._timestamp) as time
          from head
          join checkouts c on c.git_commit_hash is not distinct from head.git_commit_hash
            and c.tree_name is not distinct from head.tree_name
          where c.origin = ${scope.origin} and c.git_repository_branch = ${scope.branch}
            and c.git_repository_url = ${scope.url}
        ), of_commit as (
          select max(time) as time from commit_checkouts
        ), kept as materialized (
          -- index tree_listing_commit_hash
          select l.* from head
          cross join lateral (
            select l.* from tree_listing l
            where l.git_commit_hash = head.git_commit_hash and l.origin = ${scope.origin}
              and l.git_repository_branch = ${scope.branch} and l.git_repository_url = ${scope.url}
              and l.tree_name is not distinct from head.tree_name and l.test_error is not null
            offset 0
          ) l
          where not exists (select from commit_checkouts where time is null)
        ), ${resultTables()}
        select head.tree_name as tree, head.git_commit_hash as hash, head.git_commit_name as name,
          ${raw(isoTimestamp("of_commit.time"))} as "checkoutTime",
          build_counts.builds::text, test_counts.boots::text, test_counts.tests::text, build_issues.issues::text as "buildIssues",
          greatest(of_commit.time, (
            select max(coalesce(c.start_time, c._timestamp)) from checkouts c
            where c.git_commit_hash = head.git_commit_hash))::text as newest,
          head.since::text as since
        from head, of_commit, build_counts, test_counts, build_issues`,
    ),
  );
  return rows[0];
}
