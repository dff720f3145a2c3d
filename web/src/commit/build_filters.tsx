import type { JSX } from "react";
import { BUILD_STATUSES, type Build } from "../api/commits.ts";
import { Choice } from "../parts/choice.tsx";
import { SearchBox } from "../parts/search_box.tsx";
import { formatCount } from "../text/count.ts";
import { countByStatus } from "./build_list.ts";
import type { BuildSearch, StatusChoice } from "./commit_search.ts";

interface BuildFiltersProps {
  search: BuildSearch;
  builds: readonly Build[];
  /** @param continues goes on with the last change, so that it is no step of its own in the browser's history */
  onChange: (change: Partial<BuildSearch>, continues: boolean) => void;
}

/** The controls that say which builds are listed. */
export function BuildFilters({ search, builds, onChange }: BuildFiltersProps): JSX.Element {
  const counts = countByStatus(builds);
  // The chosen status stays among the options even where no build has it.
  const statuses = BUILD_STATUSES.filter((status) => counts.has(status) || status === search.status);
  const options: { value: StatusChoice; text: string }[] = [
    { value: "all", text: `All (${formatCount(builds.length)})` },
    ...statuses.map((status) => ({
      value: status,
      text: `${status} (${formatCount(counts.get(status) ?? 0)})`,
    })),
  ];
  return (
    <search className="grid gap-2 sm:grid-cols-[minmax(0,1fr)_11rem]">
      <SearchBox
        label="Filter"
        placeholder="Config, architecture or compiler"
        value={search.q}
        onChange={(q, continues) => {
          onChange({ q }, continues);
        }}
      />
      <Choice
        label="Status"
        value={search.status}
        options={options}
        onChange={(status) => {
          onChange({ status }, false);
        }}
      />
    </search>
  );
}
