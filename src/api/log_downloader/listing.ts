/** Reading the page that a web server makes of a directory of log files (chapter 06, section 6.1). */
import { Parser } from "htmlparser2";
import { Type, type Static } from "typebox";
import { ApiError } from "../../http/errors.ts";

const NO_TABLE = "Table with id 'list' not found";
const NO_TABLE_BODY = "Table body not found";
const NO_LOG_ROW = "Invalid number of columns in table row (probably not a log website)";
const CELLS = 3;
/** A deeper page is no listing; the parser's time for an element grows with its depth. */
const MAX_DEPTH = 500;

export const LogFile = Type.Object({
  specific_log_url: Type.String({ description: "the link as the page has it, usually relative to it" }),
  file_name: Type.String(),
  file_size: Type.String({ examples: ["1.2 KiB"] }),
  date: Type.String({ examples: ["2024-Oct-15 12:00"] }),
});
export type LogFile = Static<typeof LogFile>;

interface Cell {
  text: string;
  /** The first link in it. */
  link?: { href: string | undefined };
}

export interface ListingReader {
  /** The next part of the page. @throws ApiError 400 when it is too deep for a listing */
  write: (html: string) => void;
  /** The files, in the page's order. @throws ApiError 400 when the page is no listing */
  end: () => LogFile[];
}

/**
 * Reads a page in parts, keeping no more of it than the rows: those of the first `tbody` of the first `table` with id
 * `list`.
 */
export function listingReader(): ListingReader {
  const rows: Cell[][] = [];
  let state: "before" | "in table" | "in body" | "after table" | "after body" = "before";
  let depth = 0;
  let stateDepth = 0;
  let cell: Cell | undefined;
  const enter = (next: "in table" | "in body"): void => {
    state = next;
    stateDepth = depth;
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      if (++depth > MAX_DEPTH) throw new ApiError(400, NO_LOG_ROW);
      if (state === "before" && name === "table" && attributes.id === "list") enter("in table");
      else if (state === "in table" && name === "tbody") enter("in body");
      if (state !== "in body") return;
      if (name === "tr") rows.push([]);
      else if (name === "td") rows.at(-1)?.push((cell = { text: "" }));
      else if (name === "a" && cell !== undefined) cell.link ??= { href: attributes.href };
    },
    ontext(text) {
      if (cell !== undefined) cell.text += text;
    },
    onclosetag(name) {
      if (name === "td") cell = undefined;
      if (depth-- !== stateDepth) return;
      if (state === "in table") state = "after table";
      else if (state === "in body") state = "after body";
    },
  });
  return {
    write: (html) => {
      parser.write(html);
    },
    end: () => {
      parser.end();
      if (state === "before") throw new ApiError(400, NO_TABLE);
      if (state !== "after body") throw new ApiError(400, NO_TABLE_BODY);
      return rows.flatMap(logFiles);
    },
  };
}

/** The file of a row; none for the way up. */
function logFiles(row: Cell[]): LogFile[] {
  const [name, size, date] = row;
  if (row.length !== CELLS || !name || !size || !date) throw new ApiError(400, NO_LOG_ROW);
  const fileName = name.text.trim();
  if (/^parent directory/i.test(fileName)) return [];
  const href = name.link?.href;
  if (href === undefined) throw new ApiError(400, NO_LOG_ROW);
  return [
    { specific_log_url: href, file_name: fileName, file_size: size.text.trim(), date: date.text.trim() },
  ];
}
