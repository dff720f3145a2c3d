/** Rows in the text format of PostgreSQL's COPY. */
import type { Row } from "../kcidb/rows.ts";

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
const UNESCAPES: Record<string, string> = { "\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r" };

/** What is sent at once. */
const CHUNK_BYTES = 256 * 1024;
/** Of a character of JavaScript's in UTF-8, at most. */
const BYTES_OF_CHARACTER = 3;
const LINE_FEED = 0x0a;

/**
 * One line, without its line feed.
 *
 * @param suspects the positions of values that may have something to escape; all when absent
 */
export function copyLine(row: Row, suspects?: Iterable<number>): string {
  const cells = row.map((value) => value ?? "\\N");
  for (const index of suspects ?? row.keys()) {
    const value = row[index];
    if (typeof value === "string" && hasSpecial(value)) cells[index] = escaped(value);
  }
  return cells.join("\t");
}

/** Each of these takes less time than one look with a pattern for all of them. */
function hasSpecial(value: string): boolean {
  return value.includes("\\") || value.includes("\n") || value.includes("\t") || value.includes("\r");
}

function escaped(value: string): string {
  return value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? "");
}

/** The row that a line was made of. */
export function parseCopyLine(line: string): Row {
  return line.split("\t").map((text) => {
    if (text === "\\N") return null;
    return text.includes("\\") ? text.replace(/\\[\\tnr]/g, (escape) => UNESCAPES[escape] ?? "") : text;
  });
}

/** The lines in chunks of a good size to be sent; as bytes at once, because texts would be copied twice more on their way. */
export function* copyChunks(lines: Iterable<string>): Generator<Buffer> {
  let chunk = Buffer.allocUnsafe(0);
  let used = 0;
  for (const line of lines) {
    const most = line.length * BYTES_OF_CHARACTER + 1;
    if (used + most > chunk.length) {
      if (used > 0) yield chunk.subarray(0, used);
      chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, most));
      used = 0;
    }
    used += chunk.write(line, used);
    chunk[used++] = LINE_FEED;
  }
  if (used > 0) yield chunk.subarray(0, used);
}
