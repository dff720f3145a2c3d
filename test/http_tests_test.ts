/** `npm run test:http` itself: passes against a seeded server, is skipped without one, and fails without one in CI. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "./support/database.ts";
import { databaseEnvironment, run } from "./support/program.ts";
import { testServer } from "./support/server.ts";
import { PROJECT } from "./support/shared.ts";

let base: string;
beforeAll(async () => {
  const { connection, pool } = await testDatabase();
  const seeded = await run(["seed_test_data"], { ...databaseEnvironment(connection), DEBUG: "true" });
  expect(seeded.code).toBe(0);
  ({ base } = await testServer(pool));
});

function testHttp(environment: Record<string, string>, ...args: string[]): Promise<[number | null, string]> {
  const script = join(PROJECT, "scripts", "test-http.mjs");
  const child = spawn(process.execPath, [script, ...args], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, NO_COLOR: "1", ...environment },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", (code) => {
      resolve([code, output]);
    });
  });
}

describe("npm run test:http", () => {
  it("passes against a seeded server, with all cases when it is told to", async () => {
    expect(await testHttp({ TEST_BASE_URL: base })).toEqual([
      0,
      expect.stringMatching(/Tests +12 passed \(12\)/),
    ]);
    expect(await testHttp({ TEST_BASE_URL: base }, "--run-all")).toEqual([
      0,
      expect.stringMatching(/Tests +18 passed \(18\)/),
    ]);
  });

  it("is skipped while the server is offline, and fails then in CI", async () => {
    const away = { TEST_BASE_URL: "http://127.0.0.1:1/" };
    expect(await testHttp(away)).toEqual([0, expect.stringContaining("Server is not online")]);
    expect((await testHttp({ ...away, CI: "true" }))[0]).toBe(1);
  });
});
