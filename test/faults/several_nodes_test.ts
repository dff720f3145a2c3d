/** Several processes ingest side by side: from one spool, from copies of it, and from parts that overlap. */
import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Chance, SEED } from "../support/chance.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { derivedDifferences } from "../support/derived.ts";
import { faultData } from "../support/fault_data.ts";
import {
  expectEqual,
  expectNothingLeft,
  expectSums,
  expectWhole,
  finalState,
  ingestProgram,
  rowDifferences,
  spoolOf,
  times,
  undisturbed,
  type FinalState,
} from "../support/faults.ts";
import { spoolState } from "../support/spool.ts";

const TESTS = times(700, 8000);
const NODES = 4;

const files = faultData({ seed: SEED, tests: TESTS, agree: true });
let expected: FinalState;
beforeAll(async () => {
  expected = await undisturbed(files, { ordered: false });
});

/** Ingests from spools at once, a process each. @returns how many files the processes took in together */
async function ingestAtOnce({ connection, rows }: TestDatabase, directories: string[]): Promise<number> {
  const programs = directories.map((directory) => ingestProgram(connection, directory, 2));
  let taken = 0;
  for (const { ended } of programs) {
    const { code, stderr } = await ended;
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(stderr).not.toMatch(/deadlock|40P01/);
    // What was put aside would be seen below too, but not why.
    expect(stderr.split("\n").filter((line) => line.includes("pending_retry"))).toEqual([]);
    taken += Number(/"files":(\d+),[^\n]*"msg":"ingestion ended"/.exec(stderr)?.[1]);
  }
  const deadlocks = "select deadlocks::integer from pg_stat_database where datname = current_database()";
  expect(await rows(deadlocks)).toEqual([{ deadlocks: 0 }]);
  return taken;
}

/** Fails unless the rows are those of one node, whatever the accounts say. */
async function expectRows(database: TestDatabase, directory: string): Promise<void> {
  const { tables } = await finalState(database, directory, { ordered: false });
  expect(rowDifferences(expected.tables, tables).slice(0, 10)).toEqual([]);
  expect(await derivedDifferences(database.pool)).toEqual([]);
}

describe(`several processes, TEST_SEED=${SEED}`, () => {
  it("share a spool, and take each file once", async () => {
    const database = await testDatabase();
    const directory = await spoolOf(files);
    expect(await ingestAtOnce(database, [directory, directory])).toBe(Object.keys(files).length);
    await expectWhole(database, directory, files);
    expectEqual(await finalState(database, directory, { ordered: false }), expected);
  });

  it.each(["the same times", "other times"])("ingest copies of the same files with %s", async (which) => {
    const database = await testDatabase();
    const directories = [await spoolOf(files), await spoolOf(files)];
    for (const [number, directory] of directories.entries()) {
      const at = which === "the same times" ? 1_767_225_600 : 1_767_225_600 + number;
      for (const name of Object.keys(files)) await utimes(join(directory, name), at, at);
    }
    await ingestAtOnce(database, directories);
    for (const directory of directories) {
      await expectNothingLeft(directory);
      const { archive, failed } = await spoolState(directory);
      expect({ archive, failed }).toEqual({ archive: expected.archive, failed: expected.failed });
    }
    await expectRows(database, directories[0] ?? "");
    // The account of a name is that of the copy that was taken in last.
    expect(await database.rows("select file_name from submissions where state <> 'done'")).toEqual([]);
  });

  it(`on ${NODES} nodes with parts that overlap come to the same rows`, async () => {
    const chance = new Chance(SEED);
    const parts = Array.from({ length: NODES }, (): Record<string, string> => ({}));
    for (const [name, text] of Object.entries(files)) {
      const first = chance.below(NODES);
      const nodes = chance.hits(0.3) ? [first, (first + 1) % NODES] : [first];
      for (const node of nodes) Object.assign(parts[node] ?? {}, { [`node${node}-${name}`]: text });
    }
    const database = await testDatabase();
    const directories = await Promise.all(parts.map(spoolOf));
    const all = parts.flatMap((part) => Object.keys(part));
    expect(await ingestAtOnce(database, directories)).toBe(all.length);
    for (const directory of directories) await expectNothingLeft(directory);
    const moved = await Promise.all(
      directories.flatMap((directory) =>
        ["archive", "failed"].map((folder) => readdir(join(directory, folder))),
      ),
    );
    expect(
      moved
        .flat()
        .filter((name) => !name.endsWith(".error.json"))
        .sort(),
    ).toEqual(all.sort());
    await expectSums(database);
    await expectRows(database, directories[0] ?? "");
  });
});
