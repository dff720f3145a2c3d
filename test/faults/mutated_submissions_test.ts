/** Submissions of which something was changed at random: each is stored, or refused by a rule, and nothing breaks. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { demoSubmissions } from "../../src/demo/generate.ts";
import { MAX_LISTED_REFUSALS } from "../../src/ingest/outcome.ts";
import type { Rule } from "../../src/kcidb/types.ts";
import { Chance, SEED } from "../support/chance.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { derivedDifferences } from "../support/derived.ts";
import { faultData, objectsOf } from "../support/fault_data.ts";
import { expectNothingLeft, expectSums, ingestProgram, times } from "../support/faults.ts";
import { mutated } from "../support/mutate.ts";
import type { Outcome } from "../support/program.ts";
import { spoolState, temporaryDirectory, writeSubmissions, type SpoolState } from "../support/spool.ts";

const MUTANTS = times(400, 10_000);
const BATCH_SIZE = 500;
const MAX_MEGABYTES = 700;
/** Of each section of a submission that is changed: small ones are met where they matter. */
const OBJECTS = 3;

const RULES: Record<Rule, true> = {
  required: true,
  additionalProperties: true,
  type: true,
  pattern: true,
  format: true,
  enum: true,
  maxLength: true,
  minimum: true,
  empty: true,
  json: true,
  version: true,
  "too-large": true,
  upgrade: true,
  nul: true,
  surrogate: true,
  range: true,
  "too-deep": true,
  "too-long": true,
  database: true,
};

/** Submissions of all versions and kinds, cut short. */
function originals(): [object, ...object[]] {
  const demo = [...demoSubmissions({ now: new Date("2026-02-01T00:00:00Z"), seed: SEED })].map(
    ({ submission }) => submission,
  );
  const others = Object.entries(faultData({ seed: SEED, tests: 3000, agree: false }))
    .filter(([name]) => /^\d/.test(name))
    .map(([, text]) => JSON.parse(text) as object);
  const [first, ...rest] = [...demo.filter((_, number) => number % 9 === 0), ...others].map((submission) =>
    Object.fromEntries(
      Object.entries(submission).map(([name, value]: [string, unknown]) => [
        name,
        Array.isArray(value) ? value.slice(0, OBJECTS) : value,
      ]),
    ),
  );
  if (first === undefined) throw new Error("there is no submission to change");
  return [first, ...rest];
}

const files: Record<string, Buffer> = {};
let database: TestDatabase;
let directory: string;
let outcome: Outcome;
let state: SpoolState;
let peakMegabytes = 0;

beforeAll(async () => {
  const chance = new Chance(SEED);
  const submissions = originals();
  for (let number = 0; number < MUTANTS; number++)
    files[`${String(number).padStart(5, "0")}.json`] = mutated(chance, chance.pick(submissions));
  database = await testDatabase();
  directory = await temporaryDirectory();
  await writeSubmissions(directory, files);
  const program = ingestProgram(database.connection, directory, 2, BATCH_SIZE);
  const watch = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, residentMegabytes(program.child.pid));
  }, 50);
  outcome = await program.ended;
  clearInterval(watch);
  state = await spoolState(directory);
});

/** The most that a process has had so far; 0 where the system does not say. */
function residentMegabytes(pid = 0): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

describe(`${MUTANTS} mutated submissions, TEST_SEED=${SEED}`, () => {
  it("are taken by one process, in bounded memory", () => {
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).not.toMatch(/broke down|keeps failing|tried again/);
    expect(outcome.stderr).toContain(`"files":${MUTANTS}`);
    expect(peakMegabytes).toBeLessThan(MAX_MEGABYTES);
    console.log(`peak memory ${Math.round(peakMegabytes)} MB`);
  });

  it("are in archive/, or in failed/ with the rule that they broke", async () => {
    await expectNothingLeft(directory);
    const { archive, failed, reports } = state;
    expect([...archive, ...failed].sort()).toEqual(Object.keys(files).sort());
    // Neither does every change do harm, nor is every harm overlooked.
    expect(archive.length).toBeGreaterThan(MUTANTS / 50);
    expect(failed.length).toBeGreaterThan(MUTANTS / 4);
    const broken: Record<string, number> = {};
    for (const name of failed) {
      const { file, refused, refusals } = reports[name] ?? {};
      expect(refused).toBeGreaterThan(0);
      const listed = Math.min(refused ?? 0, MAX_LISTED_REFUSALS);
      expect({ file, listed: refusals?.length }).toEqual({ file: name, listed });
      for (const { rule, pointer, message } of refusals ?? []) {
        expect({ name, rule, isKnown: rule in RULES }).toEqual({ name, rule, isKnown: true });
        expect(pointer).toMatch(/^(\/|$)/);
        expect(message).not.toBe("");
        broken[rule] = (broken[rule] ?? 0) + 1;
      }
    }
    // What our rules let through, PostgreSQL stores.
    expect(broken.database).toBeUndefined();
    console.log(
      `${archive.length} archived, ${failed.length} failed, rules broken: ${JSON.stringify(broken)}`,
    );
  });

  it("are accounted for, each object of each", async () => {
    const accounts = await database.rows(
      "select file_name, objects, run from submissions order by file_name",
    );
    expect(accounts.map(({ file_name }) => file_name)).toEqual(Object.keys(files).sort());
    const archived = new Set(state.archive);
    for (const { file_name, objects, run } of accounts) {
      const name = String(file_name);
      const isWhole = archived.has(name);
      const inside = isWhole ? objectsOf(files[name]?.toString() ?? "") : objects;
      expect({ name, objects, run }).toEqual({ name, objects: inside, run: 1 });
    }
    await expectSums(database);
  });

  it("leave the derived tables exact", async () => {
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });
});
