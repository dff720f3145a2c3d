/** Chapter 02, section 20: each kind of odd input has its outcome, and nothing else is affected by it. */
import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { derivedDifferences } from "../../test/support/derived.ts";
import { ingestFiles, submission, type Content, type SpoolState } from "../../test/support/spool.ts";

const CHECKOUT = { id: "o:c", origin: "o", tree_name: "mainline", git_commit_hash: "a".repeat(40) };
const BUILD = { id: "o:b", checkout_id: "o:c", origin: "o", status: "PASS" };

function test(id: string, more: object = {}): object {
  return { id: `o:${id}`, build_id: "o:b", origin: "o", status: "PASS", path: "boot", ...more };
}

/** A submission as text, with one test whose fields are given as JSON text. */
function testText(id: string, fields: string): string {
  return `{"version":{"major":5,"minor":3},"tests":[{"id":"o:${id}","build_id":"o:b","origin":"o",${fields}}]}`;
}

/** More than fits on a page of the database, and does not get smaller by compression. */
const LONG_TEXT = randomBytes(10_000).toString("hex");

const platform = (name: unknown): object => ({ environment: { misc: { platform: name } } });

/** Files that are refused as a whole, by name, with the rule. */
const REFUSED_FILES: Record<string, [string, Content]> = {
  "empty.json": ["empty", ""],
  "cut.json": ["json", JSON.stringify(submission({ tests: [test("cut-1"), test("cut-2")] })).slice(0, -30)],
  "not-json.json": ["json", "<html>"],
  "nan.json": ["json", testText("nan", '"duration":NaN')],
  "infinity.json": ["json", testText("infinity", '"misc":{"a":-Infinity}')],
  "bom.json": [
    "json",
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(testText("bom", '"path":"x"'))]),
  ],
  "latin1.json": ["json", Buffer.from(testText("latin1", '"comment":"caf\u00e9"'), "latin1")],
  "list.json": ["type", [test("list")]],
  "string.json": ["type", '"x"'],
  "no-version.json": ["version", { tests: [test("no-version")] }],
  "version-6.json": ["version", { version: { major: 6, minor: 0 }, tests: [test("version-6")] }],
  "version-3.json": ["version", { version: { major: 3, minor: 0 }, tests: [test("version-3")] }],
  "unknown-section.json": [
    "additionalProperties",
    submission({ revisions: [], tests: [test("unknown-section")] }),
  ],
  "null-section.json": ["type", submission({ tests: null, builds: [{ ...BUILD, id: "o:null-section" }] })],
};

/** Tests that are refused alone, each in a file with a good one: the rule, and the test or its JSON text. */
const REFUSED_TESTS: Record<string, [string, object | string]> = {
  "an-object-that-is-a-list": ["type", "[]"],
  "a-string": ["type", '"x"'],
  null: ["type", "null"],
  "no-build": ["required", { id: "o:no-build", origin: "o" }],
  "unknown-field": ["additionalProperties", test("unknown-field", { _foo: 1 })],
  "nul-in-comment": ["pattern", test("nul-in-comment", { comment: "a\0b" })],
  "nul-in-misc": ["nul", test("nul-in-misc", { misc: { a: "\0" } })],
  surrogate: ["surrogate", test("surrogate", { misc: { a: "\ud800" } })],
  "platform-of-5000": ["too-long", test("platform-of-5000", platform("p".repeat(5000)))],
  "huge-duration": ["range", '{"id":"o:huge-duration","build_id":"o:b","origin":"o","duration":1e400}'],
  "huge-integer": [
    "range",
    `{"id":"o:huge-integer","build_id":"o:b","origin":"o","duration":1${"0".repeat(400)}}`,
  ],
  "huge-in-misc": [
    "range",
    `{"id":"o:huge-in-misc","build_id":"o:b","origin":"o","misc":{"n":1${"0".repeat(131_072)}}}`,
  ],
  offset: ["range", test("offset", { start_time: "2025-01-01T00:00:00+16:00" })],
  "too-deep": [
    "too-deep",
    `{"id":"o:too-deep","build_id":"o:b","origin":"o","misc":{"a":${"[".repeat(500)}${"]".repeat(500)}}}`,
  ],
  // Passes every check of ours; see beforeAll.
  database: ["database", test("database", { comment: "what no column takes", ...platform("p1") })],
};

let database: TestDatabase;
let state: SpoolState;

beforeAll(async () => {
  database = await testDatabase();
  await database.pool.query("alter table tests add constraint odd check (comment <> 'what no column takes')");
  const files: Record<string, Content> = {
    "000-parents.json": submission({ checkouts: [CHECKOUT], builds: [BUILD] }),
    "zzz-last.json": submission({ tests: [test("last")] }),
    "no-objects.json": submission({}),
    "twice.json": submission({
      tests: [
        test("twice", { comment: "first" }),
        test("twice", { comment: "second", log_url: "https://x/" }),
      ],
    }),
    "odd-but-right.json": submission({
      tests: [
        test("platform-of-500", platform("q".repeat(500))),
        test("platform-object", platform({ a: 1 })),
        test("platform-empty", platform("")),
        test("lab-number", { misc: { runtime: 7 } }),
        test("boot.nfs", { path: "boot.nfs", status: undefined }),
      ],
    }),
    "wide.json": submission({
      tests: [
        test("wide-lab", { misc: { runtime: LONG_TEXT }, ...platform("p") }),
        test("wide-waits", { build_id: "o:late", misc: { runtime: LONG_TEXT } }),
        test("wide-list", {
          environment: { compatible: Array.from({ length: 20_000 }, (_, index) => `board-${index}`) },
        }),
      ],
    }),
    "wide-late.json": submission({ builds: [{ ...BUILD, id: "o:late" }] }),
    "exact.json": testText(
      "exact",
      `"misc":{"runtime":"r","n":[12345678901234567890,1e400,0.1000000000000000055511151231257827]}`,
    ),
  };
  for (const [name, [, content]] of Object.entries(REFUSED_FILES)) files[name] = content;
  for (const [name, [, object]] of Object.entries(REFUSED_TESTS)) {
    const text = typeof object === "string" ? object : JSON.stringify(object);
    const good = JSON.stringify(test(`beside-${name}`));
    files[`test-${name}.json`] = `{"version":{"major":5,"minor":3},"tests":[${text},${good}]}`;
  }
  state = await ingestFiles(database.connection, files);
});

async function storedTests(): Promise<Set<unknown>> {
  return new Set((await database.rows("select id from tests")).map((row) => row.id));
}

describe("odd input", () => {
  it.each(Object.keys(REFUSED_FILES))("%s is refused as a whole", async (name) => {
    expect(state.failed).toContain(name);
    expect(state.reports[name]).toMatchObject({
      file: name,
      refused: 1,
      refusals: [{ kind: null, rule: REFUSED_FILES[name]?.[0] }],
    });
    expect(await storedTests()).not.toContain(`o:${name.replace(".json", "")}`);
  });

  it.each(Object.keys(REFUSED_TESTS))("a test that is refused alone: %s", async (name) => {
    const file = `test-${name}.json`;
    expect(state.failed).toContain(file);
    const report = state.reports[file];
    expect(report?.refusals.map(({ kind, rule }) => [kind, rule])).toEqual([
      ["tests", REFUSED_TESTS[name]?.[0]],
    ]);
    expect(report?.refusals[0]?.pointer).toMatch(/^\/tests\/0/);
    expect(report?.stored.tests).toBe(1);
    const stored = await storedTests();
    expect(stored).toContain(`o:beside-${name}`);
    expect(stored).not.toContain(`o:${name}`);
  });

  it("archives everything else, and leaves nothing in the inbox", () => {
    expect(state.inbox).toEqual([]);
    expect(state.archive).toEqual(
      [
        "000-parents.json",
        "exact.json",
        "no-objects.json",
        "odd-but-right.json",
        "twice.json",
        "wide-late.json",
        "wide.json",
        "zzz-last.json",
      ].sort(),
    );
    expect(state.failed).toHaveLength(Object.keys(REFUSED_FILES).length + Object.keys(REFUSED_TESTS).length);
  });

  it("merges an id that comes twice in a file, in order", async () => {
    expect(await database.rows("select comment, log_url from tests where id = 'o:twice'")).toEqual([
      { comment: "first", log_url: "https://x/" },
    ]);
  });

  it("stores what is odd but right, and counts it as the rules say", async () => {
    const rows = await database.rows(
      "select platform, length(platform) as length from hardware_status order by 1",
    );
    expect(rows).toEqual([
      { platform: "p", length: 1 },
      { platform: "q".repeat(500), length: 500 },
    ]);
    const labs = await database.rows(
      `select id, misc ->> 'runtime' as runtime from tests where id in ('o:lab-number', 'o:platform-empty') order by id`,
    );
    expect(labs).toEqual([
      { id: "o:lab-number", runtime: "7" },
      { id: "o:platform-empty", runtime: "o" },
    ]);
  });

  it("counts tests whose lab or list is longer than a page", async () => {
    const tests = await database.rows(
      "select id from tests where misc ->> 'runtime' = $1 or cardinality(environment_compatible) = 20000 order by id",
      [LONG_TEXT],
    );
    expect(tests.map((row) => row.id)).toEqual(["o:wide-lab", "o:wide-list", "o:wide-waits"]);
    expect(
      await database.rows(
        "select sum(total_tests)::integer as tests from tree_tests_rollup where test_lab = $1",
        [LONG_TEXT],
      ),
    ).toEqual([{ tests: 2 }]);
  });

  it("stores numbers in misc digit by digit", async () => {
    const [row] = await database.rows(
      "select misc -> 'n' ->> 0 as a, (misc -> 'n' ->> 1)::numeric = 1e400 as b, misc -> 'n' ->> 2 as c from tests where id = 'o:exact'",
    );
    expect(row).toEqual({ a: "12345678901234567890", b: true, c: "0.1000000000000000055511151231257827" });
  });

  it("leaves the derived tables exact", async () => {
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });
});

describe("a checkout without a start time", () => {
  it("is stored and listed by the time at which it came", async () => {
    const fresh = await testDatabase();
    await ingestFiles(fresh.connection, { "a.json": submission({ checkouts: [CHECKOUT] }) });
    expect(await fresh.rows("select start_time from checkouts")).toEqual([{ start_time: null }]);
    expect(
      await fresh.rows(
        "select l.start_time = c._timestamp as same from latest_checkout l join checkouts c on c.id = l.checkout_id",
      ),
    ).toEqual([{ same: true }]);
    expect(await derivedDifferences(fresh.pool)).toEqual([]);
  });
});
