/** Answers that two servers share through a Redis of this test's own, which is stopped and started under load. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { cachingServer, commit, HASH, test, world } from "../support/cache.ts";
import { atEndOfFile } from "../support/cleanup.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { eventually } from "../support/events.ts";
import type { TestServer } from "../support/server.ts";

const SUMMARY = `/api/tree/mainline/master/${HASH}/summary?origin=o`;
const isThere = spawnSync("redis-server", ["--version"]).status === 0;
if (!isThere) console.warn("there is no redis-server here: the tests of shared answers are skipped");

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.skipIf(!isThere)("answers in Redis", () => {
  let port = 0;
  let redis: ChildProcess | undefined;
  let database: TestDatabase;

  const startRedis = (): void => {
    redis = spawn(
      "redis-server",
      ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
      { stdio: "ignore" },
    );
  };
  const stopRedis = async (): Promise<void> => {
    if (redis === undefined) return;
    const exited = new Promise((resolve) => redis?.once("exit", resolve));
    redis.kill("SIGKILL");
    await exited;
    redis = undefined;
  };
  const sharing = async (): Promise<TestServer> => {
    const server = await cachingServer(database.pool, { REDIS_URL: `redis://127.0.0.1:${port}/0` });
    await eventually(() => server.log.join()).toContain("shared through Redis");
    return server;
  };

  /** Waits until one server is given what another one has stored, which it does after it has answered. */
  const meet = async (one: TestServer, other: TestServer): Promise<void> => {
    let number = 0;
    await eventually(async () => {
      const path = `${SUMMARY}&meet=${number++}`;
      await one.get(path);
      await other.get(path);
      return other.cacheStats.sharedHits;
    }).toBeGreaterThan(0);
  };

  beforeAll(async () => {
    port = await freePort();
    startRedis();
    atEndOfFile(stopRedis);
    database = await testDatabase();
    await commit(database, world("mainline"));
    await commit(database, world("next"));
  });

  it("are read by one server and served by both, until a commit", async () => {
    const [one, other] = [await sharing(), await sharing()];
    // So that both follow the log.
    for (const server of [one, other]) await server.get("/api/tree/?origin=nobody");
    const first = await one.get(SUMMARY);
    await meet(one, other);
    const second = await other.get(SUMMARY);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
    // Without reading: again with another address if the machine was too busy for Redis' time limit.
    let number = 0;
    await eventually(async () => {
      const path = `${SUMMARY}&unread=${number++}`;
      const read = await one.get(path);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { misses } = other.cacheStats;
      const given = await other.get(path);
      expect([given.body, given.headers.get("etag")]).toEqual([read.body, read.headers.get("etag")]);
      return other.cacheStats.misses - misses;
    }).toBe(0);

    await commit(database, { tests: [test("mainline", 1)] });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const third = await other.get(SUMMARY);
    expect(third.body).not.toEqual(first.body);
    expect((await one.get(SUMMARY)).body).toEqual(third.body);
  });

  it("are not missed by anybody when Redis goes, and are shared again when it is back", async () => {
    const server = await sharing();
    const wrong: unknown[] = [];
    let asked = 0;
    const stop = new AbortController();
    const load = Array.from({ length: 4 }, async () => {
      while (!stop.signal.aborted) {
        const { status, body } = await server.get(`${SUMMARY}&x=${asked++}`);
        if (status !== 200) wrong.push(body);
      }
    });
    const reach = async (more: number): Promise<void> => {
      const from = asked;
      await eventually(() => asked).toBeGreaterThan(from + more);
    };
    await reach(50);
    await stopRedis();
    await reach(200);
    const stored = server.cacheStats.misses;
    startRedis();
    await eventually(() => server.log.join()).toContain("shared through Redis again");
    await reach(50);
    stop.abort();
    await Promise.all(load);
    expect(wrong).toEqual([]);
    expect(stored).toBeGreaterThan(0);
    // Said once each time, however many requests there are; a busy machine may make Redis slow now and then too.
    const said = server.log.flatMap(
      (line) => /shared through Redis|Redis cannot be used/.exec(line)?.[0] ?? [],
    );
    expect(said).toContain("Redis cannot be used");
    expect(said.filter((text, index) => text === said[index - 1])).toEqual([]);
    const another = await sharing();
    await another.get("/api/tree/?origin=nobody");
    await meet(server, another);
  });

  it("is not noticed when it does not answer", async () => {
    const server = await sharing();
    redis?.kill("SIGSTOP");
    try {
      for (let number = 0; number < 5; number++)
        expect((await server.get(`${SUMMARY}&stopped=${number}`)).status).toBe(200);
      expect(server.cacheStats.sharedErrors).toBeGreaterThan(0);
    } finally {
      redis?.kill("SIGCONT");
    }
  });
});
