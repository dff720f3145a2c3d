import pg from "pg";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { clientOptions } from "../database/pool.ts";
import { TABLES } from "../kcidb/rows.ts";
import { KINDS } from "../kcidb/types.ts";
import { atEndOfFile } from "../../test/support/cleanup.ts";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { standingIngestion, submission, type Content, type SpoolState } from "../../test/support/spool.ts";
import { CHANGES_CHANNEL, KEPT_CHANGES } from "./changes.ts";

let database: TestDatabase;
let ingestFiles: (files: Record<string, Content>) => Promise<SpoolState>;
beforeAll(async () => {
  database = await testDatabase();
  ingestFiles = await standingIngestion(database.connection);
});
beforeEach(async () => {
  await database.pool
    .query(`truncate checkouts, builds, tests, issues, incidents, latest_checkout, tree_listing,
    hardware_status, tree_tests_rollup, pending_test, pending_builds, changes`);
});

const HASH = "a".repeat(40);
const CHECKOUT = {
  id: "o:c",
  origin: "o",
  tree_name: "mainline",
  git_repository_url: "https://git.example.org/linux.git",
  git_repository_branch: "master",
  git_commit_hash: HASH,
  start_time: "2026-01-01T00:00:00Z",
};
const TREE = {
  origin: "o",
  tree_name: "mainline",
  git_repository_url: "https://git.example.org/linux.git",
  git_repository_branch: "master",
  git_commit_hash: HASH,
};
const BUILD = { id: "o:b", checkout_id: "o:c", origin: "o" };
const BOARD = { misc: { platform: "board" }, compatible: ["vendor,board", "vendor,chip"] };
const BOARD_HARDWARE = { origin: "o", platform: "board", compatibles: ["vendor,board", "vendor,chip"] };
const TEST = { id: "o:t", build_id: "o:b", origin: "o", path: "boot", environment: BOARD };
const ISSUE = { id: "o:i", version: 1, origin: "o" };
const INCIDENT = { id: "o:n", origin: "o", issue_id: "o:i", issue_version: 1, present: true };
const NOTHING = { trees: [], hardware: [], issues: [] };

type Sections = Record<string, object[]>;

interface Announced {
  trees: unknown;
  hardware: unknown;
  issues: unknown;
  rows: unknown;
}

/** Takes submissions in, one after the other, each as a batch of its own. @returns what the last one announced */
async function announcedBy(...batches: Sections[]): Promise<Announced[]> {
  let before = 0;
  for (const sections of batches) {
    const [newest] = await database.rows("select coalesce(max(id), 0)::integer as id from changes");
    before = Number(newest?.id);
    const { reports } = await ingestFiles({ "a.json": submission(sections) });
    expect(reports).toEqual({});
  }
  const rows = await database.rows("select changed from changes where id > $1 order by id", [before]);
  return rows.map(({ changed }) => changed as Announced);
}

/** The same without what only caches read: nothing where no tree, hardware or issue changed. */
async function changesOf(...batches: Sections[]): Promise<unknown[]> {
  const announced = await announcedBy(...batches);
  return announced
    .map(({ rows: _rows, ...lists }) => lists)
    .filter((lists) => Object.values(lists).some((list) => !Array.isArray(list) || list.length > 0));
}

describe("a batch", () => {
  it("announces the trees, hardware and issues of new rows, each once and in order", async () => {
    const next = { ...CHECKOUT, id: "o:c2", tree_name: "next", git_commit_hash: "b".repeat(40) };
    const changed = await changesOf({
      checkouts: [next, CHECKOUT],
      builds: [BUILD],
      tests: [
        TEST,
        { ...TEST, id: "o:t2" },
        { ...TEST, id: "o:t3", environment: { misc: { platform: "another" }, compatible: [] } },
        { ...TEST, id: "o:t4", environment: { compatible: ["vendor,bare"] } },
        { ...TEST, id: "o:t5", environment: {} },
      ],
      issues: [{ ...ISSUE, version: 2 }, ISSUE],
      incidents: [{ ...INCIDENT, test_id: "o:t" }],
    });
    expect(changed).toEqual([
      {
        trees: [TREE, { ...TREE, tree_name: "next", git_commit_hash: "b".repeat(40) }],
        hardware: [
          { origin: "o", platform: "another", compatibles: null },
          BOARD_HARDWARE,
          { origin: "o", platform: null, compatibles: ["vendor,bare"] },
        ],
        issues: [
          { id: "o:i", version: 1 },
          { id: "o:i", version: 2 },
        ],
      },
    ]);
  });

  it("announces nothing when all of it is stored already", async () => {
    const all = {
      checkouts: [CHECKOUT],
      builds: [{ ...BUILD, status: "PASS", misc: { a: 1 } }],
      tests: [{ ...TEST, status: "PASS", misc: { a: 1 } }],
      issues: [ISSUE],
      incidents: [{ ...INCIDENT, test_id: "o:t" }],
    };
    expect(await changesOf(all, all)).toEqual([]);
    const otherValues = {
      checkouts: [{ ...CHECKOUT, tree_name: "other" }],
      builds: [{ ...BUILD, status: "FAIL", misc: { b: 1 } }],
      tests: [{ ...TEST, status: "FAIL", misc: { b: 1 }, path: "ltp" }],
      incidents: [{ ...INCIDENT, present: false }],
    };
    expect(await changesOf(otherValues)).toEqual([]);
  });

  it("announces rows of which something missing is filled, and only those", async () => {
    const before = {
      checkouts: [CHECKOUT],
      builds: [BUILD, { ...BUILD, id: "o:b2" }],
      tests: [TEST, { ...TEST, id: "o:t2", build_id: "o:b2", environment: { misc: { platform: "p2" } } }],
      issues: [ISSUE, { ...ISSUE, id: "o:i2" }],
    };
    expect(
      await changesOf(before, {
        tests: [TEST, { id: "o:t2", build_id: "o:b2", origin: "o", log_url: "https://x/" }],
      }),
    ).toEqual([
      { trees: [TREE], hardware: [{ origin: "o", platform: "p2", compatibles: null }], issues: [] },
    ]);
    expect(await changesOf({ builds: [{ ...BUILD, status: "PASS" }] })).toEqual([
      { trees: [TREE], hardware: [BOARD_HARDWARE], issues: [] },
    ]);
    expect(await changesOf({ issues: [{ ...ISSUE, comment: "broken" }] })).toEqual([
      { ...NOTHING, issues: [{ id: "o:i", version: 1 }] },
    ]);
    expect(await changesOf({ checkouts: [{ ...CHECKOUT, git_commit_name: "v6.18" }] })).toEqual([
      {
        trees: [TREE],
        hardware: [BOARD_HARDWARE, { origin: "o", platform: "p2", compatibles: null }],
        issues: [],
      },
    ]);
  });

  it("announces that the lab that we made up is replaced", async () => {
    const before = { checkouts: [CHECKOUT], builds: [BUILD], tests: [TEST] };
    expect(await changesOf(before, { builds: [BUILD] })).toEqual([]);
    expect(await changesOf({ builds: [{ ...BUILD, misc: { lab: "real" } }] })).toMatchObject([
      { trees: [TREE] },
    ]);
    expect(await changesOf({ tests: [{ ...TEST, misc: { runtime: "real" } }] })).toMatchObject([
      { trees: [TREE] },
    ]);
    expect(await changesOf({ tests: [{ ...TEST, misc: { runtime: "other" } }] })).toEqual([]);
  });

  it("takes an empty status of old rows for a missing one", async () => {
    await changesOf({ checkouts: [CHECKOUT], builds: [BUILD] });
    await database.pool.query("update builds set status = ''");
    expect(await changesOf({ builds: [{ ...BUILD, status: "PASS" }] })).toMatchObject([{ trees: [TREE] }]);
  });

  it("announces a checkout that leaves its tree with both trees", async () => {
    const { tree_name: _name, ...nameless } = CHECKOUT;
    expect(
      await changesOf({ checkouts: [nameless], builds: [BUILD], tests: [TEST] }, { checkouts: [CHECKOUT] }),
    ).toEqual([{ trees: [TREE, { ...TREE, tree_name: null }], hardware: [BOARD_HARDWARE], issues: [] }]);
  });

  it("announces a repeated checkout without a start, because its time moves", async () => {
    const { start_time: _time, ...timeless } = CHECKOUT;
    expect(await changesOf({ checkouts: [timeless] }, { checkouts: [timeless] })).toEqual([
      { ...NOTHING, trees: [TREE] },
    ]);
  });

  it("announces hardware of tests that wait, and again when their parents come", async () => {
    expect(await changesOf({ tests: [TEST] })).toEqual([{ ...NOTHING, hardware: [BOARD_HARDWARE] }]);
    expect(await changesOf({ builds: [BUILD] })).toEqual([{ ...NOTHING, hardware: [BOARD_HARDWARE] }]);
    expect(await changesOf({ checkouts: [CHECKOUT] })).toEqual([
      { trees: [TREE], hardware: [BOARD_HARDWARE], issues: [] },
    ]);
  });

  it("announces what an incident names, and its issue", async () => {
    const before = { checkouts: [CHECKOUT], builds: [BUILD, { ...BUILD, id: "o:b2" }], tests: [TEST] };
    const issues = [{ id: "o:i", version: 1 }];
    expect(await changesOf(before, { incidents: [{ ...INCIDENT, test_id: "o:t" }] })).toEqual([
      { trees: [TREE], hardware: [BOARD_HARDWARE], issues },
    ]);
    expect(await changesOf({ incidents: [{ ...INCIDENT, id: "o:n2", build_id: "o:b2" }] })).toEqual([
      { trees: [TREE], hardware: [], issues },
    ]);
    expect(await changesOf({ incidents: [{ ...INCIDENT, id: "o:n3" }] })).toEqual([{ ...NOTHING, issues }]);
    // Another issue of the same test is as it was.
    const other = { ...INCIDENT, id: "o:n4", issue_id: "o:i2", test_id: "o:t" };
    expect(await changesOf({ incidents: [other] })).toEqual([
      { trees: [TREE], hardware: [BOARD_HARDWARE], issues: [{ id: "o:i2", version: 1 }] },
    ]);
    expect(await changesOf({ incidents: [{ ...INCIDENT, id: "o:n3", comment: "late" }] })).toEqual([
      { ...NOTHING, issues },
    ]);
  });

  it("announces the same when the incident comes before its test, its build or its issue", async () => {
    const incidents = [
      { ...INCIDENT, test_id: "o:t" },
      { ...INCIDENT, id: "o:n2", issue_version: 2, build_id: "o:b" },
      { ...INCIDENT, id: "o:n3", issue_version: 3, build_id: "o:b", present: false },
    ];
    const version = (number: number): object => ({ id: "o:i", version: number });
    expect(await changesOf({ incidents })).toEqual([
      { ...NOTHING, issues: [version(1), version(2), version(3)] },
    ]);
    expect(await changesOf({ tests: [TEST] })).toEqual([
      { ...NOTHING, hardware: [BOARD_HARDWARE], issues: [version(1)] },
    ]);
    expect(await changesOf({ builds: [BUILD] })).toEqual([
      { ...NOTHING, hardware: [BOARD_HARDWARE], issues: [version(1), version(2)] },
    ]);
    expect(await changesOf({ checkouts: [CHECKOUT] })).toEqual([
      { trees: [TREE], hardware: [BOARD_HARDWARE], issues: [version(1), version(2)] },
    ]);
    expect(await changesOf({ issues: [ISSUE] })).toEqual([
      { trees: [TREE], hardware: [BOARD_HARDWARE], issues: [version(1)] },
    ]);
  });

  it("notices every column that the merge fills", async () => {
    const files = [{ name: "log", url: "https://x/" }];
    const common = { comment: "x", misc: { a: 1 } };
    const ran = {
      ...common,
      start_time: CHECKOUT.start_time,
      duration: 1,
      log_url: "https://x/",
      log_excerpt: "x",
    };
    const whole = {
      issues: {
        ...ISSUE,
        ...common,
        report_url: "https://x/",
        report_subject: "x",
        culprit: { code: true, tool: true, harness: true },
        categories: ["x"],
      },
      checkouts: {
        ...CHECKOUT,
        ...common,
        git_commit_name: "x",
        patchset_files: files,
        patchset_hash: "b".repeat(64),
        message_id: "x@y",
        log_url: "https://x/",
        log_excerpt: "x",
        valid: true,
        git_commit_message: "x",
        git_repository_branch_tip: true,
        git_commit_tags: ["x"],
        origin_builds_finish_time: CHECKOUT.start_time,
        origin_tests_finish_time: CHECKOUT.start_time,
      },
      builds: {
        ...BUILD,
        ...ran,
        architecture: "x",
        command: "x",
        compiler: "x",
        input_files: files,
        output_files: files,
        config_name: "x",
        config_url: "https://x/",
        status: "PASS",
      },
      tests: {
        ...TEST,
        ...ran,
        environment: { ...BOARD, comment: "x" },
        number: { value: 1, prefix: "metric", unit: "x" },
        input_files: files,
        output_files: files,
        status: "PASS",
      },
      incidents: { ...INCIDENT, ...common, build_id: "o:b", test_id: "o:t" },
    };
    const submitted = Object.fromEntries(Object.entries(whole).map(([kind, object]) => [kind, [object]]));
    await changesOf(submitted);
    const unnoticed: string[] = [];
    for (const kind of KINDS) {
      for (const { name, immutable } of TABLES[kind].columns) {
        if (immutable) continue;
        const { rowCount } = await database.pool.query(
          `update ${kind} set ${name} = null where ${name} is not null`,
        );
        expect([kind, name, rowCount]).toEqual([kind, name, 1]);
        if ((await changesOf({ [kind]: submitted[kind] ?? [] })).length !== 1)
          unnoticed.push(`${kind}.${name}`);
      }
    }
    expect(unnoticed).toEqual([]);
    expect(await changesOf(submitted)).toEqual([]);
  });

  it("says that everything of a kind changed when a list would be long", async () => {
    const checkouts = Array.from({ length: 501 }, (_, index) => ({
      ...CHECKOUT,
      id: `o:c${index}`,
      git_commit_hash: index.toString(16).padStart(40, "0"),
    }));
    const issues = Array.from({ length: 2000 }, (_, index) => ({ ...ISSUE, version: index }));
    const [changed] = await changesOf({ checkouts, issues });
    expect(changed).toMatchObject({ trees: { all: true }, hardware: [] });
    expect((changed as { issues: unknown[] }).issues.length).toBe(2000);
    const tests = Array.from({ length: 600 }, (_, index) => ({
      ...TEST,
      id: `o:t${index}`,
      environment: { compatible: [`vendor,${String(index).padStart(450, "0")}`] },
    }));
    expect(await changesOf({ tests })).toEqual([{ ...NOTHING, hardware: { all: true } }]);
  });

  it("says that everything changed when an issue that was seen everywhere does", async () => {
    const incidents = Array.from({ length: 2001 }, (_, index) => ({ ...INCIDENT, id: `o:n${index}` }));
    expect(await changesOf({ incidents }, { issues: [ISSUE] })).toEqual([
      { trees: { all: true }, hardware: { all: true }, issues: [{ id: "o:i", version: 1 }] },
    ]);
  });
});

describe("for caches, a batch", () => {
  it("announces its kinds of rows, and what was delivered again, also when it changes nothing else", async () => {
    const all = {
      checkouts: [CHECKOUT],
      builds: [BUILD],
      tests: [TEST],
      issues: [ISSUE],
      incidents: [{ ...INCIDENT, issue_id: "o:other", test_id: "o:t" }],
    };
    const kinds = ["builds", "checkouts", "incidents", "issues", "tests"];
    const sorted = ([first]: Announced[]): unknown =>
      JSON.parse(JSON.stringify(first?.rows), (_key, value: unknown) =>
        Array.isArray(value) && value.every((item) => typeof item === "string") ? value.sort() : value,
      );
    expect(sorted(await announcedBy(all))).toEqual({
      ...{ new: kinds, changed: [], repeated: [], new_checkouts: [TREE], trees: [], issues: [] },
    });
    const again = await announcedBy(all);
    expect(again).toMatchObject([NOTHING]);
    expect(sorted(again)).toEqual({
      ...{ new: [], changed: [], repeated: kinds, new_checkouts: [], trees: [TREE] },
      issues: [
        { id: "o:i", version: 1 },
        { id: "o:other", version: 1 },
      ],
    });
    expect(sorted(await announcedBy({ checkouts: [{ ...CHECKOUT, git_commit_name: "v6.18" }] }))).toEqual({
      ...{
        new: [],
        changed: ["checkouts"],
        new_checkouts: [],
        repeated: ["checkouts"],
        trees: [TREE],
        issues: [],
      },
    });
    // Nothing is known of its build, and it ran nowhere.
    const orphan = await announcedBy({ tests: [{ id: "o:t9", build_id: "o:none", origin: "o" }] });
    expect(orphan).toMatchObject([NOTHING]);
    expect(sorted(orphan)).toMatchObject({ new: ["tests"] });
  });
});

describe("the log", () => {
  it("is announced with each commit, in the order of the ids, by any number of writers", async () => {
    const client = new pg.Client(clientOptions(database.connection, "kernelboard test"));
    await client.connect();
    atEndOfFile(() => client.end());
    const heard: number[] = [];
    const seen: number[][] = [];
    client.on("notification", ({ payload }) => {
      heard.push(Number(payload));
    });
    await client.query(`listen ${CHANGES_CHANNEL}`);
    const writer = async (name: string): Promise<void> => {
      const take = await standingIngestion(database.connection);
      for (let file = 0; file < 15; file++) {
        await take({
          "a.json": submission({ tests: [{ ...TEST, id: `o:${name}${file}` }], builds: [BUILD] }),
        });
        const rows = await database.rows("select id::integer as id from changes order by id");
        seen.push(rows.map(({ id }) => Number(id)));
      }
    };
    await Promise.all([writer("x"), writer("y"), writer("z")]);
    await expect.poll(() => heard.length).toBe(45);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    // Whoever sees an id sees all before it.
    const last = seen.find((ids) => ids.length === 45) ?? [];
    expect(last).toEqual(heard);
    for (const ids of seen) expect(ids).toEqual(last.slice(0, ids.length));
  });

  it("is bounded", async () => {
    await database.pool.query(
      `insert into changes (changed_at, changed) select now(), '{}' from generate_series(1, ${KEPT_CHANGES + 300})`,
    );
    await changesOf({ tests: [TEST] });
    const count = async (): Promise<unknown> =>
      (
        await database.rows("select count(*)::integer as rows, max(id) - min(id) + 1 as reach from changes")
      )[0];
    expect(await count()).toEqual({ rows: KEPT_CHANGES, reach: String(KEPT_CHANGES) });
    await changesOf({ tests: [{ ...TEST, id: "o:t2" }] });
    expect(await count()).toEqual({ rows: KEPT_CHANGES, reach: String(KEPT_CHANGES) });
  });
});
