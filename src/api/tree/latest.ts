/** The newest checkout of a tree's branch (chapter 04, section 5). */
import { sql } from "../../database/sql.ts";
import { named } from "../../database/sql.ts";
import type { Pool } from "../../database/pool.ts";

export interface LatestCheckout {
  git_repository_url: string | null;
  git_commit_hash: string;
  git_commit_name: string | null;
  origin: string;
  tree_name: string;
  git_repository_branch: string;
}

/**
 * The newest checkout of a branch that has a commit hash.
 *
 * @param commit a commit hash or tag that it must have, undefined for any
 */
export async function latestCheckout(
  pool: Pool,
  tree: { origin: string; name: string; branch: string },
  commit: string | undefined,
): Promise<LatestCheckout | undefined> {
  const statement =
    commit === undefined
      ? named(
          "tree_latest",
          // index checkouts_tree_head
          sql`
            select git_repository_url, git_commit_hash, git_commit_name, origin, tree_name, git_repository_branch
            from checkouts
            where origin = ${tree.origin} and git_repository_branch = ${tree.branch} and tree_name = ${tree.name}
              and git_commit_hash is not null
            order by coalesce(start_time, _timestamp) desc nulls last, _timestamp desc nulls last, id collate "C" desc
            limit 1`,
        )
      : named(
          "tree_latest_commit",
          // indexes checkouts_commit_hash and checkouts_commit_tags
          sql`
            select git_repository_url, git_commit_hash, git_commit_name, origin, tree_name, git_repository_branch
            from checkouts
            where origin = ${tree.origin} and git_repository_branch = ${tree.branch} and tree_name = ${tree.name}
              and git_commit_hash is not null
              and (git_commit_hash = ${commit} or git_commit_tags @> array[${commit}]::text[])
            order by coalesce(start_time, _timestamp) desc nulls last, _timestamp desc nulls last, id collate "C" desc
            limit 1`,
        );
  const { rows } = await pool.query<LatestCheckout>(statement);
  return rows[0];
}

/** Percent-encodes all but the characters that a path may show; `slash` stays where it is part of a branch or hash. */
function pathPart(text: string): string {
  return encodeURIComponent(text).replace(/%(2F|24|26|2B|2C|3B|3D|3A|40)/g, (code) =>
    decodeURIComponent(code),
  );
}

/** Form encoding: a blank is `+`, and everything but letters, digits and `-._~` is escaped. */
export function queryPart(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** Where the details of a checkout's commit are, by tree and branch, and by hash alone. */
export function detailAddresses(checkout: LatestCheckout): { api_url: string; old_api_url: string } {
  const { tree_name, git_repository_branch, git_commit_hash, origin, git_repository_url } = checkout;
  const hash = pathPart(git_commit_hash);
  return {
    api_url: `/api/tree/${pathPart(tree_name)}/${pathPart(git_repository_branch)}/${hash}/full?origin=${queryPart(origin)}`,
    old_api_url:
      `/api/tree/${hash}/full?origin=${queryPart(origin)}` +
      `&git_url=${queryPart(git_repository_url ?? "")}&git_branch=${queryPart(git_repository_branch)}`,
  };
}
