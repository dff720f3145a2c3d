/** The hardware lists, the selectors and the commit history over HTTP. */
import { beforeAll, describe, expect, it } from "vitest";
import { Value } from "typebox/value";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { request, testServer, type Answer, type TestServer } from "../../../test/support/server.ts";
import { ingestFiles, submission } from "../../../test/support/spool.ts";
import { CommitHistory, HardwareByRevision, HardwareListing, HardwareSelectors } from "./shapes.ts";

const URL = "https://git.example.org/linux.git";
const hash = (letter: string): string => letter.repeat(40);
const day = (number: number, time = "00:00:00"): string =>
  `2026-01-${String(number).padStart(2, "0")}T${time}Z`;
const unix = (number: number): number => Date.parse(day(number)) / 1000;
const ago = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();

type Fields = Record<string, unknown>;

function checkout(id: string, commit: string, time: string | undefined, more: Fields = {}): Fields {
  return {
    id,
    origin: id.split(":")[0],
    tree_name: "mainline",
    git_repository_url: URL,
    git_repository_branch: "master",
    git_commit_hash: hash(commit),
    git_commit_name: `v-${commit}`,
    start_time: time,
    ...more,
  };
}

function build(id: string, checkoutId: string, more: Fields = {}): Fields {
  return { id, checkout_id: checkoutId, origin: id.split(":")[0], status: "PASS", ...more };
}

function test(id: string, buildId: string, platform: string | undefined, more: Fields = {}): Fields {
  const { compatible, ...rest } = more;
  return {
    id,
    build_id: buildId,
    origin: id.split(":")[0],
    path: "kselftest",
    status: "PASS",
    environment: { misc: { platform }, ...(compatible === undefined ? {} : { compatible }) },
    ...rest,
  };
}

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase();
  server = await testServer(database.pool);
  await ingestFiles(database.connection, {
    "a.json": submission({
      checkouts: [
        // One line with two commits; the newer one in three checkouts, one of them before the windows below.
        checkout("maestro:a", "a", day(3), { git_commit_tags: ["v6.1"] }),
        checkout("maestro:b0", "b", day(1)),
        checkout("maestro:b1", "b", day(4)),
        checkout("maestro:b2", "b", day(5)),
        // The same commit, as another origin and as another tree have it.
        checkout("redhat:b", "b", day(4)),
        checkout("maestro:other", "b", day(2), { tree_name: "fork", git_commit_tags: ["v6.1", "x"] }),
        checkout("maestro:other-new", "c", day(6), { tree_name: "fork" }),
        // Equal times: the smaller id is the head. The URL may be missing.
        checkout("maestro:tie1", "d", day(4), { git_repository_url: undefined, tree_name: "tie" }),
        checkout("maestro:tie2", "e", day(4), { git_repository_url: undefined, tree_name: "tie" }),
        // Without a hash it is a commit of its own.
        checkout("maestro:n1", "f", day(4), { git_commit_hash: undefined, tree_name: "none" }),
        checkout("maestro:n2", "f", day(5), { git_commit_hash: undefined, tree_name: "none" }),
        // Without a start time it is of now.
        checkout("maestro:now", "9", undefined, { tree_name: "now", git_repository_branch: "x/y" }),
      ],
      builds: [
        build("maestro:b-a", "maestro:a"),
        build("maestro:b-b0", "maestro:b0"),
        build("maestro:b-b1", "maestro:b1", { status: "FAIL" }),
        build("maestro:dummy_b2", "maestro:b2"),
        build("redhat:b-b", "redhat:b", { status: undefined }),
        build("maestro:b-other", "maestro:other"),
        build("maestro:b-tie1", "maestro:tie1"),
        build("maestro:b-tie2", "maestro:tie2"),
        build("maestro:b-n1", "maestro:n1"),
        build("maestro:b-n2", "maestro:n2"),
        build("maestro:b-now", "maestro:now", { start_time: ago(29) }),
        build("old:b-now", "maestro:now", { start_time: ago(31) }),
        build("maestro:b-recent", "maestro:b1", { start_time: ago(1) }),
        build("maestro:b-recent2", "redhat:b", { start_time: ago(1) }),
        build("maestro:b-recent3", "maestro:a", { start_time: ago(1) }),
        build("maestro:b-nowhere", "maestro:tie1", { start_time: ago(1) }),
      ],
      tests: [
        test("maestro:t-a", "maestro:b-a", "old-board"),
        test("maestro:t-b0", "maestro:b-b0", "early-board"),
        test("maestro:t1", "maestro:b-b1", "board", { compatible: ["v,board", "v,soc"] }),
        test("maestro:t2", "maestro:b-b1", "board", { path: "boot", status: "FAIL" }),
        test("maestro:t3", "maestro:dummy_b2", "board", { path: "bootx", compatible: ["v,new", "v,board"] }),
        test("maestro:t4", "maestro:b-b1", "Upper", { path: undefined, status: undefined }),
        test("maestro:t5", "redhat:b-b", "board", { path: "boot.nfs", status: "SKIP" }),
        test("maestro:t6", "maestro:b-b1", undefined),
        test("redhat:t7", "maestro:b-b1", "of-redhat"),
        test("maestro:t-other", "maestro:b-other", "fork-board"),
        test("maestro:t-tie1", "maestro:b-tie1", "tie-board-1"),
        test("maestro:t-tie2", "maestro:b-tie2", "tie-board-2"),
        test("maestro:t-n1", "maestro:b-n1", "hashless-1"),
        test("maestro:t-n2", "maestro:b-n2", "hashless-2"),
        test("maestro:t-now", "maestro:b-now", "now-board"),
        test("ti:t1", "maestro:b-b1", "ti-board", { start_time: ago(2) }),
        test("ti:t2", "redhat:b-b", undefined, { start_time: ago(2) }),
        test("ti:t3", "maestro:b-other", "ti-board", { start_time: ago(40) }),
      ],
    }),
  });
});

interface Item {
  platform: string;
  hardware: string[] | null;
  build_status_summary: Record<string, number>;
  boot_status_summary: Record<string, number>;
  test_status_summary: Record<string, number>;
}

function items({ status, body }: Answer, schema: typeof HardwareListing | typeof HardwareByRevision): Item[] {
  expect([status, Value.Check(schema, body)]).toEqual([200, true]);
  return (body as { hardware: Item[] }).hardware;
}

const platforms = (hardware: Item[]): string[] => hardware.map((item) => item.platform);

describe("GET /api/hardware/", () => {
  const list = (start: string | number, end: string | number, more = ""): Promise<Answer> =>
    server.get(`/api/hardware/?startTimestampInSeconds=${start}&endTimestampInSeconds=${end}${more}`);
  const listed = async (start: string | number, end: string | number, more = ""): Promise<Item[]> =>
    items(await list(start, end, more), HardwareListing);

  it("counts the newest commit of each tree line, in all its checkouts of the window", async () => {
    const hardware = await listed(unix(2), unix(5));
    // In code-point order; neither older commits, nor checkouts from before the window, nor other origins' tests.
    expect(platforms(hardware)).toEqual(["Upper", "board", "fork-board", "hashless-2", "tie-board-1"]);
    expect(hardware[1]).toEqual({
      platform: "board",
      hardware: ["v,new", "v,board", "v,soc"],
      build_status_summary: { PASS: 0, FAIL: 1, INCONCLUSIVE: 1 },
      boot_status_summary: { PASS: 0, FAIL: 1, INCONCLUSIVE: 1 },
      test_status_summary: { PASS: 2, FAIL: 0, INCONCLUSIVE: 0 },
    });
    expect(hardware[0]).toMatchObject({
      hardware: null,
      test_status_summary: { PASS: 0, FAIL: 0, INCONCLUSIVE: 1 },
    });
  });

  it("looks at the window only: a past one has the heads of then, its ends belong to it", async () => {
    expect(platforms(await listed(unix(3), unix(3)))).toEqual(["old-board"]);
    expect(platforms(await listed(unix(1), unix(3)))).toEqual(["fork-board", "old-board"]);
    // The fork's newest commit ran nowhere, and its older one is not offered instead.
    expect(platforms(await listed(unix(2), unix(6)))).not.toContain("fork-board");
    expect(platforms(await listed(`${unix(4) * 1000 + 1}`, "2026-01-05"))).toEqual(["board", "hashless-2"]);
    expect(platforms(await listed(ago(1), ago(-1)))).toEqual(["now-board"]);
  });

  it("takes the commits of a list, superseded ones too, by hash or tag", async () => {
    expect(platforms(await listed(unix(1), unix(5), `&commitsList=,${hash("a")},%20x%20,`))).toEqual([
      "fork-board",
      "old-board",
    ]);
    expect(platforms(await listed(unix(3), unix(5), "&commitsList=v6.1"))).toEqual(["old-board"]);
    expect(platforms(await listed(unix(2), unix(5), "&commitsList=,%20,"))).toContain("Upper");
    for (const commit of [hash("a").slice(0, 12), "V6.1", "%00"])
      expect((await list(unix(1), unix(5), `&commitsList=${commit}`)).body).toEqual({
        error: "No hardware found",
      });
  });

  it("asks for the tests' origin, and says that there is nothing", async () => {
    expect(platforms(await listed(unix(2), unix(5), "&origin=redhat"))).toEqual(["of-redhat"]);
    for (const more of ["&origin=", "&origin=nobody", "&origin=%00"])
      expect(await list(unix(2), unix(5), more)).toMatchObject({
        status: 200,
        body: { error: "No hardware found" },
      });
    expect((await list(unix(5), unix(2))).body).toEqual({ error: "No hardware found" });
  });

  it("names all timestamps that are missing or none", async () => {
    expect(await server.get("/api/hardware/")).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/startTimestampInSeconds.*endTimestampInSeconds/) as string },
    });
    for (const time of ["", "x", "99999999999999999999", "10000-01-01"])
      expect((await list(time, unix(5))).status).toBe(400);
  });

  it("shows rows as older databases leave them", async () => {
    await database.pool.query(`
      insert into checkouts (id, origin, _timestamp, git_commit_hash, git_commit_tags)
      values ('odd', 'odd', '2020-01-02', null, '{null}'), ('odd2', 'odd', '2020-01-02', 'h', '{t}');
      insert into latest_checkout (checkout_id, start_time, origin) values ('odd', '2020-01-02', 'odd');
      insert into hardware_status (checkout_id, test_origin, platform, compatibles, start_time,
        build_pass, build_failed, build_inc, boot_pass, boot_failed, boot_inc, test_pass, test_failed, test_inc)
      values ('odd', 'odd', 'a', '{b,null,a,b}', '2020-01-02', -1, 0, 0, 0, 0, 0, 1, 0, 0),
        ('odd', 'odd', 'b', '{}', '2020-01-02', 0, 0, 0, 0, 0, 0, 1, 0, 0),
        ('odd', 'odd', '', '{null}', '2020-01-02', 0, 0, 0, 0, 0, 0, 1, 0, 0)`);
    const hardware = await listed("2020-01-01", "2020-01-03", "&origin=odd");
    expect(hardware.map((item) => [item.platform, item.hardware])).toEqual([
      ["", []],
      ["a", ["b", "a"]],
      ["b", []],
    ]);
    expect(hardware[1]?.build_status_summary).toEqual({ PASS: 0, FAIL: 0, INCONCLUSIVE: 0 });
  });
});

describe("GET /api/hardware-by-revision/", () => {
  const counts = (more: Record<string, number> = {}): Record<string, number> => ({
    ...{ PASS: 0, ERROR: 0, FAIL: 0, SKIP: 0, MISS: 0, DONE: 0, NULL: 0 },
    ...more,
  });
  const query = (more: Record<string, string> = {}): string =>
    `/api/hardware-by-revision/?${new URLSearchParams({
      tree_name: "mainline",
      git_repository_url: URL,
      git_repository_branch: "master",
      git_commit_hash: hash("b"),
      ...more,
    }).toString()}`;

  it("counts each build, boot and test once, of checkouts of every origin", async () => {
    const hardware = items(await server.get(query()), HardwareByRevision);
    expect(platforms(hardware)).toEqual(["Upper", "board", "early-board"]);
    expect(hardware[1]).toEqual({
      platform: "board",
      hardware: ["v,new", "v,board", "v,soc"],
      build_status_summary: counts({ FAIL: 1, NULL: 1 }),
      boot_status_summary: counts({ FAIL: 1, SKIP: 1 }),
      test_status_summary: counts({ PASS: 2 }),
    });
    expect(hardware[0]).toMatchObject({ hardware: null, test_status_summary: counts({ NULL: 1 }) });
  });

  it("gives an empty list where there is nothing", async () => {
    for (const more of [{ origin: "" }, { tree_name: "" }, { git_commit_hash: "\0" }])
      expect(await server.get(query(more))).toMatchObject({ status: 200, body: { hardware: [] } });
  });

  it("normalises what older databases hold", async () => {
    await database.pool.query(`
      insert into checkouts (id, origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash)
      values ('odd-r', 'o', '', '', '', 'odd');
      insert into builds (id, checkout_id, origin, status) values ('odd-b', 'odd-r', 'o', 'pass');
      insert into tests (id, build_id, origin, environment_misc, environment_compatible, status, path)
      values ('odd-1', 'odd-b', 'odd', '{"platform": "p"}', '{b,null,a}', 'weird', null),
        ('odd-2', 'odd-b', 'odd', '{"platform": "p"}', '{c,a}', 'Fail', 'boot.'),
        ('odd-3', 'odd-b', 'odd', '{"platform": 1}', '{c}', 'PASS', 'boot'),
        ('odd-4', 'odd-b', 'odd', '{"platform": ""}', '{c}', 'PASS', 'boot'),
        ('odd-5', 'odd-b', 'odd', '["platform"]', '{c}', 'PASS', 'boot'),
        ('odd-6', 'odd-b', 'odd', null, '{c}', 'PASS', 'boot')`);
    const empty = { tree_name: "", git_repository_url: "", git_repository_branch: "" };
    const answer = await server.get(query({ ...empty, git_commit_hash: "odd", origin: "odd" }));
    expect(items(answer, HardwareByRevision)).toEqual([
      {
        platform: "p",
        hardware: ["b", "a", "c"],
        build_status_summary: counts({ PASS: 1 }),
        boot_status_summary: counts({ FAIL: 1 }),
        test_status_summary: counts({ NULL: 1 }),
      },
    ]);
  });

  it("names all parameters that are missing", async () => {
    const { status, body } = await server.get("/api/hardware-by-revision/?tree_name=x");
    expect([status, (body as { error: string }).error]).toEqual([
      400,
      expect.stringMatching(/git_repository_url.*git_repository_branch.*git_commit_hash/),
    ]);
  });
});

describe("GET /api/hardware/selectors/", () => {
  it("gives what the origin built in the last 30 days, newest revisions first", async () => {
    const { body } = await server.get("/api/hardware/selectors/");
    expect(Value.Check(HardwareSelectors, body)).toBe(true);
    const branches = (branch: string, revisions: unknown[]): unknown[] => [
      { git_repository_url: URL, git_repository_branch: branch, revisions },
    ];
    const time = expect.stringMatching(/Z$/) as string;
    expect(body).toEqual({
      trees: [
        {
          tree_name: "mainline",
          branches: branches("master", [
            { git_commit_hash: hash("b"), git_commit_name: "v-b", start_time: day(4) },
            { git_commit_hash: hash("a"), git_commit_name: "v-a", start_time: day(3) },
          ]),
        },
        {
          tree_name: "now",
          branches: branches("x/y", [
            { git_commit_hash: hash("9"), git_commit_name: "v-9", start_time: time },
          ]),
        },
      ],
    });
  });

  it("gives what ti tested, and nothing for others", async () => {
    expect((await server.get("/api/hardware/selectors/?origin=ti")).body).toMatchObject({
      trees: [{ tree_name: "mainline", branches: [{ revisions: [{ git_commit_hash: hash("b") }] }] }],
    });
    for (const origin of ["old", "", "aspeed", "%00"])
      expect((await server.get(`/api/hardware/selectors/?origin=${origin}`)).body).toEqual({ trees: [] });
  });
});

describe("POST /api/hardware/{id}", () => {
  it("takes any text for a commit that is selected", async () => {
    const window = { startTimestampInSeconds: unix(1), endTimestampInSeconds: unix(9) };
    for (const view of ["", "/summary", "/builds", "/boots", "/tests"]) {
      for (const text of ["nosuch", "\0", "\ud800"]) {
        const body = JSON.stringify({ ...window, selectedCommits: { "0": text, [text]: "head" } });
        const { status } = await request(`${server.base}/api/hardware/any${view}`, { method: "POST", body });
        expect(status).toBe(200);
      }
    }
  });
});

describe("POST /api/hardware/{id}/commit-history", () => {
  const post = (body: unknown, id = "any"): Promise<Answer> =>
    request(`${server.base}/api/hardware/${id}/commit-history`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const mainline = { treeName: "mainline", repositoryUrl: URL, branch: "master", commitHash: hash("b") };
  const window = { startTimestampInSeconds: unix(1), endTimestampInSeconds: String(unix(9)) };
  const KEY = `mainline-${URL}-master`;

  async function commits(...heads: object[]): Promise<Record<string, string[]>> {
    const { status, body } = await post({ ...window, commitHeads: heads });
    expect([status, Value.Check(CommitHistory, body)]).toEqual([200, true]);
    const table = (body as { commit_history_table: Record<string, { git_commit_name: string }[]> })
      .commit_history_table;
    return Object.fromEntries(
      Object.entries(table).map(([key, list]) => [key, list.map((entry) => entry.git_commit_name)]),
    );
  }

  it("gives each commit up to the head once, by its earliest checkout", async () => {
    const { body } = await post({ ...window, commitHeads: [mainline] }, "a%2Fb,c");
    expect(body).toEqual({
      commit_history_table: {
        [KEY]: [
          expect.objectContaining({ git_commit_hash: hash("a"), start_time: day(3) }),
          {
            git_commit_hash: hash("b"),
            tree_name: "mainline",
            git_repository_branch: "master",
            git_repository_url: URL,
            git_commit_tags: null,
            git_commit_name: "v-b",
            start_time: day(1),
          },
        ],
      },
    });
  });

  it("stops at the newest head of a tree", async () => {
    const fork = { ...mainline, treeName: "fork" };
    expect(await commits({ ...mainline, commitHash: hash("a") })).toEqual({ [KEY]: ["v-a", "v-b"] });
    expect(await commits({ ...fork, commitHash: hash("b") })).toEqual({ [`fork-${URL}-master`]: ["v-b"] });
    expect(
      await commits({ ...fork, commitHash: hash("c") }, { ...fork, commitHash: hash("b") }, mainline),
    ).toEqual({ [`fork-${URL}-master`]: ["v-c", "v-b"], [KEY]: ["v-a", "v-b"] });
  });

  it("takes an empty text for what is missing, and orders equal times by hash", async () => {
    const tie = { treeName: "tie", repositoryUrl: "", branch: "master", commitHash: hash("e") };
    expect(await commits(tie)).toEqual({ "tie--master": ["v-d", "v-e"] });
    await database.pool.query(`
      insert into checkouts (id, origin, start_time, git_commit_hash, git_commit_name, git_commit_tags)
      values ('h1', 'o', '2026-01-02', 'h', 'first', '{null,t}'), ('h2', 'o', '2026-01-03', null, 'head', null)`);
    const nameless = { treeName: "", repositoryUrl: "", branch: "", commitHash: "" };
    const { body } = await post({ ...window, commitHeads: [nameless] });
    expect(Value.Check(CommitHistory, body)).toBe(true);
    expect(body).toMatchObject({
      commit_history_table: { "--": [{ git_commit_hash: "h", tree_name: null, git_commit_tags: ["t"] }] },
    });
  });

  it("says that there is nothing", async () => {
    const nothing = { status: 200, body: { error: "Commit history not found" } };
    expect(await post({ ...window, commitHeads: [] })).toMatchObject(nothing);
    for (const more of [{ commitHash: hash("0") }, { treeName: "none" }, { branch: "\0" }])
      expect(await post({ ...window, commitHeads: [{ ...mainline, ...more }] })).toMatchObject(nothing);
    // One that nothing can be like does not disturb the others.
    const strange = { ...mainline, treeName: "\0", repositoryUrl: "other" };
    expect(await commits(strange, mainline)).toEqual({ [KEY]: ["v-a", "v-b"] });
    const early = { startTimestampInSeconds: " +1_0 ", endTimestampInSeconds: true };
    expect(await post({ ...early, commitHeads: [mainline] })).toMatchObject(nothing);
  });

  const INVALID_BODY = "Invalid body, request body must be a valid json string";
  const NO_TIMESTAMP = "startTimestampInSeconds and endTimestampInSeconds must be a Unix Timestamp";

  it.each([
    ["", INVALID_BODY],
    ["[]", INVALID_BODY],
    [{}, /startTimestampInSeconds'.*endTimestampInSeconds'.*commitHeads'/],
    [{ ...window, origin: null, commitHeads: {} }, /origin'.*commitHeads'/],
    [{ ...window, commitHeads: [mainline, { ...mainline, branch: null }] }, /commitHeads\[1\]\.branch/],
    [{ ...window, commitHeads: [null] }, /commitHeads\[0\]/],
    [
      { ...window, startTimestampInSeconds: [], endTimestampInSeconds: "1.5", commitHeads: [] },
      /^[^;]*startTimestampInSeconds[^;]*$/,
    ],
    [{ ...window, startTimestampInSeconds: 1.5, commitHeads: [] }, NO_TIMESTAMP],
    [{ ...window, startTimestampInSeconds: "", commitHeads: [] }, NO_TIMESTAMP],
    [{ ...window, endTimestampInSeconds: "99999999999999999999", commitHeads: [] }, NO_TIMESTAMP],
    [{ ...window, endTimestampInSeconds: 253402300800, commitHeads: [] }, NO_TIMESTAMP],
  ])("refuses %j", async (body, error) => {
    const answer = await post(body);
    expect([answer.status, Object.keys(answer.body as object)]).toEqual([400, ["error"]]);
    const text = (answer.body as { error: string }).error;
    if (typeof error === "string") expect(text).toBe(error);
    else expect(text).toMatch(error);
  });
});
