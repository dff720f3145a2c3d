/** The tree listing: the newest commit of each tree with its counts. */
import { count, fields, list, nullable, text } from "./decoder.ts";
import { apiPath, request } from "./request.ts";
import type { Resource } from "./resource.ts";

/** How many builds, boots or tests had which verdict. */
export interface StatusCounts {
  PASS: number;
  FAIL: number;
  INCONCLUSIVE: number;
}

export interface Tree {
  /** Of the newest checkout. */
  id: string;
  origin: string;
  tree_name: string | null;
  git_repository_url: string | null;
  git_repository_branch: string | null;
  git_commit_hash: string | null;
  git_commit_name: string | null;
  git_commit_tags: string[] | null;
  start_time: string | null;
  build_status: StatusCounts;
  boot_status: StatusCounts;
  test_status: StatusCounts;
}

/** Days to look back. */
export const WINDOWS = ["1", "3", "7", "14", "30", "90", "all"] as const;
export type Window = (typeof WINDOWS)[number];

/** More than any checkout is old. */
export const ALL_DAYS = "100000";

const statusCounts = fields<StatusCounts>({ PASS: count, FAIL: count, INCONCLUSIVE: count });

export const decodeTrees = list(
  fields<Tree>({
    id: text,
    origin: text,
    tree_name: nullable(text),
    git_repository_url: nullable(text),
    git_repository_branch: nullable(text),
    git_commit_hash: nullable(text),
    git_commit_name: nullable(text),
    git_commit_tags: nullable(list(text)),
    start_time: nullable(text),
    build_status: statusCounts,
    boot_status: statusCounts,
    test_status: statusCounts,
  }),
);

/** Trees whose newest checkout of an origin is in the window, none included. */
export function trees(origin: string, window: Window): Resource<Tree[]> {
  const path = apiPath(["tree", ""], { origin, interval_in_days: window === "all" ? ALL_DAYS : window });
  return {
    queryKey: ["trees", origin, window],
    queryFn: async ({ signal }) => {
      const answer = await request(path, decodeTrees, signal);
      return answer.found ? answer.value : [];
    },
    meta: { isChangedBy: (tree) => tree.origin === origin },
  };
}
