/** Random rows of the five tables, odd ones included, and their way into a database. */
import fc from "fast-check";
import type { Pool } from "../../src/database/pool.ts";

/** Columns as the texts that PostgreSQL reads. */
export type TextRow = Record<string, string | null>;
export type RandomRows = Record<"checkouts" | "builds" | "tests" | "issues" | "incidents", TextRow[]>;

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
  checkout_id: fc.constantFrom("c0", "c0", "c1", "c2", "c3"),
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

export const randomRows: fc.Arbitrary<RandomRows> = fc
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
export async function insertRows(pool: Pool, rows: RandomRows): Promise<void> {
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
