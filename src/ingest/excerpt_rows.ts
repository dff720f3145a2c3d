/** The log excerpts of a batch, moved before it is written. */
import type { LogExcerpts } from "../excerpts/excerpts.ts";
import { columnIndex, type Row } from "../kcidb/rows.ts";
import type { Kind } from "../kcidb/types.ts";
import type { Batch } from "./batch.ts";
import { copyLine, parseCopyLine } from "./copy_text.ts";

const WITH_EXCERPTS: readonly Kind[] = ["builds", "tests"];

/**
 * Moves the excerpts of every row that may be written: of the folded ones, and of those that consist of several fragments
 * each, which is written alone when the database refuses the whole. In a folded row the excerpt of one fragment and the
 * files of another have met, so neither is lost.
 */
export async function convertExcerpts(batch: Batch, excerpts: LogExcerpts): Promise<void> {
  const rows: { kind: Kind; row: Row; holder: { line: string } }[] = [];
  for (const kind of WITH_EXCERPTS) {
    const column = columnIndex(kind, "log_excerpt");
    for (const batchRow of batch.rows[kind].values()) {
      for (const holder of [batchRow, ...batchRow.fragments]) {
        const row = parseCopyLine(holder.line);
        if (row[column] !== null) rows.push({ kind, row, holder });
      }
    }
  }
  await excerpts.convert(rows);
  for (const { row, holder } of rows) holder.line = copyLine(row);
}
