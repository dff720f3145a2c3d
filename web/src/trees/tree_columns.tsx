/** The columns of the tree listing. */
import { createColumnHelper, sortFn_basic, type ColumnDef, type SortFn } from "@tanstack/react-table";
import type { StatusCounts, Tree } from "../api/trees.ts";
import { Age } from "../parts/age.tsx";
import { StatusBar } from "../parts/status_bar.tsx";
import type { Features } from "../parts/table_features.ts";
import { timeOf } from "../text/age.ts";
import { compareTexts } from "../text/order.ts";
import { CommitName, Name, TreeName } from "./tree_cells.tsx";
import { compareCounts } from "./tree_order.ts";

const column = createColumnHelper<Features, Tree>();

/** Rows: their height, and the grid of a card. */
export const TREE_ROW =
  "wide:h-13 max-wide:grid max-wide:grid-cols-6 max-wide:gap-x-4 max-wide:gap-y-1 max-wide:px-3 max-wide:py-3";

/** The upper lines of a card, after the tree and its age. */
const LINE = "max-wide:order-1 max-wide:col-span-6";

function byText(name: "tree_name" | "git_repository_branch" | "git_commit_name"): SortFn<Features, Tree> {
  return (a, b) => compareTexts(a.original[name], b.original[name]);
}

function counts(
  id: "builds" | "boots" | "tests",
  header: string,
  field: "build_status" | "boot_status" | "test_status",
): ColumnDef<Features, Tree, StatusCounts> {
  return column.accessor((tree) => tree[field], {
    id,
    header,
    sortFn: (a, b) => compareCounts(a.original[field], b.original[field]),
    sortDescFirst: true,
    meta: {
      width: "clamp(11rem, 15vw, 12rem)",
      cell: "max-wide:order-2 max-sm:col-span-6 sm:max-wide:col-span-2",
      sortHint: `Sort by failed ${id}`,
    },
    cell: ({ getValue }) => (
      <div className="max-wide:flex max-wide:gap-2">
        <span aria-hidden="true" className="w-11 shrink-0 text-xs text-muted wide:hidden">
          {header}
        </span>
        <StatusBar of={id} counts={getValue()} />
      </div>
    ),
  });
}

export const TREE_TABLE_COLUMNS = column.columns([
  column.accessor((tree) => tree.tree_name ?? undefined, {
    id: "tree",
    header: "Tree",
    sortFn: byText("tree_name"),
    sortUndefined: "last",
    meta: { width: "12%", cell: "max-wide:col-span-4" },
    cell: ({ row }) => <TreeName tree={row.original} />,
  }),
  column.accessor((tree) => tree.git_repository_branch ?? undefined, {
    id: "branch",
    header: "Branch",
    sortFn: byText("git_repository_branch"),
    sortUndefined: "last",
    meta: { width: "13%", cell: LINE },
    cell: ({ row }) => <Name value={row.original.git_repository_branch} missing="(no branch)" />,
  }),
  column.accessor((tree) => tree.git_commit_name ?? undefined, {
    id: "commit",
    header: "Commit",
    sortFn: byText("git_commit_name"),
    sortUndefined: "last",
    meta: { cell: LINE },
    cell: ({ row }) => <CommitName tree={row.original} />,
  }),
  column.accessor((tree) => ageOrder(tree), {
    id: "age",
    header: "Age",
    sortFn: sortFn_basic,
    sortUndefined: "last",
    meta: { width: "7rem", cell: "max-wide:col-span-2 max-wide:text-right" },
    cell: ({ row }) => <Age time={row.original.start_time} className="relative z-10 whitespace-nowrap" />,
  }),
  counts("builds", "Builds", "build_status"),
  counts("boots", "Boots", "boot_status"),
  counts("tests", "Tests", "test_status"),
]);

/** Grows with the age, whatever the time is now. */
function ageOrder(tree: Tree): number | undefined {
  const time = timeOf(tree.start_time);
  return time === undefined ? undefined : -time;
}
