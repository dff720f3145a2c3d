/** Recorded requests with their answers, against the tables that they were recorded from. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadConformanceTables } from "../support/conformance_data.ts";
import { testDatabase } from "../support/database.ts";
import { testServer } from "../support/server.ts";
import { SHARED, runShared, sharedProblem } from "../support/shared.ts";

describe.skipIf(sharedProblem !== undefined)("recorded answers", () => {
  let base: string;
  beforeAll(async () => {
    const { pool } = await testDatabase();
    await loadConformanceTables(pool);
    base = (await testServer(pool)).base;
  });

  it("are given again, all of them", async () => {
    const output = await runShared(process.execPath, [
      join(SHARED, "conformance", "check.mjs"),
      ...["--base", base, "--show", "3"],
    ]);
    const [, passed = "0"] = /^(\d+) passed, 0 failed$/.exec(output.trim().split("\n").at(-1) ?? "") ?? [];
    expect(Number(passed), output).toBeGreaterThanOrEqual(984);
  });
});
