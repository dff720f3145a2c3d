import { useQuery } from "@tanstack/react-query";
import { useMemo, type JSX } from "react";
import { commitBuilds, type Build, type CommitAddress } from "../api/commits.ts";
import { useLive } from "../live/use_live.ts";
import { DataTable } from "../parts/data_table.tsx";
import { Button, Empty, Failure } from "../parts/message.tsx";
import { RefreshLine } from "../parts/refresh_line.tsx";
import { REFRESH_MS } from "../query_client.ts";
import { formatCount, formatCountOf } from "../text/count.ts";
import { sortOr } from "../text/sort.ts";
import { BUILD_ROW, BUILD_TABLE_COLUMNS } from "./build_columns.tsx";
import { BuildFilters } from "./build_filters.tsx";
import { filterBuilds } from "./build_list.ts";
import { CommitHeader } from "./commit_header.tsx";
import { BUILD_COLUMNS, type BuildSearch } from "./commit_search.ts";

interface CommitPageProps {
  address: CommitAddress;
  search: BuildSearch;
  /** @param continues goes on with the last change, so that it is no step of its own in the browser's history */
  onChange: (change: Partial<BuildSearch>, continues: boolean) => void;
}

const NO_BUILDS: readonly Build[] = [];
/** About, in pixels; rows in the document are measured. */
const ROW_HEIGHT = { wide: 36, narrow: 92 };

/** A commit with its builds. */
export function CommitPage({ address, search, onChange }: CommitPageProps): JSX.Element {
  const answer = useQuery({ ...commitBuilds(address), refetchInterval: REFRESH_MS });
  useLive(address.origin, address.by === "tree" ? address.tree : undefined);
  const { data, error } = answer;
  const all = data === undefined ? undefined : data.found ? data.value : NO_BUILDS;
  const shown = useMemo(
    () => filterBuilds(all ?? NO_BUILDS, search.status, search.q),
    [all, search.status, search.q],
  );
  const refresh = (): void => {
    void answer.refetch();
  };

  return (
    <>
      <CommitHeader address={address} builds={all} />
      <BuildFilters search={search} builds={all ?? NO_BUILDS} onChange={onChange} />
      <RefreshLine
        updatedAt={answer.dataUpdatedAt}
        isFetching={answer.isFetching}
        error={error}
        onRefresh={refresh}
      >
        {describe(all, shown, answer.isError)}
      </RefreshLine>
      {all === undefined && error !== null ? (
        <Failure title="The builds could not be loaded" error={error} onRetry={refresh} />
      ) : data?.found === false ? (
        <Empty title="No builds">{data.reason}</Empty>
      ) : all !== undefined && shown.length === 0 ? (
        <NoMatch
          onClear={() => {
            onChange({ q: "", status: "all" }, false);
          }}
        />
      ) : (
        <DataTable
          caption="Builds of the commit"
          columns={BUILD_TABLE_COLUMNS}
          items={all === undefined ? undefined : shown}
          itemId={buildId}
          sort={search.sort}
          onSort={(sort) => {
            onChange({ sort: sortOr(sort, BUILD_COLUMNS, search.sort) }, false);
          }}
          isOutdated={false}
          rowClass={BUILD_ROW}
          rowHeight={ROW_HEIGHT}
        />
      )}
    </>
  );
}

function buildId(build: Build): string {
  return build.id;
}

function describe(all: readonly Build[] | undefined, shown: readonly Build[], isFailed: boolean): string {
  if (all === undefined) return isFailed ? "" : "Loading builds…";
  if (shown.length === all.length) return formatCountOf(all.length, "build");
  return `${formatCount(shown.length)} of ${formatCountOf(all.length, "build")}`;
}

function NoMatch({ onClear }: { onClear: () => void }): JSX.Element {
  return (
    <Empty title="No build matches the filters">
      <Button onClick={onClear}>Clear the filters</Button>
    </Empty>
  );
}
