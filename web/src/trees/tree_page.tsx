import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, type JSX } from "react";
import { checkoutOrigins } from "../api/origins.ts";
import { trees, type Tree } from "../api/trees.ts";
import { useLive } from "../live/use_live.ts";
import { REFRESH_MS } from "../query_client.ts";
import { DataTable } from "../parts/data_table.tsx";
import { Button, Empty, Failure } from "../parts/message.tsx";
import { PageTitle } from "../parts/page_title.tsx";
import { RefreshLine } from "../parts/refresh_line.tsx";
import { formatCount, formatCountOf } from "../text/count.ts";
import { sortOr } from "../text/sort.ts";
import { TREE_ROW, TREE_TABLE_COLUMNS } from "./tree_columns.tsx";
import { TreeFilters } from "./tree_filters.tsx";
import { filterTrees } from "./tree_order.ts";
import { TREE_COLUMNS, type TreeSearch } from "./tree_search.ts";

const route = getRouteApi("/");
const NO_TREES: readonly Tree[] = [];
/** About, in pixels; rows in the document are measured. */
const ROW_HEIGHT = { wide: 52, narrow: 174 };

/** The trees of an origin with their newest commits. */
export function TreePage(): JSX.Element {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const origins = useQuery(checkoutOrigins());
  const listing = useQuery({
    ...trees(search.origin, search.days),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  useLive(search.origin);
  const all = listing.data;
  const shown = useMemo(() => filterTrees(all ?? NO_TREES, search.q), [all, search.q]);

  const change = (part: Partial<TreeSearch>, continues = false): void => {
    void navigate({
      search: (last) => ({ ...last, ...part }),
      replace: continues,
      resetScroll: false,
    });
  };
  const retry = (): void => {
    void listing.refetch();
    if (origins.isError) void origins.refetch();
  };

  return (
    <>
      <PageTitle title={`Trees of ${search.origin}`}>Trees</PageTitle>
      <TreeFilters search={search} origins={origins.data ?? []} onChange={change} />
      <RefreshLine
        updatedAt={listing.isPlaceholderData ? 0 : listing.dataUpdatedAt}
        isFetching={listing.isFetching}
        error={listing.error}
        onRefresh={retry}
      >
        {describe(listing.isPlaceholderData ? undefined : all, shown, listing.isError)}
      </RefreshLine>
      {all === undefined && listing.error !== null ? (
        <Failure title="The trees could not be loaded" error={listing.error} onRetry={retry} />
      ) : all !== undefined && shown.length === 0 && !listing.isPlaceholderData ? (
        <NoTrees search={search} hasTrees={all.length > 0} onChange={change} />
      ) : (
        <DataTable
          caption={`Trees of ${search.origin} with the counts of their newest commits`}
          columns={TREE_TABLE_COLUMNS}
          items={all === undefined ? undefined : shown}
          itemId={treeId}
          sort={search.sort}
          onSort={(sort) => {
            change({ sort: sortOr(sort, TREE_COLUMNS, search.sort) });
          }}
          isOutdated={listing.isPlaceholderData}
          rowClass={TREE_ROW}
          rowHeight={ROW_HEIGHT}
        />
      )}
    </>
  );
}

/** Checkouts are unique, and each is listed once. */
function treeId(tree: Tree): string {
  return tree.id;
}

function describe(all: readonly Tree[] | undefined, shown: readonly Tree[], isFailed: boolean): string {
  if (all === undefined) return isFailed ? "" : "Loading trees…";
  if (shown.length === all.length) return formatCountOf(all.length, "tree");
  return `${formatCount(shown.length)} of ${formatCountOf(all.length, "tree")}`;
}

interface NoTreesProps {
  search: TreeSearch;
  /** There are some, but the filter lets none through. */
  hasTrees: boolean;
  onChange: (change: Partial<TreeSearch>) => void;
}

function NoTrees({ search, hasTrees, onChange }: NoTreesProps): JSX.Element {
  if (hasTrees) {
    return (
      <Empty title={`No tree matches “${search.q.trim()}”`}>
        <Button
          onClick={() => {
            onChange({ q: "" });
          }}
        >
          Clear the filter
        </Button>
      </Empty>
    );
  }
  if (search.days === "all") return <Empty title={`There are no trees of ${search.origin}`} />;
  return (
    <Empty
      title={`No trees of ${search.origin} in the last ${search.days === "1" ? "day" : `${search.days} days`}`}
    >
      <Button
        onClick={() => {
          onChange({ days: "all" });
        }}
      >
        Show all time
      </Button>
    </Empty>
  );
}
