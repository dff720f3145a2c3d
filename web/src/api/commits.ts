/** One commit of a tree: its builds, and what it is called. */
import type { ChangedTree } from "./changes.ts";
import { fields, list, nullable, number, oneOf, text } from "./decoder.ts";
import { apiPath, request, type Answer } from "./request.ts";
import type { Resource } from "./resource.ts";

/** Which commit is meant: by tree and branch where both have a name, else by repository and branch. */
export type CommitAddress =
  | { by: "tree"; origin: string; hash: string; tree: string; branch: string }
  | { by: "repository"; origin: string; hash: string; url: string; branch: string };

export const BUILD_STATUSES = ["FAIL", "ERROR", "MISS", "NULL", "SKIP", "DONE", "PASS"] as const;
export type BuildStatus = (typeof BUILD_STATUSES)[number];

export interface Build {
  id: string;
  origin: string;
  architecture: string;
  config_name: string;
  config_url: string | null;
  compiler: string;
  status: BuildStatus;
  /** Seconds. */
  duration: number | null;
  log_url: string | null;
  start_time: string | null;
  git_repository_url: string | null;
  git_repository_branch: string | null;
}

export interface Commit {
  tree_name: string | null;
  git_commit_hash: string | null;
  git_commit_name: string | null;
  git_repository_url: string | null;
}

export const decodeBuilds = fields<{ builds: Build[] }>({
  builds: list(
    fields<Build>({
      id: text,
      origin: text,
      architecture: text,
      config_name: text,
      config_url: nullable(text),
      compiler: text,
      status: oneOf(BUILD_STATUSES),
      duration: nullable(number),
      log_url: nullable(text),
      start_time: nullable(text),
      git_repository_url: nullable(text),
      git_repository_branch: nullable(text),
    }),
  ),
});

export const decodeCommit = fields<Commit>({
  tree_name: nullable(text),
  git_commit_hash: nullable(text),
  git_commit_name: nullable(text),
  git_repository_url: nullable(text),
});

function addressKey(address: CommitAddress): string[] {
  const { by, origin, hash, branch } = address;
  return [by, origin, hash, address.by === "tree" ? address.tree : address.url, branch];
}

/** Whether a tree's commit that changed is the one that is meant. What has no name is empty in an address. */
function isCommit(address: CommitAddress, tree: ChangedTree): boolean {
  const { origin, hash, branch } = address;
  if (tree.origin !== origin || tree.git_commit_hash !== hash) return false;
  if ((tree.git_repository_branch ?? "") !== branch) return false;
  return address.by === "tree"
    ? tree.tree_name === address.tree
    : (tree.git_repository_url ?? "") === address.url;
}

/** The builds of a commit, or why there are none. */
export function commitBuilds(address: CommitAddress): Resource<Answer<Build[]>> {
  const { origin, hash, branch } = address;
  const path =
    address.by === "tree"
      ? apiPath(["tree", address.tree, branch, hash, "builds"], { origin })
      : apiPath(["tree", hash, "builds"], { origin, git_url: address.url, git_branch: branch });
  return {
    queryKey: ["builds", ...addressKey(address)],
    queryFn: async ({ signal }) => {
      const answer = await request(path, decodeBuilds, signal);
      return answer.found ? { found: true, value: answer.value.builds } : answer;
    },
    meta: { isChangedBy: (tree) => isCommit(address, tree) },
  };
}

/**
 * What a commit is called, null when the API does not know.
 *
 * @param build id of one of its builds: where the tree has no name, only a build knows its commit
 */
export function commitNames(address: CommitAddress, build: string | undefined): Resource<Commit | null> {
  const { origin, hash, branch } = address;
  const path =
    address.by === "tree"
      ? apiPath(["tree", address.tree, branch], { origin, commit_hash: hash })
      : apiPath(["build", build ?? ""]);
  return {
    queryKey: ["commit", ...addressKey(address), address.by === "tree" ? "" : (build ?? "")],
    queryFn: async ({ signal }) => {
      if (address.by === "repository" && build === undefined) return null;
      const answer = await request(path, decodeCommit, signal);
      return answer.found ? answer.value : null;
    },
    meta: { isChangedBy: (tree) => isCommit(address, tree) },
  };
}
