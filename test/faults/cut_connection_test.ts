/** The connection to PostgreSQL breaks in the midst of a COPY. */
import { expect, it } from "vitest";
import { Chance, SEED } from "../support/chance.ts";
import { cuttingProxy, type CuttingProxy } from "../support/cutting_proxy.ts";
import { testDatabase } from "../support/database.ts";
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

const CUTS = times(6, 60);
const TESTS = times(1200, 6000);

it.each([
  { workers: 1, agree: false },
  { workers: 2, agree: true },
])(
  `connections cut in mid-COPY change nothing, $workers workers, TEST_SEED=${SEED}`,
  async ({ workers, agree }) => {
    const chance = new Chance(SEED);
    const files = faultData({ seed: SEED, tests: TESTS, agree });
    const expected = await undisturbed(files, { ordered: !agree });
    const database = await testDatabase();
    const directory = await spoolOf(files);
    const proxy: CuttingProxy = await cuttingProxy(database.connection, () =>
      proxy.cuts() < CUTS && chance.hits(0.1) ? chance.below(600) : undefined,
    );
    const { code, stderr } = await ingestProgram(proxy.connection, directory, workers).ended;
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(proxy.cuts()).toBeGreaterThanOrEqual(CUTS);
    await expectWhole(database, directory, files);
    expectEqual(await finalState(database, directory, { ordered: !agree }), expected);
  },
);
