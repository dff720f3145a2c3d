/**
 * Rows as no submission leaves them, but as older databases may hold them: wherever they are shown, they are shown as
 * something usual, and they spoil neither lists nor sums (chapter 03, sections 1.4 and 2.1, and what the chapters say
 * of crashes on odd rows).
 */
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "./support/database.ts";
import { fillDerivedTables } from "./support/derived.ts";
import { BOARD, insertBuild, insertTest, ODD_BUILDS, ODD_TESTS } from "./support/odd_rows.ts";
import { request, testServer, type TestServer } from "./support/server.ts";

const HASH = "odd/hash ü%";

let server: TestServer;

beforeAll(async () => {
  const { pool, connection } = await testDatabase();
  server = await testServer(pool);
  const url = "https://u";
  await pool.query(`
    insert into checkouts (id, origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash,
      git_commit_tags, start_time, _timestamp)
    values ('head', 'maestro', 'odd', '${url}', 'master', '${HASH}', '{null,v1}', now() - interval '2 hours', now()),
      ('again', 'maestro', 'odd', '${url}', 'master', '${HASH}', '{null}', null, now() - interval '3 hours'),
      ('timeless', 'maestro', 'odd', '${url}', 'master', 'timeless', '{}', null, null),
      ('before all', 'maestro', 'odd', '${url}', 'master', 'before all', null, '-infinity', '-infinity'),
      ('previous', 'maestro', 'odd', '${url}', 'master', 'previous', '{}', now() - interval '1 day', null),
      ('hashless', 'maestro', 'odd', '${url}', 'master', null, '{{a,b},{c,d}}', now() - interval '2 days', now()),
      ('unknown', 'maestro', null, null, null, null, null, null, null),
      ('empty', 'maestro', '', '', '', '', '{""}', now() - interval '1 hour', now()),
      ('future', 'maestro', 'future', '${url}', 'master', 'future', null, 'infinity', 'infinity');
    ${ODD_BUILDS.map(([what, columns]) => insertBuild(`b ${what}`, columns)).join("\n")}
    ${ODD_BUILDS.map(([what]) => insertTest(`t of ${what}`, `b ${what}`, {})).join("\n")}
    ${["again", "timeless", "before all", "previous", "hashless", "unknown", "empty", "future"]
      .map(
        (checkout) =>
          insertBuild(`b in ${checkout}`, {}, checkout) +
          insertTest(`t in ${checkout}`, `b in ${checkout}`, {}),
      )
      .join("\n")}
    ${insertBuild("good", {})}
    ${insertTest("good", "good", {})}
    ${insertTest("good boot", "good", { path: "'boot'" })}
    ${insertTest("orphan", "gone", {})}
    ${insertBuild("orphan", {}, "gone")}
    ${ODD_TESTS.map(([what, columns]) => insertTest(`t ${what}`, "good", columns)).join("\n")}
    insert into issues (id, version, origin, _timestamp, comment, report_url, misc, categories)
    values ('i', -1, 'o', now(), null, null, '[1]', '{null}'), ('i', 0, 'o', null, '', '', 'null', '{}'),
      ('a,b', 1, 'o', now(), 'comma', null, '7', null), ('never', 1, 'o', 'infinity', null, null, null, '{"",x}');
    insert into incidents (id, origin, issue_id, issue_version, build_id, test_id, present, _timestamp)
    select 't ' || i.id || i.version || t.id, 'o', i.id, i.version, null, t.id, null, null
    from tests t cross join issues i;
    insert into incidents (id, origin, issue_id, issue_version, build_id, test_id, present, _timestamp)
    select 'b ' || i.id || i.version || b.id, 'o', i.id, i.version, b.id, null, true, 'infinity'
    from builds b cross join issues i;
    insert into incidents (id, origin, issue_id, issue_version, build_id, test_id, present, _timestamp)
    values ('both', 'o', 'i', -1, 'good', 'good', true, now()), ('neither', 'o', 'i', -1, null, null, true, now()),
      ('gone', 'o', 'i', -1, 'gone', 'gone', true, now()), ('no version', 'o', 'i', 77, 'good', null, null, now()),
      ('no issue', 'o', 'gone', 1, null, 'good', true, now())`);
  await fillDerivedTables(connection);
});

const now = Math.floor(Date.now() / 1000);
const WINDOW = { startTimestampInSeconds: now - 86_400 * 3, endTimestampInSeconds: now + 86_400 };

/** The answer, when it is 200 and no error. */
async function ask<T = unknown>(path: string, body?: object): Promise<T> {
  const answer =
    body === undefined
      ? await server.get(`/api/${path}`)
      : await request(`${server.base}/api/${path}`, { method: "POST", body: JSON.stringify(body) });
  expect([path, answer.status, answer.status === 500 ? server.log.at(-2) : ""]).toEqual([path, 200, ""]);
  expect(answer.body).not.toHaveProperty("error");
  return answer.body as T;
}

interface Items {
  builds: { id: string; status: string }[];
  boots: { id: string; status: string }[];
  tests: { id: string; status: string }[];
  summary: Record<"builds" | "boots" | "tests", Summary>;
}
interface Summary {
  status: Record<string, number>;
  labs: Record<string, unknown>;
  fail_reasons: Record<string, number>;
  environment_misc: Record<string, unknown>;
}

const details = { origin: "maestro", ...WINDOW, selectedCommits: {} };
const HASH_PART = encodeURIComponent(HASH);
/** The answer to the first call, for all. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= work());
}

const onTree = once<Items>(() => ask(`tree/odd/master/${HASH_PART}/full`));
const onHardware = once<Items>(() => ask(`hardware/${BOARD}`, details));
const find = (items: { id: string }[], id: string): unknown => items.find((item) => item.id === id);

describe("on trees", () => {
  it.each(ODD_BUILDS)("a build: %s", async (what, _columns, expected) => {
    const { builds } = await onTree();
    expect(find(builds, `b ${what}`)).toMatchObject(expected);
    expect(find(builds, "good")).toMatchObject({ status: "PASS" });
  });

  it.each(ODD_TESTS)("a test: %s", async (what, _columns, expected) => {
    const { boots, tests } = await onTree();
    expect(find([...boots, ...tests], `t ${what}`)).toMatchObject(expected);
    expect(find(boots, "good boot")).toMatchObject({ status: "PASS" });
  });
});

describe("on hardware", () => {
  it.each(ODD_BUILDS)("a build: %s", async (what, _columns, tree_, expected = tree_) => {
    const { builds } = await onHardware();
    expect(find(builds, `b ${what}`)).toMatchObject({ ...expected, issue_id: expect.any(String) as string });
  });

  it.each(ODD_TESTS)("a test: %s", async (what, _columns, tree_, expected = tree_) => {
    const { boots, tests } = await onHardware();
    expect(find([...boots, ...tests], `t ${what}`)).toMatchObject(expected);
  });
});

describe("alone", () => {
  it.each(ODD_BUILDS)("a build: %s", async (what, _columns, tree_, _hardware, expected = tree_) => {
    const id = encodeURIComponent(`b ${what}`);
    expect(await ask(`build/${id}`)).toMatchObject(expected);
    expect(await ask(`build/${id}/issues`)).toHaveLength(4);
  });

  it.each(ODD_TESTS)("a test: %s", async (what, _columns, _tree, _hardware, expected = {}) => {
    const id = encodeURIComponent(`t ${what}`);
    expect(await ask(`test/${id}`)).toMatchObject(expected);
    expect(await ask(`test/${id}/issues`)).toHaveLength(4);
  });
});

describe("in sums", () => {
  it("every row counts once, under what it is shown as", async () => {
    for (const items of [await onTree(), await onHardware()]) {
      for (const kind of ["builds", "boots", "tests"] as const) {
        const counted: Record<string, number> = {};
        for (const { status } of items[kind]) counted[status] = (counted[status] ?? 0) + 1;
        expect(items.summary[kind].status).toMatchObject(counted);
        const sum = Object.values(items.summary[kind].status).reduce((a, b) => a + b, 0);
        expect(sum).toBe(items[kind].length);
      }
      expect(items.summary.tests.fail_reasons).toEqual({
        "unknown error": 5,
        "7": 1,
        '{"a": [1]}': 1,
        '["x"]': 1,
        true: 1,
        ["__proto__"]: 1,
      });
      expect(Object.keys(items.summary.tests.labs).sort()).toEqual(["Unknown", "__proto__"]);
      expect(items.summary.builds.labs).toEqual({
        Unknown: { ...(items.summary.builds.labs.Unknown as object) },
      });
    }
  });

  it("every other endpoint over these rows answers, with the good ones among them", async () => {
    const direct = `tree/odd/master/${HASH_PART}`;
    const scope = "origin=maestro&git_url=https://u&git_branch=master";
    for (const full of ["", "?full_environment_misc=1"]) {
      expect(find((await ask<Items>(`${direct}/tests${full}`)).tests, "good")).toBeDefined();
      expect(find((await ask<Items>(`${direct}/boots${full}`)).boots, "good boot")).toBeDefined();
      const body = await ask(`hardware/${BOARD}/tests${full}`, details);
      expect(find((body as Items).tests, "good")).toBeDefined();
    }
    const { summary } = await onTree();
    expect(await ask(`tree/${HASH_PART}/summary?${scope}`)).toMatchObject({ summary });
    await ask(`hardware/${BOARD}/summary`, details);
    await ask(`hardware/${BOARD}/summary`, {
      ...details,
      filter: {
        "filter_test.hardware": ["Unknown", BOARD],
        "filter_test.path": "%",
        "filter_boot.issue": "i,-1",
      },
    });
    expect(await ask(`${direct}/commits?origin=maestro`)).toMatchObject([
      { git_commit_hash: HASH, tests: { pass: summary.tests.status.PASS } },
      { git_commit_hash: "previous", tests: { pass: 1 } },
      { git_commit_hash: "before all", earliest_start_time: null },
      { git_commit_hash: "timeless", earliest_start_time: null },
    ]);
    expect(await ask("tree/odd/master/timeless/commits?origin=maestro")).toMatchObject([
      { git_commit_hash: "before all" },
      { git_commit_hash: "timeless" },
    ]);
    const hashes = ["previous", HASH, "before all", "x"].map(encodeURIComponent).join(",");
    expect(await ask(`tree/commits-history?${scope}&commit_hashes=${hashes}`)).toMatchObject([
      { tests: { pass: 1 } },
      { git_commit_tags: ["v1"], tests: { pass: summary.tests.status.PASS } },
      { git_commit_name: null },
      { git_commit_name: "" },
    ]);
    const sides = `compare?hash_a=previous&hash_b=${HASH_PART}`;
    expect(await ask(`tree/odd/master/${sides}`)).toMatchObject({
      summary: { tests: { sideB: { pass: summary.tests.status.PASS } } },
    });
    for (const kind of ["builds", "tests", "boots"]) {
      await ask(`tree/odd/master/${sides.replace("?", `/${kind}?`)}&filter_test.hardware=Unknown`);
    }
    await ask("tree/odd/master/commits");
    expect(await ask("tree/odd/master")).toMatchObject({ git_commit_hash: HASH });
    expect(await ask("tree/")).toMatchObject([
      { id: "future", start_time: null },
      { id: "empty" },
      { id: "head" },
    ]);
    await ask("tree-report/?git_url=https://u&git_branch=master");
  });

  it("so do listings, issues and metrics", async () => {
    const { startTimestampInSeconds: start, endTimestampInSeconds: end } = WINDOW;
    const { hardware } = await ask<{ hardware: { platform: string }[] }>(
      `hardware/?startTimestampInSeconds=${start}&endTimestampInSeconds=${end}`,
    );
    expect(hardware.map(({ platform }) => platform)).toEqual([BOARD]);
    const revision = `tree_name=odd&git_repository_url=https://u&git_repository_branch=master&git_commit_hash=${HASH_PART}`;
    expect(await ask(`hardware-by-revision/?${revision}`)).toMatchObject({
      hardware: [{ platform: BOARD }],
    });
    await ask("hardware/selectors/");
    const { issues } = await ask<{ issues: object[] }>("issue/");
    expect(issues).toMatchObject([
      { id: "a,b", categories: null },
      { id: "i", version: -1, categories: [] },
    ]);
    for (const version of ["-1", "0"]) {
      await ask(`issue/i?version=${version}`);
      expect(find(await ask<{ id: string }[]>(`issue/i/tests?version=${version}`), "good")).toBeDefined();
      expect(find(await ask<{ id: string }[]>(`issue/i/builds?version=${version}`), "good")).toBeDefined();
    }
    await ask("issue/extras/", {
      issues: [
        ["i", -1],
        ["a,b", 1],
      ],
    });
    await ask("build/good/tests");
    await ask("metrics/?start_days_ago=3");
    const history =
      "path=ltp&git_repository_url=https://u&git_repository_branch=master&config_name=defconfig";
    const later = new Date(Date.now() + 86_400_000).toISOString();
    await ask(`test/status-history?${history}&platform=${BOARD}&current_test_start_time=${later}`);
  });
});
