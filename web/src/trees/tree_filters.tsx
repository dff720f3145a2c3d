import type { JSX } from "react";
import { WINDOWS, type Window } from "../api/trees.ts";
import { Choice } from "../parts/choice.tsx";
import { SearchBox } from "../parts/search_box.tsx";
import type { TreeSearch } from "./tree_search.ts";

interface TreeFiltersProps {
  search: TreeSearch;
  /** All that are known; the chosen one may not be among them. */
  origins: readonly string[];
  /** @param continues goes on with the last change, so that it is no step of its own in the browser's history */
  onChange: (change: Partial<TreeSearch>, continues?: boolean) => void;
}

/** The controls that say which trees are listed. */
export function TreeFilters({ search, origins, onChange }: TreeFiltersProps): JSX.Element {
  const choices = origins.includes(search.origin) ? origins : [search.origin, ...origins];
  return (
    <search className="grid grid-cols-2 gap-2 sm:grid-cols-[minmax(0,1fr)_11rem_10rem]">
      <div className="max-sm:col-span-2">
        <SearchBox
          label="Filter"
          placeholder="Tree, branch, commit name or hash"
          value={search.q}
          onChange={(q, continues) => {
            onChange({ q }, continues);
          }}
        />
      </div>
      <Choice
        label="Origin"
        value={search.origin}
        options={choices.map((origin) => ({ value: origin, text: origin }))}
        onChange={(origin) => {
          onChange({ origin });
        }}
      />
      <Choice
        label="Window"
        value={search.days}
        options={WINDOWS.map((days) => ({ value: days, text: windowName(days) }))}
        onChange={(days) => {
          onChange({ days });
        }}
      />
    </search>
  );
}

function windowName(days: Window): string {
  if (days === "all") return "All time";
  return days === "1" ? "Last day" : `Last ${days} days`;
}
