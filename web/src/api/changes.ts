/** What submissions change, as it happens: the server's events. */
import { fields, list, nullable, text, type Decode } from "./decoder.ts";
import { apiPath } from "./request.ts";

/** A tree and its commit of which something changed. */
export interface ChangedTree {
  origin: string;
  tree_name: string | null;
  git_repository_url: string | null;
  git_repository_branch: string | null;
  git_commit_hash: string | null;
}

/** The trees that changed, or `all`. */
export type ChangedTrees = readonly ChangedTree[] | "all";

/** Which trees are listened for. */
export interface ChangeFilter {
  origin: string;
  /** By its name; all of the origin when absent. */
  tree?: string | undefined;
}

const listed = list(
  fields<ChangedTree>({
    origin: text,
    tree_name: nullable(text),
    git_repository_url: nullable(text),
    git_repository_branch: nullable(text),
    git_commit_hash: nullable(text),
  }),
);

/** A list, or an object where everything is meant. */
const changedTrees: Decode<ChangedTrees> = (value, path) =>
  Array.isArray(value) ? listed(value, path) : "all";

export const decodeChange = fields<{ trees: ChangedTrees }>({ trees: changedTrees });

/** @param after id of the last event that is known; from now on when absent */
export function changesPath({ origin, tree }: ChangeFilter, after: string | undefined): string {
  return apiPath(["events"], {
    origin,
    ...(tree === undefined ? {} : { tree }),
    ...(after === undefined ? {} : { last_event_id: after }),
  });
}
