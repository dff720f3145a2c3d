/** Recorded requests with their answers, against the tables that they were recorded from. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { OwnPool } from "../../src/database/pool.ts";
import { loadConformanceTables } from "../support/conformance_data.ts";
import { testDatabase } from "../support/database.ts";
import { testServer } from "../support/server.ts";
import { SHARED, runShared, sharedProblem } from "../support/shared.ts";

describe.skipIf(sharedProblem !== undefined)("recorded answers", () => {
  let pool: OwnPool;
  beforeAll(async () => {
    ({ pool } = await testDatabase());
    await loadConformanceTables(pool);
  });

  const replay = async (base: string): Promise<void> => {
    const output = await runShared(process.execPath, [
      join(SHARED, "conformance", "check.mjs"),
      ...["--base", base, "--show", "3"],
    ]);
    const [, passed = "0"] = /^(\d+) passed, 0 failed$/.exec(output.trim().split("\n").at(-1) ?? "") ?? [];
    expect(Number(passed), output).toBeGreaterThanOrEqual(984);
  };

  it("are given again, all of them", async () => {
    await replay((await testServer(pool)).base);
  });

  it("are given from the cache too", async () => {
    const { base, cacheStats } = await testServer(pool, { CACHE_TIMEOUT: "180" });
    await replay(base);
    const { misses } = cacheStats;
    await replay(base);
    expect(cacheStats.hits).toBeGreaterThan(misses / 2);
  });
});
