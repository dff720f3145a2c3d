/** The builds of a tree's commit (chapter 04, sections 2.4, 6.1 and 6.3). */
import { finiteNumber, isoTimestamp, jsonObject, normalStatus } from "../../database/json.ts";
import { named, raw, sql } from "../../database/sql.ts";
import type { Pool } from "../../database/pool.ts";

/** Which checkouts a request means. An empty branch or url means checkouts without one. */
export interface Scope {
  origin: string;
  branch: string;
  /** Undefined when the tree and branch decide alone. */
  url: string | undefined;
  tree: string | undefined;
}

export interface CommitBuilds {
  /** The commit has checkouts in the scope. */
  hasCheckouts: boolean;
  /** Those have builds, dummies included. */
  hasBuilds: boolean;
  /** JSON text of the builds, without dummies. */
  builds: string;
}

/** Blanks, brackets and quotes around a compiler or architecture are no part of it. */
function trimmed(column: string): string {
  return `coalesce(nullif(btrim(${column}, ' []'''), ''), 'Unknown')`;
}

const MISC = jsonObject("b.misc");

const ITEM = raw(`json_build_object(
      'id', b.id,
      'origin', b.origin,
      'architecture', ${trimmed("b.architecture")},
      'config_name', coalesce(nullif(b.config_name, ''), 'Unknown'),
      'misc', '{"platform": "Unknown"}'::jsonb || (${MISC}),
      'config_url', b.config_url,
      'compiler', ${trimmed("b.compiler")},
      'status', ${normalStatus("b.status")},
      'duration', ${finiteNumber("b.duration")},
      'log_url', b.log_url,
      'start_time', ${isoTimestamp("b.start_time")},
      'git_repository_url', c.git_repository_url,
      'git_repository_branch', c.git_repository_branch)`);

/**
 * All builds of a commit's checkouts within a scope, those whose newest known issue is newest first.
 *
 * @param commit hash, or tag: of the checkouts with the tag the one taken in last names the commit
 */
export async function commitBuilds(pool: Pool, scope: Scope, commit: string): Promise<CommitBuilds> {
  const { rows } = await pool.query<CommitBuilds>(
    named(
      "tree_builds",
      // indexes checkouts_commit_hash and checkouts_commit_tags, builds_checkout_id, incidents_build_id
      sql`
        with candidates as (
          select c.id, c.git_commit_hash, c.git_repository_url, c.git_repository_branch, c._timestamp
          from checkouts c
          where (c.git_commit_hash = ${commit} or c.git_commit_tags @> array[${commit}]::text[])
            and c.origin = ${scope.origin}
            and coalesce(c.git_repository_branch, '') = ${scope.branch}
            and (${scope.url}::text is null or coalesce(c.git_repository_url, '') = ${scope.url})
            and (${scope.tree}::text is null or c.tree_name = ${scope.tree})
        ), wanted as (
          select git_commit_hash from candidates
          where git_commit_hash is not null
          order by git_commit_hash = ${commit} desc, _timestamp desc nulls last, git_commit_hash desc
          limit 1
        ), commit_checkouts as (
          select c.id, c.git_repository_url, c.git_repository_branch
          from checkouts c
          join wanted using (git_commit_hash)
          where c.origin = ${scope.origin}
            and coalesce(c.git_repository_branch, '') = ${scope.branch}
            and (${scope.url}::text is null or coalesce(c.git_repository_url, '') = ${scope.url})
            and (${scope.tree}::text is null or c.tree_name = ${scope.tree})
        ), commit_builds as (
          select b.*, c.git_repository_url, c.git_repository_branch
          from commit_checkouts c
          join builds b on b.checkout_id = c.id
        )
        select
          exists (select from commit_checkouts) as "hasCheckouts",
          exists (select from commit_builds) as "hasBuilds",
          coalesce((
            select json_agg(${ITEM} order by known.newest desc nulls last, b.start_time desc nulls last, b.id collate "C")
            from commit_builds b
            join commit_checkouts c on c.id = b.checkout_id
            left join lateral (
              select max(i._timestamp) as newest
              from incidents n
              join issues i on i.id = n.issue_id and i.version = n.issue_version
              where n.build_id = b.id and n.test_id is null and n.present is not false
            ) known on true
            where not starts_with(b.id, 'maestro:dummy_')
          ), '[]')::text as builds`,
    ),
  );
  return rows[0] ?? { hasCheckouts: false, hasBuilds: false, builds: "[]" };
}
