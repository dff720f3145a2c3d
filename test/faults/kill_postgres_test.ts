/** PostgreSQL itself is killed while it is ingested into; the ingestion goes on by itself when it is back. */
import { readFile, readdir } from "node:fs/promises";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { pino } from "pino";
import { beforeAll, expect, it } from "vitest";
import { startEmbeddedServer, type EmbeddedServer } from "../../src/database/embedded.ts";
import { removeStaged } from "../../src/database/embedded_state.ts";
import { migrate } from "../../src/database/migrate.ts";
import { clientOptions } from "../../src/database/pool.ts";
import { Chance, SEED } from "../support/chance.ts";
import { atEndOfFile } from "../support/cleanup.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { faultData } from "../support/fault_data.ts";
import {
  expectEqual,
  expectWhole,
  finalState,
  ingestProgram,
  spoolOf,
  times,
  undisturbed,
} from "../support/faults.ts";

const KILLS = times(3, 20);
const TESTS = times(2000, 6000);

const log = pino({ level: "silent" });
let dataDir: string;
let server: EmbeddedServer;

/** Starts the server; it is started anew when its supervisor has had enough of its deaths. */
async function startServer(): Promise<void> {
  server = await startEmbeddedServer({ dataDir, log, onLost: () => void startServer() });
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "kernelboard-killed-"));
  // So that the account that PostgreSQL runs as may enter, where this is root.
  await chmod(dataDir, 0o755);
  await startServer();
  atEndOfFile(async () => {
    await server.stop();
    await removeStaged(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  });
});

/** The processes of this server: the postmaster, whose id its own file tells, and where the system says so its children. */
async function serverProcesses(): Promise<number[]> {
  const file = await readFile(join(server.location, "cluster", "postmaster.pid"), "utf8");
  const postmaster = Number(file.split("\n")[0]);
  if (process.platform !== "linux") return [postmaster];
  const children = (await readdir("/proc")).map(Number).filter((pid) => Number.isInteger(pid));
  const parents = await Promise.all(
    children.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
      return { pid, parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) };
    }),
  );
  return [postmaster, ...parents.filter(({ parent }) => parent === postmaster).map(({ pid }) => pid)];
}

async function killServer(): Promise<void> {
  for (const pid of await serverProcesses()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself when it missed the others.
    }
  }
}

/** Waits until the server takes connections again. */
async function answers(): Promise<void> {
  for (;;) {
    const client = new pg.Client(clientOptions(server.connection, "kernelboard test"));
    client.on("error", () => undefined);
    try {
      await client.connect();
      return;
    } catch {
      await sleep(20);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

async function newDatabase(): Promise<TestDatabase> {
  const database = await createDatabase(server.connection);
  atEndOfFile(database.drop);
  await migrate(database.connection, log);
  return database;
}

it(`kill -9 of PostgreSQL leaves what an undisturbed ingestion does, TEST_SEED=${SEED}`, async () => {
  const chance = new Chance(SEED);
  const files = faultData({ seed: SEED, tests: TESTS, agree: true });
  const expected = await undisturbed(files, { ordered: false });
  let kills = 0;
  while (kills < KILLS) {
    const before = kills;
    const database = await newDatabase();
    const directory = await spoolOf(files);
    const program = ingestProgram(database.connection, directory, 2);
    const batches = (): number => program.stderr().split("batch written").length;
    const hasEnded = (): boolean => program.child.exitCode !== null;
    while (!hasEnded() && kills < KILLS) {
      // After some batches, so that the ingestion is known to have gone on, and a little more.
      const wanted = batches() + 1 + chance.below(8);
      const ms = chance.next() * 40;
      while (batches() < wanted && !hasEnded()) await sleep(5);
      await sleep(ms);
      if (hasEnded()) break;
      await killServer();
      kills++;
      await answers();
    }
    const { code, stderr } = await program.ended;
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(kills).toBeGreaterThan(before);
    await expectWhole(database, directory, files);
    expectEqual(await finalState(database, directory, { ordered: false }), expected);
  }
});
