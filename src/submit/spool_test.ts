/** What becomes of the spool when clients, the disk or the server do not do what they should. */
import { execFile } from "node:child_process";
import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { atEndOfFile } from "../../test/support/cleanup.ts";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { request, type Answer } from "../../test/support/server.ts";
import { submission, temporaryDirectory } from "../../test/support/spool.ts";
import { eventually, oneTest, startSubmitting, submitServer } from "../../test/support/submit.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});

/** Put off, with the time after which to come again. */
function expectNotNow(answer: Answer, message: string): void {
  expect(answer).toMatchObject({
    status: 503,
    body: { id: "0", status: "error", message: expect.stringContaining(message) as string },
  });
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
}

describe("a client", () => {
  it("that goes away in mid-body leaves nothing behind", async () => {
    const server = await submitServer(database.pool);
    const half = await startSubmitting(server);
    half.socket.destroy();
    await eventually(async () => (await server.files()).length === 0);
    await eventually(() => server.log.some((line) => line.includes("submission not received")));
    expect((await server.submit(oneTest())).status).toBe(200);
  });

  it("that is too slow is told so", async () => {
    const server = await submitServer(database.pool, {}, { limits: { idleMs: 20 } });
    const half = await startSubmitting(server);
    expect(await half.answer(/seconds"}/)).toMatch(/^HTTP\/1.1 408 .*has not gone on for 0.02 seconds/s);
    half.socket.destroy();
    const long = await submitServer(database.pool, {}, { limits: { totalMs: 20 } });
    const other = await startSubmitting(long);
    expect(await other.answer(/seconds"}/)).toMatch(/^HTTP\/1.1 408 .*has been arriving for 0.02 seconds/s);
    other.socket.destroy();
    expect([await server.files(), await long.files()]).toEqual([[], []]);
  });

  it("is put off while as many others as may are submitting", async () => {
    const server = await submitServer(database.pool, {}, { limits: { concurrent: 1 } });
    const half = await startSubmitting(server);
    expectNotNow(await server.submit(oneTest("other")), "1 submissions are being received");
    half.sendRest();
    expect(await half.answer(/bytes"}/)).toMatch(/^HTTP\/1.1 200 .*"status":"ok"/s);
    half.socket.destroy();
    expect((await server.submit(oneTest("other"))).status).toBe(200);
  });
});

describe("a server that stops", () => {
  it("ends what does not end by itself, with an answer", async () => {
    const server = await submitServer(database.pool, {}, { limits: { graceMs: 20 } });
    const half = await startSubmitting(server);
    const closed = server.app.close();
    expect(await half.answer(/stopping/)).toMatch(/^HTTP\/1.1 503 .*retry-after: \d+/is);
    half.socket.destroy();
    await closed;
    expect(await server.files()).toEqual([]);
  });

  it("finishes what is nearly complete", async () => {
    const server = await submitServer(database.pool);
    const half = await startSubmitting(server);
    const closed = server.app.close();
    half.sendRest();
    expect(await half.answer(/bytes"}/)).toMatch(/^HTTP\/1.1 200 /);
    half.socket.destroy();
    await closed;
    expect(await server.files()).toHaveLength(1);
  });
});

describe("the spool", () => {
  it("is made where it is missing, and freed of what a crash left long ago", async () => {
    const spoolDir = join(await temporaryDirectory(), "new", "spool");
    await mkdir(spoolDir, { recursive: true });
    const name = (digit: string): string => `submission-${digit.repeat(32)}.json.temp`;
    for (const file of [name("1"), name("2"), "submission-other.json.temp", `${name("3")}.json`])
      await writeFile(join(spoolDir, file), "{");
    const old = new Date(Date.now() - 2 * 3_600_000);
    for (const file of [name("1"), "submission-other.json.temp"])
      await utimes(join(spoolDir, file), old, old);
    const server = await submitServer(database.pool, {}, { spoolDir });
    expect(await server.files()).toEqual(
      [name("2"), `${name("3")}.json`, "submission-other.json.temp"].sort(),
    );
    expect(await server.files("archive")).toEqual([]);
  });

  it("that is full of waiting files puts submissions off", async () => {
    const server = await submitServer(database.pool, { KERNELBOARD_SPOOL_MAX_FILES: "3" });
    await writeFile(join(server.spoolDir, "another.json"), "{}");
    await writeFile(join(server.spoolDir, "no-submission.txt"), "");
    expect((await server.submit(oneTest("1"))).status).toBe(200);
    expect((await server.submit(oneTest("2"))).status).toBe(200);
    expectNotNow(await server.submit(oneTest("3")), "3 or more submissions wait to be ingested");
    expect(await server.files()).toHaveLength(4);
  });

  it("keeps some of its disk free", async () => {
    const server = await submitServer(database.pool, { KERNELBOARD_SPOOL_MIN_FREE_BYTES: String(2 ** 52) });
    expectNotNow(await server.submit(oneTest()), "There is no room for the submission");
    expect(await server.files()).toEqual([]);
  });

  it("that is gone puts submissions off, and no path is told", async () => {
    const server = await submitServer(database.pool);
    await rm(server.spoolDir, { recursive: true });
    const answer = await server.submit(oneTest());
    expectNotNow(answer, "The server cannot store submissions at the moment");
    expect(JSON.stringify(answer.body)).not.toContain(server.spoolDir);
    expect(server.log.join("")).toContain("the spool cannot be used for a submission");
    await mkdir(server.spoolDir);
    expect((await server.submit(oneTest())).status).toBe(200);
  });

  it("whose disk is full in mid-body puts the submission off and leaves nothing", async (context) => {
    const spoolDir = await temporaryDirectory();
    const run = promisify(execFile);
    await run("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", spoolDir]).catch(() => {
      context.skip("file systems cannot be mounted here");
    });
    atEndOfFile(() => run("umount", [spoolDir]));
    const server = await submitServer(database.pool, {}, { spoolDir });
    const content = JSON.stringify(
      submission({
        tests: [{ id: "o:t", build_id: "o:b", origin: "o", misc: { x: "y".repeat(1_000_000) } }],
      }),
    );
    expectNotNow(await server.submit(content), "There is no room for the submission");
    // Its length is not known beforehand.
    const streamed = await request(`${server.base}/submit`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}` },
      body: new Blob([content]).stream(),
      duplex: "half",
    });
    expectNotNow(streamed, "There is no room for the submission");
    expect(server.log.join("")).toContain("ENOSPC");
    expect(await server.files()).toEqual([]);
    expect((await server.submit(oneTest())).status).toBe(200);
  });
});
