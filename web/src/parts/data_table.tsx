import { useTable, type ColumnDef, type Header, type Row, type RowData } from "@tanstack/react-table";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useMemo, useRef, useState, type JSX } from "react";
import { sortParts } from "../text/sort.ts";
import { Icon } from "./icons.tsx";
import { FEATURES, type Features } from "./table_features.ts";
import { useWide } from "./use_wide.ts";

/** Of more rows only those near the visible part of the page are in the document. */
const MAX_PLAIN_ROWS = 100;
const OVERSCAN = 12;
const SKELETON_ROWS = 12;

interface DataTableProps<Item extends RowData> {
  /** What the table lists, for those who cannot see it. */
  caption: string;
  columns: readonly ColumnDef<Features, Item>[];
  /** Undefined while they are loading. */
  items: readonly Item[] | undefined;
  itemId: (item: Item) => string;
  /** A column's id, after a minus when descending. */
  sort: string;
  onSort: (sort: string) => void;
  /** The items are those of an earlier choice, while others are loading. */
  isOutdated: boolean;
  /** Classes of each row: its height, and the grid of its cells where it is a card. */
  rowClass: string;
  /** About how high a row is in pixels, side by side and as a card. */
  rowHeight: { wide: number; narrow: number };
}

/** A sortable table. Where the screen is narrow each row is a card, and the header a line of sort buttons. */
export function DataTable<Item extends RowData>(props: DataTableProps<Item>): JSX.Element {
  const { caption, columns, items, itemId, sort, onSort, isOutdated, rowClass, rowHeight } = props;
  const sorting = useMemo(() => [sortParts(sort)], [sort]);
  const table = useTable({
    features: FEATURES,
    columns,
    data: items ?? NO_ITEMS,
    getRowId: itemId,
    state: { sorting },
    enableSortingRemoval: false,
    enableMultiSort: false,
  });
  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  const { rows } = table.getRowModel();
  const { body, first, last, before, after, measure } = useVisibleRows(rows, rowHeight);

  return (
    <table
      role="table"
      aria-rowcount={items === undefined ? -1 : rows.length + 1}
      aria-busy={items === undefined || isOutdated}
      className={`w-full table-fixed border-separate border-spacing-0 transition-opacity max-wide:block ${isOutdated ? "opacity-60" : ""}`}
    >
      <caption className="sr-only">{caption}</caption>
      <colgroup>
        {headers.map(({ id, column }) => (
          <col key={id} style={{ width: column.columnDef.meta?.width }} />
        ))}
      </colgroup>
      <thead role="rowgroup" className="z-20 bg-canvas max-wide:block wide:sticky wide:top-0">
        <tr
          role="row"
          aria-rowindex={1}
          className="max-wide:flex max-wide:flex-wrap max-wide:gap-x-2 max-sm:gap-x-1.5"
        >
          {headers.map((header) => (
            <HeaderCell key={header.id} header={header} sort={sort} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <tbody ref={body} role="rowgroup" className="max-wide:block">
        {items === undefined &&
          Array.from({ length: SKELETON_ROWS }, (_, index) => (
            <tr key={index} role="row" aria-hidden="true" className={`${ROW} ${rowClass}`}>
              {headers.map(({ id, column }) => (
                <td key={id} role="cell" className={`${CELL} ${column.columnDef.meta?.cell ?? ""}`}>
                  <div className="flex h-5 items-center">
                    <div className="h-3 w-3/4 animate-pulse rounded bg-track" />
                  </div>
                </td>
              ))}
            </tr>
          ))}
        {before > 0 && <Gap height={before} columns={headers.length} />}
        {rows.slice(first, last).map((row, index) => (
          <tr
            key={row.id}
            ref={measure}
            role="row"
            data-index={first + index}
            aria-rowindex={first + index + 2}
            className={`${ROW} hover:bg-hover ${rowClass}`}
          >
            {row.getAllCells().map((cell) => (
              <td key={cell.id} role="cell" className={`${CELL} ${cell.column.columnDef.meta?.cell ?? ""}`}>
                <table.FlexRender cell={cell} />
              </td>
            ))}
          </tr>
        ))}
        {after > 0 && <Gap height={after} columns={headers.length} />}
      </tbody>
    </table>
  );
}

const NO_ITEMS: readonly never[] = [];
const ROW = "relative bg-surface max-wide:border-b max-wide:border-line";
const CELL = "min-w-0 wide:border-b wide:border-line wide:px-3 wide:first:pl-4 wide:last:pr-4";

/** In place of the rows that are not in the document. */
function Gap({ height, columns }: { height: number; columns: number }): JSX.Element {
  return (
    <tr aria-hidden="true" className="max-wide:block" style={{ height }}>
      <td colSpan={columns} className="p-0" />
    </tr>
  );
}

interface HeaderCellProps<Item extends RowData> {
  header: Header<Features, Item>;
  sort: string;
  onSort: (sort: string) => void;
}

function HeaderCell<Item extends RowData>({ header, sort, onSort }: HeaderCellProps<Item>): JSX.Element {
  const { column } = header;
  const { header: label, meta, sortDescFirst = false } = column.columnDef;
  const name = typeof label === "string" ? label : column.id;
  const { id, desc } = sortParts(sort);
  const direction = id !== column.id ? "none" : desc ? "descending" : "ascending";
  const isDescendingNext = direction === "none" ? sortDescFirst : !desc;
  const place =
    "border-line py-1 text-left text-xs font-medium text-muted wide:border-y wide:px-3 wide:first:pl-4";
  if (!column.getCanSort()) {
    return (
      <th role="columnheader" scope="col" className={`${place} max-wide:sr-only`}>
        {name}
      </th>
    );
  }
  return (
    <th role="columnheader" scope="col" aria-sort={direction} className={place}>
      <button
        type="button"
        title={meta?.sortHint}
        onClick={() => {
          onSort(`${isDescendingNext ? "-" : ""}${column.id}`);
        }}
        className={`inline-flex h-7 items-center gap-0.5 rounded px-1 font-medium max-sm:px-0.5 wide:-ml-1 hover:text-ink ${direction === "none" ? "" : "text-ink"}`}
      >
        {name}
        <Icon
          name={direction === "none" ? "upDown" : direction === "descending" ? "down" : "up"}
          className={`size-3.5 ${direction === "none" ? "max-sm:hidden" : ""}`}
        />
      </button>
    </th>
  );
}

interface VisibleRows {
  body: React.RefObject<HTMLTableSectionElement | null>;
  first: number;
  last: number;
  /** Heights of what is left out. */
  before: number;
  after: number;
  measure: ((element: Element | null) => void) | undefined;
}

/** Which rows belong into the document: all, or of many those near the visible part of the page. */
function useVisibleRows<Item extends RowData>(
  rows: readonly Row<Features, Item>[],
  rowHeight: { wide: number; narrow: number },
): VisibleRows {
  const body = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  const isWide = useWide();
  const isVirtual = rows.length > MAX_PLAIN_ROWS;
  useLayoutEffect(() => {
    if (body.current !== null) setTop(body.current.getBoundingClientRect().top + window.scrollY);
  }, [isWide, isVirtual]);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    enabled: isVirtual,
    estimateSize: () => (isWide ? rowHeight.wide : rowHeight.narrow),
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: OVERSCAN,
    scrollMargin: top,
  });
  useLayoutEffect(() => {
    virtualizer.measure();
  }, [virtualizer, isWide]);
  const visible = virtualizer.getVirtualItems();
  const [first] = visible;
  const last = visible.at(-1);
  if (!isVirtual) return { body, first: 0, last: rows.length, before: 0, after: 0, measure: undefined };
  if (first === undefined || last === undefined)
    return { body, first: 0, last: 0, before: 0, after: virtualizer.getTotalSize(), measure: undefined };
  return {
    body,
    first: first.index,
    last: last.index + 1,
    before: first.start - top,
    after: virtualizer.getTotalSize() - (last.end - top),
    measure: virtualizer.measureElement,
  };
}
