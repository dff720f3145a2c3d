/** Random rows of the five tables, odd ones included, and their way into a database. */
import fc from "fast-check";
import { pino } from "pino";
import pg from "pg";
import { clientOptions, type Connection, type Pool } from "../../src/database/pool.ts";
import { refreshCommits } from "../../src/rollups/refresh.ts";
import { testDatabase } from "./database.ts";
import { filtersOver } from "./naive/arbitrary.ts";
import { readTables, type Tables } from "./naive/tables.ts";
import { testServer } from "./server.ts";

/** Columns as the texts that PostgreSQL reads. */
type TextRow = Record<string, string | null>;
type RandomRows = Record<"checkouts" | "builds" | "tests" | "issues" | "incidents", TextRow[]>;

/** Of columns that are no text. */
const TYPES: Record<string, string> = {
  _timestamp: "timestamptz",
  start_time: "timestamptz",
  duration: "float8",
  misc: "jsonb",
  environment_misc: "jsonb",
  environment_compatible: "text[]",
  git_commit_tags: "text[]",
  issue_version: "integer",
  version: "integer",
  present: "boolean",
};

const one = (...values: (string | null)[]): fc.Arbitrary<string | null> => fc.constantFrom(...values);
const status = one(
  "PASS",
  "PASS",
  "FAIL",
  "FAIL",
  "FAIL",
  "ERROR",
  "MISS",
  "SKIP",
  "DONE",
  null,
  "NULL",
  "pass",
  "Fail",
  "weird",
  "",
);
const duration = one(null, "NaN", "Infinity", "0", "1.5", "300", "299.999", "-1", "12");
const time = one(null, "2026-01-01T12:10:00Z", "2026-01-01T12:20:00.000001Z", "2026-01-01T12:30:00Z");

const build = fc.record({
  checkout_id: fc.constantFrom("c0", "c0", "c1", "c2", "c2", "c3"),
  origin: one("o", "o", "p"),
  status,
  duration,
  start_time: time,
  architecture: one(null, "", "arm64", " arm64 ", "x86_64", "Unknown"),
  compiler: one(null, "", "gcc-12", "['gcc-12']", "[clang]", "[' ']"),
  config_name: one(null, "", "defconfig", "tinyconfig", "Unknown"),
  misc: one(
    null,
    "null",
    "{}",
    "3",
    "[1]",
    '"text"',
    '{"platform": "p1", "lab": "l1"}',
    '{"platform": "p2", "lab": "l2"}',
    '{"lab": 7}',
    '{"lab": ""}',
    '{"platform": null, "lab": "l3"}',
    '{"platform": "unknown", "lab": null}',
  ),
});

const test = fc.record({
  build_id: fc.constantFrom("b0", "b1", "b2", "b3", "b4", "b5", "b6", "maestro:dummy_1", "gone"),
  origin: one("o", "o", "p"),
  status,
  duration,
  start_time: time,
  path: one(
    null,
    "",
    "boot",
    "boot",
    "boot.nfs",
    "boot.a_b",
    "bootrr",
    "BOOT",
    "ltp.a_b",
    "ltp.a%b",
    "ltp.axb",
    "l\\b",
  ),
  misc: one(
    null,
    "null",
    "[]",
    '"l1"',
    "{}",
    '{"runtime": "l1"}',
    '{"runtime": "l2", "error_msg": "broken"}',
    '{"runtime": "l3", "error_msg": 7}',
    '{"runtime": 7, "error_msg": ""}',
    '{"runtime": "", "error_msg": true}',
    '{"runtime": null, "error_msg": null}',
  ),
  environment_misc: one(
    null,
    "null",
    "7",
    '"p1"',
    '["p1"]',
    "{}",
    '{"platform": "p1"}',
    '{"platform": "p1", "job": 1}',
    '{"platform": "p2"}',
    '{"platform": 7}',
    '{"platform": ""}',
    '{"platform": "UNKNOWN"}',
  ),
  environment_compatible: one(
    null,
    null,
    "{}",
    "{NULL}",
    '{""}',
    "{v\\,b,v\\,s}",
    '{NULL,"v,s"}',
    '{"",p1}',
    "{p2,NULL,p2}",
    "{Unknown}",
  ),
});

const incident = fc.record({
  build_id: one(null, "b0", "b1", "b2", "b3", "b4", "b5", "maestro:dummy_1"),
  test_id: fc.option(
    fc.nat(39).map((number) => `t${number}`),
    { freq: 2 },
  ),
  issue: fc.constantFrom(["i", "1"], ["i", "2"], ["i,2", "1"], ["j", "1"], ["i", "9"], ["gone", "1"]),
  present: one("true", null, "true", "false"),
});

function numbered(prefix: string, rows: TextRow[]): TextRow[] {
  return rows.map((row, index) => ({ id: `${prefix}${index}`, ...row }));
}

/** A tree with a commit of two checkouts (c0, c1) and an older one (c2), and another tree's commit (c3). */
const CHECKOUTS: TextRow[] = [
  ["c0", "o", "mainline", "a", "2026-01-01T12:00:00Z"],
  ["c1", "o", "mainline", "a", "2026-01-01T12:01:00Z"],
  ["c2", "o", "mainline", "b", "2026-01-01T11:00:00Z"],
  ["c3", "p", "next", "c", "2026-01-01T12:02:00Z"],
].map(([id = "", origin = "", tree_name = "", git_commit_hash = "", start_time = ""]) => ({
  id,
  origin,
  tree_name,
  git_commit_hash,
  start_time,
  git_repository_url: `https://example.org/${tree_name}.git`,
  git_repository_branch: "master",
  _timestamp: start_time,
}));

const ISSUES: TextRow[] = [
  { id: "i", version: "1", origin: "o", _timestamp: "2026-01-01T00:00:00Z", comment: "first" },
  { id: "i", version: "2", origin: "o", _timestamp: "2026-01-02T00:00:00Z" },
  {
    id: "i,2",
    version: "1",
    origin: "o",
    _timestamp: "2026-01-01T00:00:00Z",
    report_url: "https://example.org/",
  },
  { id: "j", version: "1", origin: "p", _timestamp: "2026-01-02T00:00:00Z" },
];

const randomRows: fc.Arbitrary<RandomRows> = fc
  .record({
    builds: fc.array(build, { minLength: 7, maxLength: 7 }),
    dummy: build,
    tests: fc.array(test, { minLength: 40, maxLength: 40 }),
    incidents: fc.array(incident, { minLength: 30, maxLength: 30 }),
  })
  .map(({ builds, dummy, tests, incidents }) => ({
    checkouts: CHECKOUTS,
    builds: [...numbered("b", builds), { id: "maestro:dummy_1", ...dummy, checkout_id: "c0" }],
    tests: numbered("t", tests),
    issues: ISSUES,
    incidents: numbered(
      "n",
      incidents.map(({ issue: [issue_id = "", issue_version = ""], ...rest }) => ({
        ...rest,
        issue_id,
        issue_version,
        origin: "o",
      })),
    ),
  }));

/** Inserts rows as they are: an ingestion would not take the odd ones. The derived tables are left alone. */
async function insertRows(pool: Pool, rows: RandomRows): Promise<void> {
  for (const [table, of] of Object.entries(rows)) {
    const columns = [...new Set(of.flatMap((row) => Object.keys(row)))];
    const list = columns.join(", ");
    await pool.query(
      `insert into ${table} (${list}) select ${columns.map((name) => `${name}::${TYPES[name] ?? "text"}`).join(", ")}
       from unnest(${columns.map((_, index) => `$${index + 1}::text[]`).join(", ")}) as texts (${list})`,
      columns.map((name) => of.map((row) => row[name] ?? null)),
    );
  }
}

/** No text that PostgreSQL could hold, so nothing has it. */
const NUL = "a\0";

/** Filters that ask for what the rows have, and for what they seem to have. */
export const ODD_FILTERS = filtersOver({
  architectures: [NUL, "arm64", "x86_64", "Unknown", " arm64 ", ""],
  compilers: [NUL, "gcc-12", "clang", "Unknown", "['gcc-12']"],
  configs: [NUL, "defconfig", "tinyconfig", "Unknown"],
  hardware: [NUL, "p1", "p2", "v,b", "v,s", "Unknown", "unknown", "UNKNOWN", "7", ""],
  labs: [NUL, "l1", "l2", "l3", "Unknown", "7"],
  statuses: ["PASS", "FAIL", "ERROR", "MISS", "SKIP", "DONE", "NULL"],
  origins: [NUL, "o", "p"],
  platforms: [NUL, "p1", "p2", "Unknown", "UNKNOWN", "7"],
  issues: [`${NUL},1`, "i,1", "i,2", "i,2,1", "j,1", "i,9", "gone,1", "i, 0_1 ", "i,null"],
  paths: [NUL, "boot", "oot.", "a_b", "a%b", "a", "\\b", "nkno", "B"],
  durations: ["0", "1.5", "300", "299.9990", "300.0001", "12"],
});

export interface DataSet {
  base: string;
  tables: Tables;
}

/** Random, and shown when something is wrong; the same seed gives the same rows and filters. */
export const SEED = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 30));

export const TOLD = `TEST_SEED=${SEED}`;

/** A server on random rows; the same ones for the same seed. */
export async function randomDataSet(seed: number): Promise<DataSet> {
  const database = await testDatabase();
  for (const rows of fc.sample(randomRows, { seed, numRuns: 1 })) await insertRows(database.pool, rows);
  await countRows(database.connection);
  const { base } = await testServer(database.pool);
  return { base, tables: await readTables(database.pool) };
}

/** Fills the derived tables, as an ingestion would have. */
async function countRows(connection: Connection): Promise<void> {
  const client = new pg.Client(clientOptions(connection, "kernelboard test"));
  await client.connect();
  await client.query("begin");
  await refreshCommits(client, "select id from checkouts", pino({ level: "silent" }));
  await client.query("commit");
  await client.end();
}
