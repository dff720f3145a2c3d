/** What the details of one build or test depend on. */
import { ANY_COMMIT, branchOfTree, type Tag } from "../cache/tags.ts";

interface Details {
  origin?: string | null;
  tree_name?: string | null;
  git_repository_branch?: string | null;
}

/**
 * The branch that a build or test is of, as its own details say. What is not known, or of no checkout that is, may
 * become so with any commit.
 */
export function branchOfItem(answer: Buffer): Tag[] {
  const {
    origin = null,
    tree_name: tree = null,
    git_repository_branch: branch = null,
  } = JSON.parse(answer.toString()) as Details;
  return [origin === null ? ANY_COMMIT : branchOfTree(origin, tree, branch)];
}
