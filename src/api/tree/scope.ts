/** Which checkouts a request for a tree's commit means (chapter 04, section 2.4). */
import { raw, sql, type Statement } from "../../database/sql.ts";

/** An empty branch or url means checkouts without one. */
export interface Scope {
  origin: string;
  branch: string;
  /** Undefined when tree and branch decide alone. */
  url: string | undefined;
  tree: string | undefined;
}

/** A checkout `c` is in the scope. */
export function inScope({ origin, branch, url, tree }: Scope): Statement {
  return sql`c.origin = ${origin}
      and coalesce(c.git_repository_branch, '') = ${branch}
      and (${url === undefined}::boolean or coalesce(c.git_repository_url, '') = ${url ?? ""})
      and (${tree === undefined}::boolean or c.tree_name = ${tree ?? ""})`;
}

/** Time of a checkout `c`. */
export const CHECKOUT_TIME = raw("coalesce(c.start_time, c._timestamp)");

/**
 * Common table expression `wanted_commit`: the hash of a commit within a scope, in no row or one.
 *
 * @param commit hash, or tag: of the checkouts with the tag the one taken in last names the commit
 */
export function wantedCommit(scope: Scope, commit: string): Statement {
  // indexes checkouts_commit_hash and checkouts_commit_tags
  return sql`wanted_commit as materialized (
    select c.git_commit_hash
    from checkouts c
    where (c.git_commit_hash = ${commit} or c.git_commit_tags @> array[${commit}]::text[]) and ${inScope(scope)}
      and c.git_commit_hash is not null
    order by c.git_commit_hash = ${commit} desc, c._timestamp desc nulls last, c.git_commit_hash collate "C" desc
    limit 1
  )`;
}

/** Common table expression `scope_checkouts`: all checkouts of a commit within a scope, with their hash as label. */
export function commitCheckouts(scope: Scope, commit: string): Statement {
  // index checkouts_commit_hash
  return sql`${wantedCommit(scope, commit)}, scope_checkouts as materialized (
    select c.id, c.git_commit_hash as label, c.tree_name, c.git_repository_url, c.git_repository_branch,
      c.git_commit_name, c.git_commit_tags, ${CHECKOUT_TIME} as checkout_time, c._timestamp
    from checkouts c
    where c.git_commit_hash = (select git_commit_hash from wanted_commit) and ${inScope(scope)}
  )`;
}
