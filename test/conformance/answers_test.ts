/** Recorded requests with their answers, against the tables that they were recorded from. */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { from as copyFrom } from "pg-copy-streams";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../support/database.ts";
import { testServer } from "../support/server.ts";
import { SHARED, runShared, sharedProblem } from "../support/shared.ts";
import type { Pool } from "../../src/database/pool.ts";

/** Groups of which every recorded case holds, with the number of cases. */
const GROUPS: [string, number][] = [
  ["tree-listing", 9],
  ["tree-latest", 17],
  ["tree-builds-direct", 9],
  ["build", 13],
  ["test", 14],
  ["routing", 11],
];

async function load(pool: Pool): Promise<void> {
  const folder = join(SHARED, "conformance", "db");
  for (const file of await readdir(folder)) {
    const path = join(folder, file);
    const columns = gunzipSync(readFileSync(path)).toString().split("\n")[0] ?? "";
    const client = await pool.connect();
    try {
      const copy = client.query(
        copyFrom(`copy ${file.replace(".csv.gz", "")} (${columns}) from stdin (format csv, header)`),
      );
      await pipeline(createReadStream(path), createGunzip(), copy);
    } finally {
      client.release();
    }
  }
}

describe.skipIf(sharedProblem !== undefined)("recorded answers", () => {
  let base: string;
  beforeAll(async () => {
    const { pool } = await testDatabase();
    await load(pool);
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
