/** Tables for people on standard output. */
import type { Mended } from "../rollups/rebuild.ts";

/** Lines of right-aligned columns below their names; the first column is left-aligned. */
export function tableText(header: string[], rows: (string | number)[][]): string {
  const cells = [header, ...rows.map((row) => row.map((cell) => cell.toLocaleString("en-US")))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

/** What was written to each derived table. */
export function mendedText(mended: ReadonlyMap<string, Mended>): string {
  return tableText(
    ["table", "inserted", "updated", "deleted"],
    [...mended].map(([table, { inserted, updated, deleted }]) => [table, inserted, updated, deleted]),
  );
}
