/**
 * Adopting a database that the reference implementation created, at any of its levels, or KCIDB tables of another
 * program (chapter 01, sections 1.5 and 1.14).
 *
 * What the schema should be is not listed a second time: migration 1 is run in a schema of its own, its catalog is
 * compared with the existing one, and what is missing or different is moved, added or widened. No row is touched but
 * those of derived tables that older levels shaped differently. `django_migrations` is only read.
 */
import type pg from "pg";
import type { Log } from "../log.ts";
import { MigrationError } from "./migration_error.ts";

/** Lives only within the adopting transaction. */
const EXPECTED_SCHEMA = "kernelboard_expected";
const KCIDB_TABLES = ["checkouts", "builds", "tests", "issues", "incidents"];
/** The reference's migrations, by number from 1. */
export const REFERENCE_LEVELS = [
  "0001_initial",
  "0002_remove_fk_constraint",
  "0003_add_build_series_field",
  "0004_add_issues_indexes",
  "0005_add_checkouts_indexes",
  "0006_add_builds_indexes",
  "0007_add_tests_indexes",
  "0008_add_incidents_indexes",
  "0009_add_test_origin_start_time_platform_index",
  "0010_add_hardware_denormalization_models",
  "0011_modify_latest_checkout_primary_key",
  "0012_rename_processedhardwarestatus",
  "0013_pendingbuilds_treelisting",
  "0014_add_processed_and_pending_status",
  "0015_alter_pendingtest_platform",
  "0016_alter_treelisting_unique_constraint",
  "0017_add_tree_tests_rollup_table",
  "0018_hardwareregistryplatformvendor_and_more",
];
/** From this level on all derived tables have today's shape and content. */
const LEVEL_OF_DERIVED_TABLES = 17;
const DERIVED_TABLES = [
  "latest_checkout",
  "tree_listing",
  "hardware_status",
  "tree_tests_rollup",
  "pending_test",
  "pending_builds",
];

export interface Adoption {
  /** How many of the reference's migrations the database had; 0 for another program's. */
  level: number;
  /** The derived tables were emptied or made now, and have to be computed from all rows. */
  derivedTablesAreEmpty: boolean;
}

/**
 * Adopts an existing schema, within the caller's transaction.
 *
 * @param expectedSql the statements that make the schema on an empty database
 * @returns undefined when there is nothing to adopt
 * @throws MigrationError for tables of another program without `adoptForeign`, or columns of another type
 */
export async function adoptSchema(
  client: pg.Client,
  expectedSql: string,
  log: Log,
  adoptForeign: boolean,
): Promise<Adoption | undefined> {
  const tables = await existingTables(client);
  const present = KCIDB_TABLES.filter((name) => tables.has(name));
  if (present.length === 0) return undefined;
  const level = tables.has("django_migrations") ? await referenceLevel(client, log) : 0;
  if (level === 0 && !adoptForeign) {
    throw new MigrationError(
      `the database has tables ${present.join(", ")} but no history of the reference implementation; ` +
        "run `kernelboard migrate --adopt` to take it over",
    );
  }
  log.info({ level, of: REFERENCE_LEVELS.length }, "adopting the existing database");
  const derivedTablesAreEmpty = level < LEVEL_OF_DERIVED_TABLES;
  await prepareOldShapes(client, tables, derivedTablesAreEmpty);
  await createExpected(client, expectedSql);
  for (const table of await tableNames(client, EXPECTED_SCHEMA)) {
    if (!(await existingTables(client)).has(table)) await moveTable(client, table, log);
    else await alignTable(client, table, log);
  }
  await client.query(`drop schema ${EXPECTED_SCHEMA} cascade`);
  await dropDuplicateIndexes(client, log);
  return { level, derivedTablesAreEmpty };
}

async function existingTables(client: pg.Client): Promise<Set<string>> {
  return new Set(await tableNames(client, "public"));
}

async function tableNames(client: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r' order by oid`,
    [schema],
  );
  return rows.map((row) => row.name);
}

/** How many of the known migrations are recorded; unknown ones are reported and left to the comparison. */
async function referenceLevel(client: pg.Client, log: Log): Promise<number> {
  const { rows } = await client.query<{ name: string }>(
    "select name from django_migrations where app = 'kernelCI_app'",
  );
  const names = new Set(rows.map((row) => row.name));
  for (const name of names) {
    if (!REFERENCE_LEVELS.includes(name))
      log.warn({ name }, "the database has a migration that this version does not know");
  }
  const missing = REFERENCE_LEVELS.findIndex((name) => !names.has(name));
  return missing < 0 ? REFERENCE_LEVELS.length : missing;
}

/** What a comparison of catalogs cannot find out: tables that were renamed, keys and contents that changed. */
async function prepareOldShapes(
  client: pg.Client,
  tables: Set<string>,
  emptyDerived: boolean,
): Promise<void> {
  if (tables.has("processed_hardware_status") && !tables.has("processed_listing_items")) {
    await client.query(`
      alter table processed_hardware_status rename to processed_listing_items;
      alter table processed_listing_items rename column hardware_key to listing_item_key`);
  }
  if (emptyDerived) {
    const present = DERIVED_TABLES.filter((name) => tables.has(name));
    if (present.length > 0) await client.query(`truncate ${present.join(", ")}`);
  }
  const { rows: keys } = await client.query<{ table: string; name: string }>(
    `select conrelid::regclass::text as table, conname as name from pg_constraint
     where contype = 'f' and conrelid::regclass::text = any($1)`,
    [KCIDB_TABLES],
  );
  for (const { table, name } of keys)
    await client.query(`alter table ${table} drop constraint ${quoted(name)}`);
}

async function createExpected(client: pg.Client, expectedSql: string): Promise<void> {
  await client.query(`create schema ${EXPECTED_SCHEMA}; set local search_path = ${EXPECTED_SCHEMA}`);
  await client.query(expectedSql);
  await client.query("set local search_path = public");
}

async function moveTable(client: pg.Client, table: string, log: Log): Promise<void> {
  await client.query(`alter table ${EXPECTED_SCHEMA}.${table} set schema public`);
  log.info({ table }, "table added");
}

async function alignTable(client: pg.Client, table: string, log: Log): Promise<void> {
  await alignColumns(client, table, log);
  await alignConstraints(client, table, log);
  await alignIndexes(client, table, log);
}

interface CatalogColumn {
  name: string;
  type: string;
  notNull: boolean;
  /** The expression of a generated column. */
  generated: string | null;
  identity: boolean;
}

async function columnsOf(client: pg.Client, schema: string, table: string): Promise<CatalogColumn[]> {
  const { rows } = await client.query<CatalogColumn>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "notNull",
       case when a.attgenerated = 's' then pg_get_expr(d.adbin, d.adrelid) end as generated, a.attidentity <> '' as identity
     from pg_attribute a
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = format('%I.%I', $1::text, $2::text)::regclass and a.attnum > 0 and not a.attisdropped
     order by a.attnum`,
    [schema, table],
  );
  return rows;
}

const isText = (type: string): boolean => type === "text" || type.startsWith("character varying");

async function alignColumns(client: pg.Client, table: string, log: Log): Promise<void> {
  const existing = new Map((await columnsOf(client, "public", table)).map((column) => [column.name, column]));
  for (const wanted of await columnsOf(client, EXPECTED_SCHEMA, table)) {
    const found = existing.get(wanted.name);
    const column = quoted(wanted.name);
    if (found === undefined) {
      const generated = wanted.generated === null ? "" : ` generated always as (${wanted.generated}) stored`;
      const identity = wanted.identity ? " generated by default as identity" : "";
      await client.query(`alter table ${table} add column ${column} ${wanted.type}${generated}${identity}`);
      log.info({ table, column: wanted.name }, "column added");
      continue;
    }
    if (found.type !== wanted.type) {
      if (!isText(found.type) || !isText(wanted.type)) {
        throw new MigrationError(
          `column ${table}.${wanted.name} has type ${found.type}, not ${wanted.type}; the database cannot be adopted`,
        );
      }
      // Only widening happens without looking at the rows.
      if (wanted.type === "text") await client.query(`alter table ${table} alter column ${column} type text`);
    }
    if (found.notNull && !wanted.notNull)
      await client.query(`alter table ${table} alter column ${column} drop not null`);
  }
}

async function constraintsOf(client: pg.Client, schema: string, table: string): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
     where conrelid = format('%I.%I', $1::text, $2::text)::regclass and contype in ('p', 'u')`,
    [schema, table],
  );
  return new Map(rows.map((row) => [row.name, row.definition]));
}

/** Keys are replaced where they differ: issues get (id, version), older listings their full uniqueness. */
async function alignConstraints(client: pg.Client, table: string, log: Log): Promise<void> {
  const existing = await constraintsOf(client, "public", table);
  const wanted = await constraintsOf(client, EXPECTED_SCHEMA, table);
  for (const [name, definition] of wanted) {
    if (existing.get(name) === definition) continue;
    const replaced = [...existing].filter(
      ([other, text]) =>
        other === name || (definition.startsWith("PRIMARY KEY") && text.startsWith("PRIMARY KEY")),
    );
    for (const [other] of replaced)
      await client.query(`alter table ${table} drop constraint ${quoted(other)}`);
    await client.query(`alter table ${table} add constraint ${quoted(name)} ${definition}`);
    log.info({ table, constraint: name, definition }, "constraint replaced");
  }
  // Other unique constraints would refuse rows that are right: the same id in two versions, a tree's second commit.
  for (const [name, definition] of existing) {
    if (wanted.has(name) || !definition.startsWith("UNIQUE")) continue;
    await client.query(`alter table ${table} drop constraint if exists ${quoted(name)}`);
    log.info({ table, constraint: name, definition }, "constraint dropped");
  }
}

async function alignIndexes(client: pg.Client, table: string, log: Log): Promise<void> {
  const indexes = async (schema: string): Promise<{ name: string; definition: string; valid: boolean }[]> =>
    (
      await client.query<{ name: string; definition: string; valid: boolean }>(
        `select c.relname as name, pg_get_indexdef(c.oid) as definition, i.indisvalid as valid
         from pg_index i join pg_class c on c.oid = i.indexrelid
         where i.indrelid = format('%I.%I', $1::text, $2::text)::regclass
           and not exists (select from pg_constraint where conindid = i.indexrelid)`,
        [schema, table],
      )
    ).rows;
  const existing = await indexes("public");
  // An interrupted concurrent build leaves an index that is never used and hides behind its name.
  for (const { name } of existing.filter((index) => !index.valid)) {
    await client.query(`drop index ${quoted(name)}`);
    log.warn({ table, index: name }, "unfinished index dropped");
  }
  const names = new Set(existing.filter((index) => index.valid).map((index) => index.name));
  for (const { name, definition } of await indexes(EXPECTED_SCHEMA)) {
    if (names.has(name)) continue;
    await client.query(definition.replace(`ON ${EXPECTED_SCHEMA}.`, "ON public."));
    log.info({ table, index: name }, "index added");
  }
}

/** The second copies of text keys that the reference's framework makes: nothing reads them, every insert pays for them. */
async function dropDuplicateIndexes(client: pg.Client, log: Log): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name
     from pg_index i
     join pg_class c on c.oid = i.indexrelid
     join pg_class t on t.oid = i.indrelid
     where t.relnamespace = 'public'::regnamespace and t.relname = any($1)
       and c.relname ~ '_like$' and pg_get_indexdef(c.oid) ~ 'text_pattern_ops'`,
    [[...KCIDB_TABLES, "pending_test", "pending_builds"]],
  );
  for (const { name } of rows) await client.query(`drop index ${quoted(name)}`);
  if (rows.length > 0) log.info({ indexes: rows.length }, "duplicate indexes dropped");
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
