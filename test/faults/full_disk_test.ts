/** The disk that the spool lies on is full. */
import { spawnSync } from "node:child_process";
import { readdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { atEndOfFile } from "../support/cleanup.ts";
import { testDatabase } from "../support/database.ts";
import { expectWhole, ingestProgram, times } from "../support/faults.ts";
import { databaseEnvironment, start } from "../support/program.ts";
import { spoolState, submission, temporaryDirectory, writeSubmissions } from "../support/spool.ts";
import { eventually, submitServer } from "../support/submit.ts";

const DISK_BYTES = 2 * 1024 * 1024;
const FILLER = "filler";

/** Mounts a small disk of its own. @returns false where this may not be done */
function mount(directory: string): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const args = ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "kernelboard-test", directory];
  return spawnSync("mount", args).status === 0;
}

async function smallDisk(): Promise<string | undefined> {
  const directory = await temporaryDirectory();
  if (!mount(directory)) return undefined;
  atEndOfFile(() => Promise.resolve(spawnSync("umount", ["-l", directory])));
  return directory;
}

/** Leaves so many bytes free. */
async function fill(directory: string, free = 0): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  await writeFile(join(directory, FILLER), Buffer.alloc(bavail * bsize - free));
}

const makeRoom = (directory: string): Promise<void> => rm(join(directory, FILLER));

const probe = await smallDisk();
const problem = probe === undefined ? "a disk can only be mounted as root on Linux" : undefined;

const GOOD = JSON.stringify(submission({ tests: [{ id: "o:good", build_id: "o:b", origin: "o" }] }));
/** Has a report, so it needs room on the disk to be finished. */
const BAD = JSON.stringify(
  submission({ tests: [{ id: "o:kept", build_id: "o:b", origin: "o" }, { id: "o:bad" }] }),
);
const FILES = { "bad.json": BAD, "good.json": GOOD };

describe.skipIf(problem)(`a full disk${problem === undefined ? "" : ` (skipped: ${problem})`}`, () => {
  it("puts submissions over HTTP off with 503, keeps nothing of them, and takes them when there is room", async () => {
    const { pool } = await testDatabase();
    const spoolDir = (await smallDisk()) ?? "";
    const server = await submitServer(pool, {}, { spoolDir });
    const excerpt = "x".repeat(16_000);
    const tests = Array.from({ length: 40 }, (_, n) => ({
      id: `o:${n}`,
      build_id: "o:b",
      origin: "o",
      log_excerpt: excerpt,
    }));
    const big = JSON.stringify(submission({ tests }));
    // Refused by what it says of its length, and, where it says nothing, in its midst.
    await fill(spoolDir, big.length / 2);
    const chunked = new Blob([big]).stream();
    for (const body of [big, chunked]) {
      const answer = await fetch(`${server.base}/submit`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.token}` },
        body,
        ...(typeof body === "string" ? {} : { duplex: "half" }),
      });
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await answer.json()).toMatchObject({
        status: "error",
        message: expect.stringMatching(/no room/) as string,
      });
      expect(await server.files()).toEqual([FILLER]);
    }
    await makeRoom(spoolDir);
    expect(await server.submit(big)).toMatchObject({ status: 200 });
    expect(await server.files()).toHaveLength(1);
  });

  it("leaves a file in the spool whose report cannot be written, and finishes it when there is room", async () => {
    const database = await testDatabase();
    const spoolDir = (await smallDisk()) ?? "";
    await writeSubmissions(spoolDir, FILES);
    await fill(spoolDir);
    const { code, stderr } = await ingestProgram(database.connection, spoolDir, 1).ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/ENOSPC/);
    expect(await spoolState(spoolDir)).toMatchObject({
      inbox: ["bad.json", FILLER],
      archive: ["good.json"],
      failed: [],
    });
    // All that could be stored is stored already, and the next run only moves the file.
    const stored = "select id, _timestamp::text from tests order by id";
    const before = await database.rows(stored);
    expect(before.map(({ id }) => id)).toEqual(["o:good", "o:kept"]);
    await makeRoom(spoolDir);
    expect(await ingestProgram(database.connection, spoolDir, 1).ended).toMatchObject({ code: 0 });
    await expectWhole(database, spoolDir, FILES);
    expect(await database.rows(stored)).toEqual(before);
    expect(await database.rows("select run from submissions")).toEqual([{ run: 1 }, { run: 1 }]);
  });

  // The pause after which such a file is tried again is a minute.
  it.runIf(times(0, 1))("is tried again by an ingestion that goes on running", async () => {
    const database = await testDatabase();
    const spoolDir = (await smallDisk()) ?? "";
    await writeSubmissions(spoolDir, FILES);
    await fill(spoolDir);
    const program = start(
      ["ingest", "--spool-dir", spoolDir, "--max-workers", "1"],
      databaseEnvironment(database.connection),
    );
    await program.shows(/ENOSPC/);
    // Others are taken meanwhile: a full disk has room for a file that is renamed.
    await makeRoom(spoolDir);
    await writeSubmissions(spoolDir, { "later.json": GOOD });
    await eventually(async () => (await readdir(join(spoolDir, "archive"))).includes("later.json"));
    await eventually(async () => (await readdir(join(spoolDir, "failed"))).includes("bad.json"));
    await sleep(100);
    program.child.kill("SIGTERM");
    expect(await program.ended).toMatchObject({ code: 0 });
    await expectWhole(database, spoolDir, { ...FILES, "later.json": GOOD });
  });
});
