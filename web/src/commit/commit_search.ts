/** The search parameters of a commit's page. */
import { BUILD_STATUSES } from "../api/commits.ts";
import { DEFAULT_ORIGIN } from "../api/origins.ts";
import { oneOfOr, textOr, type RawSearch } from "../text/search.ts";
import { sortOr, type Sort } from "../text/sort.ts";

export const BUILD_COLUMNS = ["status", "config", "architecture", "compiler", "duration", "start"] as const;
export type BuildColumn = (typeof BUILD_COLUMNS)[number];

export const STATUS_CHOICES = ["all", ...BUILD_STATUSES] as const;
export type StatusChoice = (typeof STATUS_CHOICES)[number];

export interface BuildSearch {
  origin: string;
  status: StatusChoice;
  q: string;
  sort: Sort<BuildColumn>;
}

/** Of a commit that is addressed by repository and branch; either is empty when the checkout has none. */
export interface RepositorySearch extends BuildSearch {
  url: string;
  branch: string;
}

/** What an address without parameters means; such parameters are left out of addresses. */
export const DEFAULT_BUILD_SEARCH: BuildSearch = {
  origin: DEFAULT_ORIGIN,
  status: "all",
  q: "",
  sort: "status",
};

export const DEFAULT_REPOSITORY_SEARCH: RepositorySearch = { ...DEFAULT_BUILD_SEARCH, url: "", branch: "" };

/** Parameters as they should be: what is wrong is as if it were absent. */
export function buildSearch(raw: RawSearch): BuildSearch {
  const { origin, status, q, sort } = DEFAULT_BUILD_SEARCH;
  return {
    origin: textOr(raw.origin, origin) || origin,
    status: oneOfOr(raw.status, STATUS_CHOICES, status),
    q: textOr(raw.q, q),
    sort: sortOr(raw.sort, BUILD_COLUMNS, sort),
  };
}

/** The same, with the repository and branch. */
export function repositorySearch(raw: RawSearch): RepositorySearch {
  return { ...buildSearch(raw), url: textOr(raw.url, ""), branch: textOr(raw.branch, "") };
}
