/** The search parameters of the tree listing. */
import { DEFAULT_ORIGIN } from "../api/origins.ts";
import { WINDOWS, type Window } from "../api/trees.ts";
import { oneOfOr, textOr, type RawSearch } from "../text/search.ts";
import { sortOr, type Sort } from "../text/sort.ts";

export const TREE_COLUMNS = ["tree", "branch", "commit", "age", "builds", "boots", "tests"] as const;
export type TreeColumn = (typeof TREE_COLUMNS)[number];

export interface TreeSearch {
  origin: string;
  days: Window;
  q: string;
  sort: Sort<TreeColumn>;
}

/** What an address without parameters means; such parameters are left out of addresses. */
export const DEFAULT_TREE_SEARCH: TreeSearch = { origin: DEFAULT_ORIGIN, days: "7", q: "", sort: "age" };

/** Parameters as they should be: what is wrong is as if it were absent. */
export function treeSearch(raw: RawSearch): TreeSearch {
  const { origin, days, q, sort } = DEFAULT_TREE_SEARCH;
  return {
    origin: textOr(raw.origin, origin) || origin,
    days: oneOfOr(raw.days, WINDOWS, days),
    q: textOr(raw.q, q),
    sort: sortOr(raw.sort, TREE_COLUMNS, sort),
  };
}
