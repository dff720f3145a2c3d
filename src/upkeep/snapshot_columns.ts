/** The values of a snapshot's columns, as the archives of the reference implementation have them: written by Python. */
import type { ColumnKind, SnapshotColumn } from "./snapshot_tables.ts";

const MICROSECONDS = "case when date_trunc('second', $) = $ then '' else '.US' end";

/** A column of `r` as the text that an archive has for it, as SQL. NULL stays NULL. */
export function archived({ name, kind }: SnapshotColumn): string {
  const column = `r.${name}`;
  switch (kind) {
    case "text":
      return column;
    case "boolean":
      return `case ${column} when true then 'True' when false then 'False' end`;
    case "time":
      return `case when isfinite(${column}) then
        to_char(${column} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS' || ${MICROSECONDS.replaceAll("$", column)}) || '+00:00'
        else ${column}::text end`;
    case "array":
      // a list of Python's: quotes, backslashes and line ends within are escaped
      return `case when ${column} is not null then '[' || coalesce((
        select string_agg(case when e is null then 'None' else
          '''' || replace(replace(replace(replace(e, '\\', '\\\\'), '''', '\\'''), chr(10), '\\n'), chr(13), '\\r') || ''''
          end, ', ' order by place)
        from unnest(${column}) with ordinality list (e, place)), '') || ']' end`;
  }
}

/** What PostgreSQL reads for a column, from the text that an archive has. @throws Error for a list that is none */
export function stored(text: string | null, kind: ColumnKind): string | null {
  if (text === null || kind !== "array") return text;
  return arrayLiteral(parsePythonList(text));
}

function arrayLiteral(list: (string | null)[]): string {
  const elements = list.map((element) =>
    element === null ? "NULL" : `"${element.replace(/[\\"]/g, (character) => `\\${character}`)}"`,
  );
  return `{${elements.join(",")}}`;
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

/** The parts of a list: brackets and commas, `None`, and texts in either kind of quotes. */
const TOKEN = /\s*(?:([[\],])|(None)\b|'((?:[^'\\]|\\[^])*)'|"((?:[^"\\]|\\[^])*)")/y;

/** Reads `['a', "it's", None]`. @throws Error when it is no list of texts */
export function parsePythonList(text: string): (string | null)[] {
  const list: (string | null)[] = [];
  const fail = (): never => {
    throw new Error(`'${text.slice(0, 80)}' is no list of texts`);
  };
  TOKEN.lastIndex = 0;
  const next = (): RegExpExecArray => TOKEN.exec(text) ?? fail();
  if (next()[1] !== "[") fail();
  for (;;) {
    const token = next();
    if (token[1] === "]") break;
    if (token[1] !== undefined) fail();
    list.push(token[2] === undefined ? unescaped(token[3] ?? token[4] ?? "") : null);
    const separator = next()[1];
    if (separator === "]") break;
    if (separator !== ",") fail();
  }
  if (text.slice(TOKEN.lastIndex).trim() !== "") fail();
  return list;
}

function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g,
    (escape, x?: string, u?: string, long?: string, simple?: string) => {
      const code = x ?? u ?? long;
      if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
      return SIMPLE_ESCAPES[simple ?? ""] ?? escape;
    },
  );
}
