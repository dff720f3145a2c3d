/** The ingesting process is killed again and again, and started again, until it gets to the end. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { Chance, SEED } from "../support/chance.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { faultData } from "../support/fault_data.ts";
import {
  expectEqual,
  expectWhole,
  finalState,
  ingestProgram,
  sessionsGone,
  spoolOf,
  times,
  undisturbed,
  type FinalState,
} from "../support/faults.ts";
import type { RunningProgram } from "../support/program.ts";

const KILLS = times(3, 50);
const TESTS = times(1500, 5000);

/** Waits for a moment at which to kill: now and then while the program starts, mostly while it ingests. */
async function moment(program: RunningProgram, chance: Chance): Promise<void> {
  const ms = chance.next() * 600;
  if (chance.hits(0.8))
    await Promise.race([program.shows(/batch written/), program.ended]).catch(() => undefined);
  await Promise.race([sleep(ms), program.ended]);
}

async function isDone(directory: string): Promise<boolean> {
  const claimed = await readdir(join(directory, "claimed"));
  const inbox = await readdir(directory, { withFileTypes: true });
  return claimed.length === 0 && !inbox.some((entry) => entry.isFile());
}

/** Runs until everything is ingested. @returns how often the program was killed */
async function killedRun(
  database: TestDatabase,
  directory: string,
  { workers, kills, chance }: { workers: number; kills: number; chance: Chance },
): Promise<number> {
  let killed = 0;
  for (;;) {
    const program = ingestProgram(database.connection, directory, workers);
    if (killed < kills) {
      await moment(program, chance);
      if (program.child.kill("SIGKILL")) killed++;
    }
    const { code, stderr } = await program.ended;
    if (code !== null && code !== 0) throw new Error(`the ingestion ended with ${code}:\n${stderr}`);
    // One worker shall find the files in their order again. Several take what there is, as after a real crash.
    if (workers === 1 || code === 0) await sessionsGone(database);
    if (code === 0 && (await isDone(directory))) return killed;
  }
}

describe.each([
  { workers: 1, agree: false, what: "to the row, the first value wins" },
  { workers: 2, agree: true, what: "when objects agree" },
])(`kill -9 of an ingestion with $workers workers, TEST_SEED=${SEED}`, ({ workers, agree, what }) => {
  const files = faultData({ seed: SEED, tests: TESTS, agree });
  let expected: FinalState;
  beforeAll(async () => {
    expected = await undisturbed(files, { ordered: !agree });
  });

  it(`leaves what an undisturbed one does, ${what}`, async () => {
    const chance = new Chance(SEED);
    let kills = 0;
    while (kills < KILLS) {
      const database = await testDatabase();
      const directory = await spoolOf(files);
      const killed = await killedRun(database, directory, { workers, kills: KILLS - kills, chance });
      await expectWhole(database, directory, files);
      expectEqual(await finalState(database, directory, { ordered: !agree }), expected);
      expect(killed).toBeGreaterThan(0);
      kills += killed;
    }
    expect(kills).toBe(KILLS);
  });
});
