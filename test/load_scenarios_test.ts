/** The scenarios of the load test (test/load), once each, and the judgement that its search for stale answers rests on. */
import { describe, expect, it } from "vitest";
import { Clients, exchange, Records, textOf } from "./load/clients.mjs";
import { discover, SCENARIOS } from "./load/scenarios.mjs";
import { judge } from "./load/staleness.mjs";
import { cachingServer, commit, issue, world } from "./support/cache.ts";
import { testDatabase } from "./support/database.ts";

describe("the scenarios of the load test", () => {
  it("find what they ask for, also when they ask again", async () => {
    const database = await testDatabase();
    await commit(database, filled());
    const { base } = await cachingServer(database.pool);
    const known = await discover(async (path) => {
      const { bytes, encoding } = await exchange(base + path);
      return JSON.parse(await textOf(bytes, encoding)) as unknown;
    });
    const records = new Records();
    const open = new Clients(base, records).newClient({ isBrowser: true });
    for (const round of [1, 2])
      for (const [name, scenario] of Object.entries(SCENARIOS)) {
        await scenario(open(name), known);
        expect(
          records.all.filter(({ scenario: of }) => of === name).length,
          `${name}, round ${round}`,
        ).toBeGreaterThan(0);
      }
    expect(records.all.flatMap(({ problem }) => problem ?? [])).toEqual([]);
    expect(new Set(records.all.map(({ status }) => status))).toEqual(new Set([200, 304]));
    expect([...records.asked.keys()].sort()).toEqual([
      "build",
      "hardware-full",
      "hardware-listing",
      "issue",
      "issue-listing",
      "test",
      "tree-boots",
      "tree-builds",
      "tree-commits",
      "tree-full",
      "tree-latest",
      "tree-listing",
    ]);
  });

  it("notice an answer that finds nothing", async () => {
    const database = await testDatabase();
    await commit(database, filled());
    const { base } = await cachingServer(database.pool);
    const records = new Records();
    const open = new Clients(base, records).newClient()("treeDetails");
    await expect(open("tree-latest", "/api/tree/none/master?origin=maestro")).rejects.toThrow(
      "Tree not found",
    );
    await expect(open("test", "/api/no-such-path")).rejects.toThrow("404");
    expect(records.all.map(({ problem }) => problem?.slice(0, 36))).toEqual([
      "GET /api/tree/none/master?origin=mae",
      'GET /api/no-such-path: 404 {"error":',
    ]);
  });
});

describe("the judgement of a sample", () => {
  // Asked for every 200 ms; the answer changed somewhere between 2,000 and 2,250.
  const truths = Array.from({ length: 20 }, (_, number) => ({
    digest: number <= 10 ? "old" : "new",
    from: number * 200,
    to: number * 200 + 50,
  }));
  const sample = (digest: string, from: number): string => judge(truths, { digest, from, to: from + 10 });

  it("is fresh when it was true within the second before it was asked for", () => {
    expect(sample("old", 1500)).toBe("fresh");
    expect(sample("old", 3000)).toBe("fresh");
    expect(sample("new", 2100)).toBe("fresh");
  });

  it("is stale when it was true before that only, or never while nothing changed", () => {
    expect(sample("old", 3300)).toBe("stale");
    expect(sample("new", 1500)).toBe("stale");
    expect(sample("other", 3500)).toBe("stale");
  });

  it("is not decided when it may have been true between two changes", () => {
    expect(sample("other", 2400)).toBe("undecided");
  });
});

/** Something of everything that the scenarios follow. */
function filled(): Record<string, object[]> {
  const { checkouts = [], builds = [], tests = [] } = world("mainline");
  const [test] = tests;
  const data = {
    checkouts,
    builds,
    tests: [...tests, { ...test, id: "o:boot", path: "boot", status: "FAIL" }],
    issues: [{ ...issue("i"), culprit: { code: true } }],
    incidents: [
      { id: "o:n", origin: "o", issue_id: "o:i", issue_version: 1, present: true, test_id: "o:boot" },
    ],
  };
  // Clients ask for this origin first.
  return JSON.parse(
    JSON.stringify(data).replaceAll('"origin":"o"', '"origin":"maestro"').replaceAll('"o:', '"maestro:'),
  ) as Record<string, object[]>;
}
