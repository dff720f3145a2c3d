/**
 * Objects as rows of their tables (chapter 02, section 8): one level is flattened, what is absent is null, and every
 * value is the text that PostgreSQL reads for its column's type, so that timestamps and numbers in JSON reach it
 * digit by digit.
 */
import { parseExactJson, stringifyExactJson } from "./exact_json.ts";
import { isJsonObject, ofKinds, type JsonObject, type Kind } from "./types.ts";

type ColumnType = "text" | "timestamp" | "boolean" | "double" | "integer" | "json" | "textArray";

export interface Column {
  name: string;
  type: ColumnType;
  /** Where the value is in the object: one key, or two where a level is flattened. */
  path: readonly [string] | readonly [string, string];
  /** Never changed after the first insert; all other columns take the first value that is not null. */
  immutable: boolean;
}

export interface Table {
  kind: Kind;
  /** The primary key's columns. */
  key: readonly string[];
  /** All columns that a submission fills, `_timestamp` first. */
  columns: readonly Column[];
}

/** The text of each column, in the table's order. */
export type Row = (string | null)[];

const COLUMN = /^(?<name>\w+)(?:<(?<outer>\w+)\.(?<inner>\w+))?:(?<type>\w+)(?<immutable>!)?$/;

/** Columns written as `name:type`, `name<outer.inner:type` where a level is flattened, `!` when immutable. */
function table(kind: Kind, key: string[], columns: string): Table {
  const timestamp: Column = { name: "_timestamp", type: "timestamp", path: ["_timestamp"], immutable: true };
  const parsed = columns
    .trim()
    .split(/\s+/)
    .map((text): Column => {
      const groups = COLUMN.exec(text)?.groups;
      const { name, outer, inner, type, immutable } = groups ?? {};
      if (name === undefined) throw new Error(`bad column ${text}`);
      return {
        name,
        type: type as ColumnType,
        path: outer !== undefined && inner !== undefined ? [outer, inner] : [name],
        immutable: immutable !== undefined,
      };
    });
  return { kind, key, columns: [timestamp, ...parsed] };
}

export const TABLES: Record<Kind, Table> = {
  issues: table(
    "issues",
    ["id", "version"],
    `id:text! version:integer! origin:text! report_url:text report_subject:text culprit_code<culprit.code:boolean
     culprit_tool<culprit.tool:boolean culprit_harness<culprit.harness:boolean comment:text misc:json
     categories:textArray`,
  ),
  checkouts: table(
    "checkouts",
    ["id"],
    `id:text! origin:text! tree_name:text git_repository_url:text git_commit_hash:text git_commit_name:text
     git_repository_branch:text patchset_files:json patchset_hash:text message_id:text comment:text
     start_time:timestamp log_url:text log_excerpt:text valid:boolean misc:json git_commit_message:text
     git_repository_branch_tip:boolean git_commit_tags:textArray origin_builds_finish_time:timestamp
     origin_tests_finish_time:timestamp`,
  ),
  builds: table(
    "builds",
    ["id"],
    `checkout_id:text! id:text! origin:text! comment:text start_time:timestamp duration:double architecture:text
     command:text compiler:text input_files:json output_files:json config_name:text config_url:text log_url:text
     log_excerpt:text misc:json status:text`,
  ),
  tests: table(
    "tests",
    ["id"],
    `build_id:text! id:text! origin:text! environment_comment<environment.comment:text
     environment_misc<environment.misc:json path:text comment:text log_url:text log_excerpt:text status:text
     start_time:timestamp duration:double output_files:json misc:json number_value<number.value:double
     environment_compatible<environment.compatible:textArray number_prefix<number.prefix:text
     number_unit<number.unit:text input_files:json`,
  ),
  incidents: table(
    "incidents",
    ["id"],
    `id:text! origin:text! issue_id:text! issue_version:integer! build_id:text test_id:text present:boolean
     comment:text misc:json`,
  ),
};

/**
 * The row of a valid object.
 *
 * @param timestamp ISO 8601 with microseconds, the time at which the object was taken in
 */
export function toRow(kind: Kind, object: JsonObject, timestamp: string): Row {
  return TABLES[kind].columns.map((column) =>
    column.name === "_timestamp" ? timestamp : columnText(column, object),
  );
}

function columnText({ type, path }: Column, object: JsonObject): string | null {
  let value = object[path[0]];
  if (path.length === 2) value = isJsonObject(value) ? value[path[1]] : undefined;
  if (value === undefined) return null;
  switch (type) {
    case "json":
      return stringifyExactJson(value);
    case "textArray":
      return Array.isArray(value) ? arrayText(value) : null;
    case "boolean":
      return value === true ? "t" : "f";
    case "text":
    case "timestamp":
    case "double":
    case "integer":
      return typeof value === "string" ? value : JSON.stringify(value);
  }
}

/** PostgreSQL's text form of a text[]. */
function arrayText(items: readonly unknown[]): string {
  return `{${items.map((item) => `"${String(item).replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

/** Position of a column in the rows of a table. */
export function columnIndex(kind: Kind, name: string): number {
  const index = TABLES[kind].columns.findIndex((column) => column.name === name);
  if (index < 0) throw new Error(`${kind} has no column ${name}`);
  return index;
}

const FREE_TYPES = new Set<ColumnType>(["text", "json", "textArray"]);

/** Positions of the columns whose texts can have any character; those of the others are times, numbers and single letters. */
export const FREE_COLUMNS: Record<Kind, readonly number[]> = ofKinds((kind) =>
  TABLES[kind].columns.flatMap(({ type }, index) => (FREE_TYPES.has(type) ? [index] : [])),
);

const KEY_INDEXES = {
  issues: TABLES.issues.key.map((name) => columnIndex("issues", name)),
  checkouts: [columnIndex("checkouts", "id")],
  builds: [columnIndex("builds", "id")],
  tests: [columnIndex("tests", "id")],
  incidents: [columnIndex("incidents", "id")],
} as const satisfies Record<Kind, readonly number[]>;

/** The primary key of a row as one text. */
export function rowKey(kind: Kind, row: Row): string {
  return KEY_INDEXES[kind].map((index) => row[index]).join("\n");
}

/** What counts of a test beside its columns, as `TEST_FACTS` of `rollups/facts.ts` has it of a stored row. */
export interface TestFacts {
  /** A non-empty string, or null. */
  platform: string | null;
  lab: string | null;
  isBoot: boolean;
}

const ENVIRONMENT_MISC = columnIndex("tests", "environment_misc");
const MISC = columnIndex("tests", "misc");
const PATH = columnIndex("tests", "path");

/** The facts of a test's object. */
export function testFacts(object: JsonObject): TestFacts {
  const environmentMisc = isJsonObject(object.environment) ? object.environment.misc : undefined;
  return factsOf(environmentMisc, object.misc, object.path);
}

/** The facts of a test's row. */
export function testFactsOfRow(row: Row): TestFacts {
  const parsed = (text: string | null | undefined): unknown =>
    typeof text === "string" ? parseExactJson(text) : undefined;
  return factsOf(parsed(row[ENVIRONMENT_MISC]), parsed(row[MISC]), row[PATH]);
}

function factsOf(environmentMisc: unknown, misc: unknown, path: unknown): TestFacts {
  const platform = isJsonObject(environmentMisc) ? environmentMisc.platform : undefined;
  const lab = isJsonObject(misc) ? misc.runtime : undefined;
  return {
    platform: typeof platform === "string" && platform !== "" ? platform : null,
    lab: typeof lab === "string" ? lab : null,
    isBoot: typeof path === "string" && (path === "boot" || path.startsWith("boot.")),
  };
}
