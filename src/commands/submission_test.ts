/** `kernelboard token` and `kernelboard submission`, and the spool directory by a variable, as the built program has them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createDatabase, type TestDatabase } from "../../test/support/database.ts";
import { databaseEnvironment, run, start, type Outcome } from "../../test/support/program.ts";
import { request } from "../../test/support/server.ts";
import { spoolState, submission, temporaryDirectory } from "../../test/support/spool.ts";
import { eventually } from "../../test/support/submit.ts";
import { submissionText } from "./submission.ts";

const SECRET = "a secret of the tests, thirty-two bytes and more";
const secret = { KERNELBOARD_SUBMIT_SECRET: SECRET };

let database: TestDatabase;
let environment: Record<string, string>;
beforeAll(async () => {
  database = await createDatabase(inject("connection"));
  environment = { ...databaseEnvironment(database.connection), ...secret };
});
afterAll(() => database.drop());

describe("kernelboard token", () => {
  const create = (...args: string[]): Promise<Outcome> => run(["token", "create", ...args], secret);

  it("prints a token alone, and tells what it says", async () => {
    const { code, stdout, stderr } = await create("--origin", "maestro", "--expires", "2099-12-31");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(await run(["token", "show", stdout.trim()], secret)).toMatchObject({
      code: 0,
      stdout: "origins  maestro\nexpires  2099-12-31T00:00:00.000Z\n",
    });
    const other = { KERNELBOARD_SUBMIT_SECRET: SECRET.toUpperCase() };
    expect(await run(["token", "show", stdout.trim()], other)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "CommandError: Missing or invalid JWT (Bearer)\n",
    });
  });

  it("prints JSON, and takes several origins", async () => {
    const { stdout } = await create("--origin", "a", "--origin", "b", "--json");
    const said = JSON.parse(stdout) as { token: string };
    expect(said).toEqual({ token: expect.any(String) as string, origins: ["a", "b"], expires: null });
    const shown = await run(["token", "show", said.token, "--json"], { JWT_SECRET: SECRET });
    expect(JSON.parse(shown.stdout)).toEqual({ origins: ["a", "b"], expires: null });
  });

  it("ends with 2 for what is no origin or no time to come, and with 1 without a secret", async () => {
    for (const args of [
      [],
      ["--origin", "a-b"],
      ["--origin", "A"],
      ["--origin", "o", "--expires", "soon"],
      ["--origin", "o", "--expires", "0d"],
      ["--origin", "o", "--expires", "2020-01-01"],
      ["--origin", "o", "--expires", "2099-02-30"],
    ]) {
      const { code, stdout } = await create(...args);
      expect([args, code, stdout]).toEqual([args, 2, ""]);
    }
    expect(await run(["token", "create", "--origin", "o"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("KERNELBOARD_SUBMIT_SECRET is not set") as string,
    });
    for (const args of [["token"], ["token", "create"], ["token", "show"], ["submission", "show"]]) {
      const help = await run([...args, "--help"]);
      expect([help.code, help.stdout]).toEqual([0, expect.stringContaining("Examples:")]);
    }
  });
});

describe("submissions over HTTP", () => {
  it("go from a client through the spool into the database, and can be followed", async () => {
    const spoolDir = await temporaryDirectory();
    const own = { ...environment, KERNELBOARD_SPOOL_DIR: spoolDir, KERNELBOARD_SPOOL_MIN_FREE_BYTES: "0" };
    const token = (await run(["token", "create", "--origin", "o", "--expires", "1h"], own)).stdout.trim();
    const program = start(["serve", "--port", "0", "--interval", "0"], own);
    try {
      const base = await program.shows(/Listening on (\S+)\//);
      const answer = await request(`${base}/submit`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(
          submission({
            tests: [
              { id: "o:t", build_id: "o:b", origin: "o" },
              { id: "o:u", origin: "o" },
            ],
          }),
        ),
      });
      expect(answer.status).toBe(200);
      const { id } = answer.body as { id: string };
      const status = async (): Promise<unknown> => (await request(`${base}/status?id=${id}`)).body;
      await eventually(async () => !JSON.stringify(await status()).includes('"ready"'));
      expect(await status()).toMatchObject({ id, status: "failed" });

      const shown = await run(["submission", "show", id], own);
      expect([shown.code, shown.stderr]).toEqual([0, ""]);
      expect(shown.stdout).toContain(`${id}  failed\n1 of 2 objects were refused`);
      expect(shown.stdout).toContain("/tests/1  o:u  required: ");
      const json = await run(["submission", "show", id, "--spool-dir", spoolDir, "--json"], environment);
      expect(JSON.parse(json.stdout)).toMatchObject({
        id,
        status: "failed",
        objects: 2,
        stored: 1,
        refused: 1,
      });
      expect(program.stderr()).toContain('"msg":"submission accepted"');
      expect(program.stderr()).not.toContain(token);
    } finally {
      program.child.kill("SIGTERM");
      expect((await program.ended).code).toBe(0);
    }
  });

  it("are taken by a server that only serves, for another process to ingest", async () => {
    const spoolDir = await temporaryDirectory();
    const token = (await run(["token", "create", "--origin", "*"], environment)).stdout.trim();
    const program = start(["serve", "--port", "0", "--role", "web", "--spool-dir", spoolDir], {
      ...environment,
      KERNELBOARD_SPOOL_MIN_FREE_BYTES: "0",
    });
    try {
      const base = await program.shows(/Listening on (\S+)\//);
      const headers = { authorization: `Bearer ${token}` };
      const body = JSON.stringify(submission({}));
      expect((await request(`${base}/submit`, { method: "POST", headers, body })).status).toBe(200);
    } finally {
      program.child.kill("SIGTERM");
      await program.ended;
    }
    expect((await spoolState(spoolDir)).inbox).toHaveLength(1);
    const ingested = await run(["ingest", "--once"], { ...environment, KERNELBOARD_SPOOL_DIR: spoolDir });
    expect(ingested.code).toBe(0);
    expect((await spoolState(spoolDir)).archive).toHaveLength(1);
    expect(await run(["ingest", "--once"], environment)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("required option '--spool-dir <dir>' not specified") as string,
    });
  });

  it("do not start where the spool cannot be used", async () => {
    const file = join(await temporaryDirectory(), "file");
    await writeFile(file, "");
    expect(
      await run(["serve", "--port", "0", "--role", "web", "--spool-dir", file], environment),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        new RegExp(`^CommandError: .*Directory ${file} is not a directory`, "m"),
      ) as string,
    });
  });
});

describe("kernelboard submission show", () => {
  it("ends with 1 for what is not known, or cannot be", async () => {
    await run(["migrate"], environment);
    expect(await run(["submission", "show", "nobody"], environment)).toMatchObject({
      code: 1,
      stdout: "nobody  notfound\nNo submission with this id is known\n",
    });
    expect(await run(["submission", "show", "../x"], environment)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("'../x' is no id of a submission") as string,
    });
    expect(await run(["submission", "show", "x", "--spool-dir", "/no/such"], environment)).toMatchObject({
      code: 1,
      stderr: "CommandError: Directory /no/such does not exist\n",
    });
  });

  it("shows counts as a table, and refusals without what steers a terminal", () => {
    const text = submissionText({
      id: "x",
      status: "failed",
      message: "2 of 6 objects were refused, the others are stored: see refusals",
      objects: 6,
      stored: 3,
      merged: 1,
      refused: 2,
      counts: { stored: { tests: 3, builds: 0 }, merged: { tests: 0, builds: 1 } },
      refusals: [
        { kind: "tests", id: "o:\u001b[31m", pointer: "/tests/0", rule: "type", message: "must be\nx" },
      ],
      received_at: "2026-11-01T10:00:00Z",
      stored_at: "2026-11-01T10:00:01Z",
    });
    expect(text.split("\n")).toEqual([
      "x  failed",
      "2 of 6 objects were refused, the others are stored: see refusals",
      "received  2026-11-01T10:00:00Z",
      "stored    2026-11-01T10:00:01Z",
      "",
      "                    stored    merged   refused",
      "tests                    3         0",
      "builds                   0         1",
      "6 objects                3         1         2",
      "",
      "refused:",
      "  /tests/0  o:?[31m  type: must be?x",
      "  ... and 1 more",
    ]);
  });
});
