/**
 * The merge of staged rows into the five KCIDB tables (chapter 02, section 9.3), as SQL generated from the tables'
 * columns. New tests are copied straight into their table; all other rows of a batch into temporary
 * `staged_*` tables, one row an object, and merged from there.
 */
import { LAB_KEY } from "../kcidb/standardise.ts";
import { TABLES, type Column } from "../kcidb/rows.ts";
import { KINDS, type Kind } from "../kcidb/types.ts";
import { TEST_FACT_COLUMNS } from "../rollups/facts.ts";
import { ROLLUP_TEMPORARY_TABLES } from "../rollups/rollups.ts";
import { ACCOUNT_TABLES, CREATE_CHECK_ACCOUNTS } from "./account.ts";

/** SQLSTATE of `checkKnown`. */
export const KNOWN_ROW_GONE = "KB002";

const SQL_TYPES: Record<Column["type"], string> = {
  text: "text",
  timestamp: "timestamptz",
  boolean: "boolean",
  double: "double precision",
  integer: "integer",
  json: "jsonb",
  textArray: "text[]",
};

function columnList(kind: Kind, prefix = ""): string {
  return TABLES[kind].columns.map((column) => prefix + column.name).join(", ");
}

function keysEqual(kind: Kind, a: string, b: string): string {
  return TABLES[kind].key.map((name) => `${a}.${name} = ${b}.${name}`).join(" and ");
}

/**
 * Everything temporary that a writer's session needs. Emptied by each commit and rollback, under the writers' lock: there a
 * table with a TOAST table takes many times as long as one without, so all but the staged rows do without. A row of more
 * than 8 KB, as one with a lab of that length, does not fit then; its session has to make room.
 *
 * @param hasRoom whether rows of any length fit
 */
export function createTemporaryTables(hasRoom: boolean): string {
  const staged = KINDS.map((kind) => {
    const columns = TABLES[kind].columns.map((column) => `${column.name} ${SQL_TYPES[column.type]}`);
    return createTable(`staged_${kind}`, `file_number integer, ${columns.join(", ")}`, true);
  });
  const fresh = KINDS.map((kind) => createTable(`new_${kind}`, newTable(kind), hasRoom));
  const others = Object.entries({ ...ROLLUP_TEMPORARY_TABLES, ...ACCOUNT_TABLES }).map(([name, columns]) =>
    createTable(name, columns, hasRoom || name === "staged_submissions"),
  );
  return [...staged, ...fresh, ...others, CREATE_CHECK_ACCOUNTS, createCheckKnown()].join(";\n");
}

/** PostgreSQL makes no TOAST table where no column can be moved there. Of a new table it knows only the columns' types. */
function createTable(name: string, columns: string, hasRoom: boolean): string {
  if (hasRoom) return `create temp table ${name} (${columns}) on commit delete rows`;
  const changes = columns.split(",").flatMap((column) => {
    const [columnName = "", type = ""] = column.trim().split(/\s+/);
    const plain = type.startsWith("text") ? [`alter column ${columnName} set storage plain`] : [];
    return [`add column ${column.trim()}`, ...plain];
  });
  return `create temp table ${name} () on commit delete rows;\nalter table ${name} ${changes.join(", ")}`;
}

/** Takes the temporary tables away, so that they can be made anew. */
export const DROP_TEMPORARY_TABLES = "discard temp";

/** `copy` of one kind's rows into its staging table. */
export function copyStaged(kind: Kind): string {
  return `copy staged_${kind} (file_number, ${columnList(kind)}) from stdin`;
}

/** `copy` of what counts of the tests; of all of them, until it is known which are new. */
export const COPY_TEST_FACTS = "copy new_tests from stdin";

/** The ids of those that are stored already, as `known_test`. */
export const KNOWN_TESTS = `
  select n.id as known_test
  from new_tests n
  cross join lateral (
    -- index tests_pkey
    select from tests t where t.id = n.id offset 0
  ) t`;

/** Takes those out of `new_tests` that are staged to be merged. */
export const FORGET_KNOWN_TESTS = "delete from new_tests where id in (select id from staged_tests)";

/**
 * `copy` of new tests into their table. Most of what is ever written are new tests, and this is the fastest way in. It
 * fails where another writer has stored one in between; then the batch is tried again, and finds it.
 */
export const COPY_NEW_TESTS = `copy tests (${columnList("tests")}) from stdin`;

/**
 * Inserts the rows of a kind other than tests that are not stored yet, and remembers them in `new_<kind>`. Its row count is their
 * number. Waits for another transaction that is inserting the same object; rows are inserted in the order in which
 * they were staged, which is the same for all writers, so that none waits for another in a circle.
 */
export function insertNew(kind: Kind): string {
  const key = TABLES[kind].key.join(", ");
  return `
  with inserted as (
    insert into ${kind} as t (${columnList(kind)})
    select ${columnList(kind)} from staged_${kind}
    on conflict (${key}) do nothing
    returning ${key}
  )
  insert into new_${kind} select * from inserted`;
}

/** Keys of the new rows; of tests also what counts of them, so that it is worked out before the lock. */
function newTable(kind: Kind): string {
  if (kind === "tests") return TEST_FACT_COLUMNS;
  return TABLES[kind].key.map((name) => `${name} ${name === "version" ? "integer" : "text"}`).join(", ");
}

/** Whether the staged row `s` was stored before this batch. */
function isKnown(kind: Kind): string {
  return `not exists (select from new_${kind} n where ${keysEqual(kind, "n", "s")})`;
}

function createCheckKnown(): string {
  return `
  create function pg_temp.check_known(is_gone boolean) returns void language plpgsql as $$
  begin
    if is_gone then
      raise exception 'a row that was known to be stored has been deleted' using errcode = '${KNOWN_ROW_GONE}';
    end if;
  end $$`;
}

/**
 * To run under the writers' lock. A row that was found stored before it may have been deleted in between, as a prune does
 * under the same lock; then merging it would find nothing, and the object would be lost. Fails with `KNOWN_ROW_GONE`; another
 * attempt finds the row new.
 */
export function checkKnown(kind: Kind): string {
  return `select pg_temp.check_known(exists (
    select from staged_${kind} s
    left join lateral (
      -- primary key
      select true as is_stored from ${kind} t where ${keysEqual(kind, "t", "s")} offset 0
    ) t on true
    where t.is_stored is null and ${isKnown(kind)}))`;
}

/** How many of a kind's staged rows were stored before, by the number of their file, into `known_counts`. */
export function countKnown(kind: Kind): string {
  return `insert into known_counts (file_number, kind, known)
  select s.file_number, '${kind}', count(*)::integer
  from staged_${kind} s where ${isKnown(kind)} group by s.file_number`;
}

/** Fills the NULLs of the rows of a kind that were stored already, and moves their `_timestamp` forward. */
export function updateKnown(kind: Kind): string {
  const assignments = TABLES[kind].columns
    .filter((column) => !column.immutable)
    .map((column) => `${column.name} = ${mergedValue(kind, column)}`);
  return `
  update ${kind} t
  set _timestamp = greatest(t._timestamp, s._timestamp),
    ${assignments.join(",\n    ")}
  from staged_${kind} s
  where ${keysEqual(kind, "t", "s")} and ${isKnown(kind)}`;
}

const IS_EXCERPT = `@.name == "log_excerpt"`;

/**
 * The first list of files, as for any column; but where the excerpt of one half of an object was moved to the storage
 * and the other half has files, the entry that names the excerpt is added to these.
 */
export const MERGED_OUTPUT_FILES = `case
      when t.log_excerpt is null and s.log_excerpt = '' and jsonb_typeof(t.output_files) = 'array'
      then t.output_files || coalesce(jsonb_path_query_array(s.output_files, '$[*] ? (${IS_EXCERPT})'), '[]')
      when t.log_excerpt = '' and s.log_excerpt is null and jsonb_typeof(s.output_files) = 'array'
        and jsonb_typeof(t.output_files) = 'array' and not t.output_files @? '$[*] ? (!(${IS_EXCERPT}))'
      then s.output_files || t.output_files
      else coalesce(t.output_files, s.output_files) end`;

function mergedValue(kind: Kind, { name }: Column): string {
  const labKey = LAB_KEY[kind];
  if (name === "misc" && labKey !== undefined) {
    return `case when t.misc = jsonb_build_object('${labKey}', t.origin) then coalesce(s.misc, t.misc)
      else coalesce(t.misc, s.misc) end`;
  }
  if (name === "output_files") return MERGED_OUTPUT_FILES;
  // Adopted rows may hold an empty status for NULL.
  if (name === "status") return "coalesce(nullif(t.status, ''), s.status)";
  return `coalesce(t.${name}, s.${name})`;
}
