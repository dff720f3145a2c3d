/** Addresses of commits' pages as the API wants them. */
import type { CommitAddress } from "../api/commits.ts";

/** Of a commit in a tree's branch. */
export function treeAddress(
  { tree, branch, hash }: { tree: string; branch: string; hash: string },
  { origin }: { origin: string },
): CommitAddress {
  return { by: "tree", origin, tree, branch, hash };
}

/** Of a commit in a repository's branch, where the tree has no name. */
export function repositoryAddress(
  { hash }: { hash: string },
  { origin, url, branch }: { origin: string; url: string; branch: string },
): CommitAddress {
  return { by: "repository", origin, url, branch, hash };
}
