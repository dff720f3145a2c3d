/** The rows of a batch whose log excerpts are to be moved. */
import type { ExcerptRow } from "../excerpts/excerpts.ts";
import type { Batch } from "./batch.ts";

/**
 * Every row that may be written: the folded ones, and of those that consist of several fragments each, which is
 * written alone when the database refuses the whole. In a folded row the excerpt of one fragment and the files of
 * another have met, so neither is lost.
 */
export function* excerptRows(batch: Batch): Generator<ExcerptRow> {
  for (const { kind, row, fragments } of batch.all()) {
    yield { kind, row };
    if (fragments.length > 1) for (const fragment of fragments) yield { kind, row: fragment.row };
  }
}
