/** Rows in the text format of PostgreSQL's COPY. */
import type { BatchRow } from "./batch.ts";

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** Characters that are sent at once. */
const CHUNK_CHARACTERS = 256 * 1024;

/**
 * The rows as COPY text in chunks, each line led by the number of the file that the row belongs to.
 *
 * @param fileNumber the number of a row's first file
 */
export function* copyText(
  rows: Iterable<BatchRow>,
  fileNumber: (row: BatchRow) => number,
): Generator<string> {
  let chunk = "";
  for (const row of rows) {
    chunk += String(fileNumber(row));
    for (const value of row.row) {
      chunk += "\t";
      if (value === null) chunk += "\\N";
      else
        chunk += SPECIAL.test(value)
          ? value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? "")
          : value;
    }
    chunk += "\n";
    if (chunk.length >= CHUNK_CHARACTERS) {
      yield chunk;
      chunk = "";
    }
  }
  if (chunk !== "") yield chunk;
}
