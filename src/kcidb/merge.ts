/** The merge of two submissions of one object (chapter 02, section 9.3), as it is done within a batch. */
import { LAB_KEY } from "./standardise.ts";
import { TABLES, columnIndex, type Row } from "./rows.ts";
import type { Kind } from "./types.ts";

/**
 * Merges a later row into an earlier one, in place: the first value that is not null stays, columns that identify
 * stay, `_timestamp` is the greater. A `misc` that holds nothing but the lab we put there gives way.
 */
export function mergeRow(kind: Kind, earlier: Row, later: Row): void {
  const { columns } = TABLES[kind];
  const isDefault = hasDefaultMisc(kind, earlier);
  columns.forEach((column, index) => {
    const value = later[index] ?? null;
    if (column.immutable || value === null) return;
    if (earlier[index] === null || (isDefault && column.name === "misc")) earlier[index] = value;
  });
  // ISO texts of one form compare as times.
  const [before, after] = [earlier[0] ?? "", later[0] ?? ""];
  if (after > before) earlier[0] = after;
}

function hasDefaultMisc(kind: Kind, row: Row): boolean {
  const key = LAB_KEY[kind];
  if (key === undefined) return false;
  return row[columnIndex(kind, "misc")] === JSON.stringify({ [key]: row[columnIndex(kind, "origin")] });
}
