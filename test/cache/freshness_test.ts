/** The cache of answers is never old: not after a commit, a lost notification, a lost connection, or a commit during a read. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CHANGES_CHANNEL } from "../../src/rollups/changes.ts";
import { cachingServer, commit, gatedPool, HASH, issue, test, world } from "../support/cache.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { eventually } from "../support/events.ts";
import { request, type Answer, type TestServer } from "../support/server.ts";

/** What is promised: after so long every answer has every commit. */
const PROMISED_MS = 1000;

let database: TestDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await testDatabase();
  const all = [world("mainline"), world("next")];
  await commit(database, {
    checkouts: all.flatMap(({ checkouts = [] }) => checkouts),
    builds: all.flatMap(({ builds = [] }) => builds),
    tests: all.flatMap(({ tests = [] }) => tests),
    issues: [issue("i"), issue("j")],
    incidents: ["i", "j"].map((name) => ({
      id: `o:n${name}`,
      origin: "o",
      issue_id: `o:${name}`,
      issue_version: 1,
      present: true,
      build_id: "o:mainlineb",
    })),
  });
});

/** Without answers of other tests, which would be read ahead among those of a test. */
beforeEach(async () => {
  server = await cachingServer(database.pool);
});
afterEach(() => server.app.close());

/** Asks a server, that of the test unless it is told another one. */
type Ask = (on?: TestServer) => Promise<unknown>;

const listing = "/api/tree/?origin=o";
const summary = (name: string): string => `/api/tree/${name}/master/${HASH}/summary?origin=o`;
const hardware = (name: string): Ask => {
  const now = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({
    origin: "o",
    startTimestampInSeconds: now - 86_400,
    endTimestampInSeconds: now + 86_400,
    selectedCommits: {},
  });
  return async (on = server) =>
    (await request(`${on.base}/api/hardware/${name}/summary`, { method: "POST", body })).body;
};
const get =
  (path: string): Ask =>
  async (on = server) =>
    (await on.get(path)).body;

/** Whether asking reads from the database. */
async function reads(ask: Ask, on = server): Promise<boolean> {
  const before = on.cacheStats.misses;
  await ask(on);
  return on.cacheStats.misses > before;
}

/**
 * Answers that are kept, those that there are within the promised time after something changed, and whether they were read for
 * that, ahead or when they were asked for. Each is asked of a server of its own, which counts no other's.
 */
async function around(
  asks: Ask[],
  change: () => Promise<unknown>,
): Promise<{ before: unknown[]; after: unknown[]; wereRead: boolean[] }> {
  const asked = [];
  for (const ask of asks) {
    const on = await cachingServer(database.pool);
    const before = await ask(on);
    expect(await reads(ask, on)).toBe(false);
    const { misses, ahead } = on.cacheStats;
    asked.push({ ask, on, before, readings: misses + ahead });
  }
  await change();
  await sleep(PROMISED_MS);
  const [after, wereRead] = [[] as unknown[], [] as boolean[]];
  for (const { ask, on, readings } of asked) {
    after.push(await ask(on));
    wereRead.push(on.cacheStats.misses + on.cacheStats.ahead > readings);
    await on.app.close();
  }
  return { before: asked.map(({ before }) => before), after, wereRead };
}

describe("a kept answer", () => {
  it("has a new test within a second, whatever it is about", async () => {
    const repository = "git_branch=master&git_url=https://git.example.org/mainline.git";
    const asks = [
      get(listing),
      get(summary("mainline")),
      get(`/api/tree/${HASH}/tests?origin=o&${repository}`),
      get(`/api/tree/mainline/master/${HASH}/commits?origin=o`),
      get("/api/build/o%3Amainlineb/tests"),
      get("/api/test/o%3Amainlinet1"),
      hardware("mainline"),
      get("/api/hardware/?origin=o&startTimestampInSeconds=1&endTimestampInSeconds=9999999999"),
      get(
        `/api/hardware-by-revision/?origin=o&tree_name=mainline&git_repository_branch=master&git_repository_url=https://git.example.org/mainline.git&git_commit_hash=${HASH}`,
      ),
    ];
    const { before, after } = await around(asks, () => commit(database, { tests: [test("mainline", 1)] }));
    expect(before[5]).toEqual({ error: "Test not found" });
    for (const [index, answer] of after.entries()) expect(answer).not.toEqual(before[index]);
  });

  it("has an issue's new comment, wherever the issue was seen", async () => {
    const asks = [
      get("/api/issue/o%3Ai"),
      get("/api/issue/?startTimestampInSeconds=1&endTimestampInSeconds=9999999999"),
      get("/api/build/o%3Amainlineb/issues"),
      get(summary("mainline")),
    ];
    const { after } = await around(asks, () => commit(database, { issues: [issue("i", "broken")] }));
    for (const answer of after) expect(JSON.stringify(answer)).toContain("broken");
  });

  it("has a checkout that is the first of its tree, and what waited for it", async () => {
    const orphan = { id: "o:lateb", checkout_id: "o:late", origin: "o" };
    await commit(database, { builds: [orphan] });
    const asks = [get("/api/build/o%3Alateb"), get("/api/tree/late/master?origin=o"), hardware("next")];
    const { before, after, wereRead } = await around(asks, () =>
      commit(database, { checkouts: world("late").checkouts ?? [] }),
    );
    expect(before.slice(0, 2)).toMatchObject([
      { tree_name: null },
      { error: expect.stringContaining("Tree not found") as string },
    ]);
    expect(after.slice(0, 2)).toMatchObject([{ tree_name: "late" }, { tree_name: "late" }]);
    // No tree of that hardware has a newer commit by it.
    expect(wereRead).toEqual([true, true, false]);
  });

  it("of hardware has a new head of a tree that was tested on it, and no other tree's", async () => {
    await commit(database, world("head"));
    const newer = {
      ...world("head").checkouts?.[0],
      id: "o:head2",
      git_commit_hash: "b".repeat(40),
      start_time: new Date().toISOString(),
    };
    const { before, after, wereRead } = await around([hardware("head"), hardware("next")], () =>
      commit(database, { checkouts: [newer] }),
    );
    expect(before[0]).toHaveProperty("common.trees.0.head_git_commit_hash", HASH);
    expect(after[0]).toEqual({ error: "This hardware isn't associated with any commit" });
    expect(wereRead).toEqual([true, false]);
    const tested = await around([hardware("head")], () =>
      commit(database, {
        builds: [{ id: "o:head2b", checkout_id: "o:head2", origin: "o" }],
        tests: [{ ...test("head", 2), build_id: "o:head2b" }],
      }),
    );
    expect(tested.after[0]).toHaveProperty("common.trees.0.head_git_commit_hash", "b".repeat(40));
  });

  it("of hardware has what a checkout changes that is delivered again or filled", async () => {
    const { builds = [], tests = [], checkouts = [] } = world("moved");
    // Without a start its time is that of its last delivery.
    const checkout = { ...checkouts[0], start_time: undefined, git_repository_branch: undefined };
    const overtaking = { ...checkout, id: "o:moved2", git_commit_hash: "c".repeat(40) };
    await commit(database, { checkouts: [checkout], builds, tests });
    await commit(database, { checkouts: [overtaking] });
    const again = await around([hardware("moved")], () => commit(database, { checkouts: [checkout] }));
    expect(again.before).toEqual([{ error: "This hardware isn't associated with any commit" }]);
    expect(again.after[0]).toHaveProperty("common.trees.0.git_repository_branch", null);
    const filled = await around([hardware("moved")], () =>
      commit(database, { checkouts: [{ ...checkout, git_repository_branch: "master" }] }),
    );
    expect(filled.after[0]).toHaveProperty("common.trees.0.git_repository_branch", "master");
  });

  it("stays while commits change something else", async () => {
    const asks = [
      get(summary("mainline")),
      get("/api/tree/mainline/master?origin=o"),
      get("/api/build/o%3Amainlineb"),
      get("/api/issue/o%3Aj"),
      get("/api/tree/?origin=another"),
      hardware("mainline"),
    ];
    const { wereRead } = await around(asks, () =>
      commit(database, { tests: [test("next", 1), test("next", 2)], issues: [issue("k")] }),
    );
    expect(wereRead).toEqual(asks.map(() => false));
  });

  it("stays without the notification, and for ever as long as nothing changes", async () => {
    await server.get(listing);
    await database.pool.query(`select pg_notify('${CHANGES_CHANNEL}', '')`);
    await sleep(PROMISED_MS);
    expect(await reads(get(listing))).toBe(false);
  });

  it("has what was delivered again: an issue's time of ingestion", async () => {
    const { before, after } = await around([get("/api/issue/o%3Aj")], () =>
      commit(database, { issues: [issue("j")] }),
    );
    expect(after).not.toEqual(before);
  });

  it("is read again after a commit of which no notification came", async () => {
    const { before, after } = await around([get("/api/test/o%3Amainlinet0")], () =>
      database.pool.query(`
        with changed as (update tests set path = 'ltp.changed' where id = 'o:mainlinet0')
        insert into changes (changed_at, changed) values (now(), '{"trees": {"all": true}, "hardware": [], "issues": [],
          "rows": {"new": [], "changed": ["tests"], "repeated": [], "new_checkouts": [], "trees": [], "issues": []}}')`),
    );
    expect([...before, ...after]).toMatchObject([{ path: "ltp.x" }, { path: "ltp.changed" }]);
  });

  it("is not used while the log of changes cannot be read, and is again when it can", async () => {
    const { database: name } = database.connection;
    const ask = get(summary("mainline"));
    await ask();
    expect(await reads(ask)).toBe(false);
    const administer = await testDatabase();
    const terminate = async (): Promise<number> =>
      (
        await administer.rows(
          `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = $1 and application_name = 'kernelboard events'`,
          [name],
        )
      ).length;
    // Without the connection of the feed, with those of the pool.
    const clients = await Promise.all([1, 2].map(() => database.pool.connect()));
    await administer.pool.query(`update pg_database set datallowconn = false where datname = $1`, [name]);
    for (const client of clients) client.release();
    try {
      expect(await terminate()).toBe(1);
      await database.pool.query("update tests set status = 'FAIL' where id = 'o:mainlinet0'");
      await sleep(PROMISED_MS);
      expect(await ask()).toMatchObject({ summary: { tests: { status: { FAIL: 1 } } } });
      expect(await reads(ask)).toBe(true);
    } finally {
      await administer.pool.query(`update pg_database set datallowconn = true where datname = $1`, [name]);
    }
    await eventually(() => reads(ask)).toBe(false);
  });

  it("is not made of what was read before a commit and arrives after it", async () => {
    const gate = gatedPool(database.pool, "tree_listing");
    const slow = await cachingServer(gate.pool);
    const early = slow.get(listing);
    await eventually(gate.read).toBe(1);
    await commit(database, { tests: [test("mainline", 2)] });
    await sleep(PROMISED_MS);
    gate.letGo();
    const [before, after] = [await early, await slow.get(listing)];
    expect(after.body).not.toEqual(before.body);
    expect(gate.read()).toBe(2);
  });
});

describe("an answer that was asked for again", () => {
  const text = ({ body }: Answer): string => JSON.stringify(body);
  const changeIt = (): Promise<void> => commit(database, { tests: [test("mainline", ++lastTest)] });
  let lastTest = 100;

  it("is read ahead when a commit touches it: once for each such request, and four times at most", async () => {
    const fresh = await cachingServer(database.pool);
    const { cacheStats: stats } = fresh;
    await fresh.get(listing);
    await changeIt();
    await sleep(PROMISED_MS);
    expect(stats).toMatchObject({ misses: 1, ahead: 0 });
    const before = await fresh.get(listing);
    for (let asked = 0; asked < 10; asked++) await fresh.get(listing);
    for (let readings = 1; readings <= 4; readings++) {
      await changeIt();
      await eventually(() => stats.ahead).toBe(readings);
    }
    await changeIt();
    await sleep(PROMISED_MS);
    expect(stats).toMatchObject({ misses: 2, ahead: 4, hits: 10 });
    const after = await fresh.get(listing);
    expect(text(after)).not.toBe(text(before));
    expect(stats).toMatchObject({ misses: 3, ahead: 4, hits: 10 });
  });

  it("is answered as it was while it is read, for less than a second, and not to those who do not want that", async () => {
    const gate = gatedPool(database.pool, "tree_listing");
    const slow = await cachingServer(gate.pool);
    gate.letGo();
    const soon = (): Promise<string> => Promise.race([slow.get(listing).then(text), sleep(300, "none")]);
    let before: string;
    let meanwhile: string;
    // The second may be over before this test, which shares the machine with others, comes to ask.
    for (let attempt = 1; ; attempt++) {
      before = text(await slow.get(listing));
      gate.hold();
      const readings = gate.read();
      const changing = changeIt();
      while (gate.read() === readings) {
        const answer = await soon();
        if (answer !== "none") before = answer;
      }
      meanwhile = await soon();
      await changing;
      if (meanwhile !== "none" || attempt === 10) break;
      gate.letGo();
    }
    expect(meanwhile).toBe(before);
    const demands: Record<string, string>[] = [
      { "cache-control": "no-cache" },
      { "cache-control": "max-age=0" },
      { pragma: "no-cache" },
    ];
    const waiting = demands.map((headers) => slow.get(listing, headers));
    await sleep(PROMISED_MS);
    waiting.push(slow.get(listing));
    const readings = gate.read();
    expect(await Promise.race([...waiting, sleep(200, "none")])).toBe("none");
    gate.letGo();
    const answers = (await Promise.all(waiting)).map(text);
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).not.toBe(before);
    expect(gate.read()).toBe(readings);
  });

  it("is read ahead in the forms that were asked for, which is no request for the log", async () => {
    const fresh = await cachingServer(database.pool);
    const { cacheStats: stats } = fresh;
    const hot = summary("mainline");
    const asked = ["gzip", "br", "identity", "br"];
    for (const encoding of asked) await fresh.get(hot, { "accept-encoding": encoding });
    const { bytes } = stats.size();
    await changeIt();
    await eventually(() => stats.ahead).toBe(1);
    // One form alone is less than half.
    await eventually(() => Math.round(stats.size().bytes / bytes)).toBe(1);
    expect(fresh.log.filter((line) => line.includes("/summary?"))).toHaveLength(asked.length);
  });

  it("does not wait for long behind another one that is read ahead and does not get its turn", async () => {
    const gate = gatedPool(database.pool, "tree_boots");
    const slow = await cachingServer(gate.pool, { KERNELBOARD_EXPENSIVE_WAIT_MS: "60000" });
    for (const path of [summary("mainline"), summary("mainline"), listing, listing]) await slow.get(path);
    const holding = slow.get(`/api/tree/next/master/${HASH}/boots?origin=o`);
    await eventually(gate.read).toBe(1);
    await changeIt();
    await eventually(() => slow.cacheStats.ahead).toBe(1);
    gate.letGo();
    expect((await holding).status).toBe(200);
  });

  it("is read ahead before the clock ends it", async () => {
    const fresh = await cachingServer(database.pool);
    const { cacheStats: stats } = fresh;
    // A window that ends now is looked at for a second.
    const moving = "/api/issue/";
    const until = Date.now() + 3000;
    while (Date.now() < until) {
      await fresh.get(moving);
      await sleep(100);
    }
    expect(stats).toMatchObject({ misses: 1 });
    expect(stats.ahead).toBeGreaterThan(1);
  });
});

describe("a request that waits for its turn", () => {
  const boots = `/api/tree/mainline/master/${HASH}/boots?origin=o`;

  it("is answered with what there is when it reads, which is kept", async () => {
    const gate = gatedPool(database.pool, "tree_boots");
    const slow = await cachingServer(gate.pool);
    const first = slow.get(boots);
    await eventually(gate.read).toBe(1);
    const waiting = slow.get(summary("next"));
    await commit(database, { tests: [test("next", 7)] });
    await sleep(PROMISED_MS);
    gate.letGo();
    await first;
    const { body } = await waiting;
    const { misses } = slow.cacheStats;
    expect(body).toEqual((await slow.get(summary("next"))).body);
    expect(slow.cacheStats.misses).toBe(misses);
    expect(body).toEqual((await server.get(summary("next"))).body);
  });
});

describe("equal requests", () => {
  it("are read once", async () => {
    const gate = gatedPool(database.pool, "tree_listing");
    const slow = await cachingServer(gate.pool);
    const asked = Array.from({ length: 20 }, (_, index) =>
      slow.get(
        index % 2 === 0 ? "/api/tree/?origin=o&interval_in_days=3" : "/api/tree/?interval_in_days=3&origin=o",
      ),
    );
    await eventually(gate.read).toBe(1);
    gate.letGo();
    const bodies = (await Promise.all(asked)).map(({ body }) => JSON.stringify(body));
    expect(new Set(bodies).size).toBe(1);
    expect(gate.read()).toBe(1);
    expect(slow.cacheStats.misses).toBe(1);
  });
});
