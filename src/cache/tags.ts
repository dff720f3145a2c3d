/**
 * What answers depend on, as short texts. A route names the tags of an answer (`tagsOf...`), a commit touches those of
 * what it changed; see `docs/caching.md` for which is which, and why that is enough.
 *
 * The first character is the kind: a commit that changed "everything" of a kind touches all tags that begin so.
 */
import type { Change, ChangeList, ChangedHardware, ChangedIssue, ChangedTree } from "../changes/change.ts";

export type Tag = string;

/** Separates the parts of a tag; texts of the database cannot have it. */
const CUT = "\0";
const TREE = "t";
const HARDWARE = "h";
const ISSUE = "i";
const ROWS = "r";

function joined(kind: string, ...parts: (string | null)[]): Tag {
  return kind + parts.map((part) => part ?? "").join(CUT);
}

/** Touched by every commit of submissions. */
export const ANY_COMMIT: Tag = joined(ROWS, "any");
/** A checkout is new, got something that it lacked, or was delivered again. */
export const ANY_CHECKOUT: Tag = joined(ROWS, "checkout");
/** A stored checkout got something that it lacked, or was delivered again: its tree, or its time, may be another one. */
export const MOVED_CHECKOUT: Tag = joined(ROWS, "moved checkout");
/** A stored checkout got something that it lacked. Issues do not count as changed by that, though they show checkouts. */
export const FILLED_CHECKOUT: Tag = joined(ROWS, "filled checkout");
/** Any issue, or incident of one. */
export const ANY_ISSUE: Tag = joined(ISSUE, "any");
/** An issue was delivered again, which moves it in lists that are in the order of that time. */
export const REPEATED_ISSUE: Tag = joined(ROWS, "repeated issue");
export const REPEATED_BUILD: Tag = joined(ROWS, "repeated build");
export const REPEATED_TEST: Tag = joined(ROWS, "repeated test");

/** Trees of checkouts of an origin. */
export function treesOf(origin: string): Tag {
  return joined(TREE, "origin", origin);
}

/** A branch of a tree by its name. */
export function branchOfTree(origin: string, tree: string | null, branch: string | null): Tag {
  return joined(TREE, "tree", origin, tree, branch);
}

/** A branch of a repository. Without one or the other it is that of checkouts that name none. */
export function branchOfRepository(origin: string, url: string | null, branch: string | null): Tag {
  return joined(TREE, "url", origin, url, branch);
}

/** A tree line, the unit that has a head: new checkouts of it, whatever else is new of them. */
export function lineOf(tree: Omit<ChangedTree, "git_commit_hash">): Tag {
  const { origin, tree_name: name, git_repository_url: url, git_repository_branch: branch } = tree;
  return joined(TREE, "line", origin, name, url, branch);
}

/** A commit of any tree, by its hash. */
export function commitOfHash(hash: string): Tag {
  return joined(TREE, "commit", hash);
}

/** Hardware that tests of an origin ran on. */
export function hardwareOf(origin: string): Tag {
  return joined(HARDWARE, "origin", origin);
}

/** A platform or a compatible, as tests of an origin name it. */
export function hardwareNamed(origin: string, name: string): Tag {
  return joined(HARDWARE, "name", origin, name);
}

/** All versions of an issue. */
export function issueOf(id: string): Tag {
  return joined(ISSUE, "id", id);
}

/** The kind of a tag. */
export function kindOf(tag: Tag): string {
  return tag.charAt(0);
}

/** What a commit touched: tags, and kinds of which everything counts as touched. */
export interface Touched {
  tags: Set<Tag>;
  kinds: Set<string>;
}

/** @returns undefined when it cannot be told, so that it may be anything */
export function touchedBy({ trees, hardware, issues, rows }: Change): Touched | undefined {
  if (rows?.new_checkouts === undefined) return undefined;
  const touched: Touched = { tags: new Set([ANY_COMMIT]), kinds: new Set() };
  addAll(touched, TREE, trees, tagsOfTree);
  addAll(touched, TREE, rows.new_checkouts, (tree) => [lineOf(tree)]);
  addAll(touched, TREE, rows.trees, tagsOfTree);
  addAll(touched, HARDWARE, hardware, tagsOfHardware);
  addAll(touched, ISSUE, issues, tagsOfIssue);
  addAll(touched, ISSUE, rows.issues, tagsOfIssue);
  const has = (kind: string, ...groups: ("new" | "changed" | "repeated")[]): boolean =>
    groups.some((group) => rows[group].includes(kind));
  if (has("checkouts", "new", "changed", "repeated")) touched.tags.add(ANY_CHECKOUT);
  if (has("checkouts", "changed", "repeated")) touched.tags.add(MOVED_CHECKOUT);
  if (has("checkouts", "changed")) touched.tags.add(FILLED_CHECKOUT);
  if (has("issues", "repeated")) touched.tags.add(REPEATED_ISSUE);
  if (has("builds", "repeated")) touched.tags.add(REPEATED_BUILD);
  if (has("tests", "repeated")) touched.tags.add(REPEATED_TEST);
  return touched;
}

function addAll<T>(
  { tags, kinds }: Touched,
  kind: string,
  list: ChangeList<T>,
  tagsOf: (item: T) => Tag[],
): void {
  if ("all" in list) kinds.add(kind);
  else for (const item of list) for (const tag of tagsOf(item)) tags.add(tag);
}

function tagsOfTree(tree: ChangedTree): Tag[] {
  const { origin, tree_name: name, git_repository_url: url, git_repository_branch: branch } = tree;
  const tags = [treesOf(origin), branchOfTree(origin, name, branch), branchOfRepository(origin, url, branch)];
  return tree.git_commit_hash === null ? tags : [...tags, commitOfHash(tree.git_commit_hash)];
}

function tagsOfHardware({ origin, platform, compatibles }: ChangedHardware): Tag[] {
  const names = [platform, ...(compatibles ?? [])].filter((name) => name !== null);
  return [hardwareOf(origin), ...names.map((name) => hardwareNamed(origin, name))];
}

function tagsOfIssue({ id }: ChangedIssue): Tag[] {
  return [ANY_ISSUE, issueOf(id)];
}
