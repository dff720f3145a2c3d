/** The columns of a commit's builds. */
import { createColumnHelper, sortFn_basic, type SortFn } from "@tanstack/react-table";
import type { JSX } from "react";
import type { Build } from "../api/commits.ts";
import { Age, Unknown } from "../parts/age.tsx";
import { OutsideLink } from "../parts/outside_link.tsx";
import type { Features } from "../parts/table_features.ts";
import { formatDuration, timeOf } from "../text/age.ts";
import { compareTexts } from "../text/order.ts";
import { webAddress } from "../text/address.ts";
import { statusOrder } from "./build_list.ts";
import { StatusBadge } from "./status_badge.tsx";

const column = createColumnHelper<Features, Build>();

/** Rows: their height, and the grid of a card. */
export const BUILD_ROW =
  "wide:h-9 max-wide:grid max-wide:gap-x-3 max-wide:gap-y-1 max-wide:px-3 max-wide:py-2.5 max-sm:grid-cols-[5rem_minmax(0,1fr)_auto] sm:max-wide:grid-cols-[5rem_repeat(4,minmax(0,1fr))_auto]";

function byText(name: "config_name" | "architecture" | "compiler"): SortFn<Features, Build> {
  return (a, b) => compareTexts(a.original[name], b.original[name]);
}

export const BUILD_TABLE_COLUMNS = column.columns([
  column.accessor((build) => statusOrder(build.status), {
    id: "status",
    header: "Status",
    sortFn: sortFn_basic,
    meta: { width: "6.5rem", sortHint: "Sort by status, failures first" },
    cell: ({ row }) => <StatusBadge status={row.original.status} />,
  }),
  column.accessor("config_name", {
    id: "config",
    header: "Config",
    sortFn: byText("config_name"),
    meta: { cell: "max-sm:col-span-2 sm:max-wide:col-span-4" },
    cell: ({ row }) => <Config build={row.original} />,
  }),
  column.accessor("architecture", {
    id: "architecture",
    header: "Architecture",
    sortFn: byText("architecture"),
    meta: { width: "10rem", cell: "sm:max-wide:col-start-2" },
    cell: ({ getValue }) => <OneLine text={getValue()} />,
  }),
  column.accessor("compiler", {
    id: "compiler",
    header: "Compiler",
    sortFn: byText("compiler"),
    meta: { width: "10rem", cell: "max-sm:col-span-2" },
    cell: ({ getValue }) => <OneLine text={getValue()} />,
  }),
  column.accessor((build) => build.duration ?? undefined, {
    id: "duration",
    header: "Duration",
    sortFn: sortFn_basic,
    sortUndefined: "last",
    sortDescFirst: true,
    meta: { width: "8.5rem" },
    cell: ({ row: { original } }) =>
      original.duration === null ? <Unknown /> : formatDuration(original.duration),
  }),
  column.accessor((build) => timeOf(build.start_time), {
    id: "start",
    header: "Started",
    sortFn: sortFn_basic,
    sortUndefined: "last",
    sortDescFirst: true,
    meta: { width: "8.5rem" },
    cell: ({ row }) => <Age time={row.original.start_time} className="whitespace-nowrap" />,
  }),
  column.display({
    id: "log",
    header: "Log",
    meta: { width: "5.5rem", cell: "sm:max-wide:col-start-6 sm:max-wide:row-start-1" },
    cell: ({ row }) => <Log build={row.original} />,
  }),
]);

function OneLine({ text }: { text: string }): JSX.Element {
  return (
    <span className="block truncate" title={text}>
      {text}
    </span>
  );
}

function Config({ build }: { build: Build }): JSX.Element {
  const address = webAddress(build.config_url);
  if (address === undefined) return <OneLine text={build.config_name} />;
  return (
    <OutsideLink href={address} className="block truncate">
      {build.config_name}
    </OutsideLink>
  );
}

function Log({ build }: { build: Build }): JSX.Element {
  const address = webAddress(build.log_url);
  if (address === undefined) return <Unknown />;
  return (
    <OutsideLink href={address}>
      Log
      <span className="sr-only">
        {" "}
        of {build.config_name}, {build.architecture}, {build.compiler}
      </span>
    </OutsideLink>
  );
}
