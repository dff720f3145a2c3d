/** How trees are ordered and filtered. */
import type { StatusCounts, Tree } from "../api/trees.ts";
import { textFilter } from "../text/match.ts";

/** Orders counts by how much attention they need: by failures, then what is inconclusive, then the rest. */
export function compareCounts(a: StatusCounts, b: StatusCounts): number {
  return a.FAIL - b.FAIL || a.INCONCLUSIVE - b.INCONCLUSIVE || a.PASS - b.PASS;
}

/** The trees that a text is found in: in the names of tree, branch or commit, or the commit's hash. */
export function filterTrees(trees: readonly Tree[], text: string): readonly Tree[] {
  const passes = textFilter(text);
  if (passes === undefined) return trees;
  return trees.filter((tree) =>
    passes([tree.tree_name, tree.git_repository_branch, tree.git_commit_name, tree.git_commit_hash]),
  );
}
