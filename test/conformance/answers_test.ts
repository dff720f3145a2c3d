/** Recorded requests with their answers, against the tables that they were recorded from. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadConformanceTables } from "../support/conformance_data.ts";
import { testDatabase } from "../support/database.ts";
import { testServer } from "../support/server.ts";
import { SHARED, runShared, sharedProblem } from "../support/shared.ts";

/** Groups of which every recorded case holds, with the number of cases. */
const GROUPS: [string, number][] = [
  ["tree-listing", 9],
  ["tree-latest", 17],
  ["tree-builds-direct", 9],
  ["build", 13],
  ["test", 14],
  ["routing", 11],
];

describe.skipIf(sharedProblem !== undefined)("recorded answers", () => {
  let base: string;
  beforeAll(async () => {
    const { pool } = await testDatabase();
    await loadConformanceTables(pool);
    base = (await testServer(pool)).base;
  });

  it.each(GROUPS)("of %s", async (group, count) => {
    const output = await runShared(process.execPath, [
      join(SHARED, "conformance", "check.mjs"),
      "--base",
      base,
      "--group",
      group,
    ]);
    expect(output.trim().split("\n").at(-1), output).toBe(`${count} passed, 0 failed`);
  });
});
