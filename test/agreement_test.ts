/**
 * Every number of a summary is the one that a recount of the lists gives. Random commits and pieces of hardware,
 * filters and selections: the unfiltered lists are fetched once, filtered and counted in memory by what the
 * specification says (`support/naive`), and held against what the API answers for the same filters.
 */
import { mkdir } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeDemoSpool } from "../src/demo/spool.ts";
import { ingest } from "../src/ingest/ingest.ts";
import { loadConformanceTables } from "./support/conformance_data.ts";
import { testDatabase, type TestDatabase } from "./support/database.ts";
import { filtersOver, type FilterValues } from "./support/naive/arbitrary.ts";
import { STATUSES, type Item } from "./support/naive/items.ts";
import { idsByKind, kept, wantedBy, type Members } from "./support/naive/predicate.ts";
import { recountedSummary, type SummaryView } from "./support/naive/recount.ts";
import {
  commitScope,
  commitsWithBuilds,
  dataOf,
  entriesOf,
  hardwareItems,
  hardwareScope,
  type Data,
  type Endpoint,
  type HardwareItems,
  type HardwarePlace,
  type Scope,
} from "./support/naive/scopes.ts";
import { readTables } from "./support/naive/tables.ts";
import { testServer } from "./support/server.ts";
import { generateSubmissions, sharedProblem } from "./support/shared.ts";
import { ingestOnce, temporaryDirectory } from "./support/spool.ts";

const SUBMISSIONS = "2026-11-01T00:00:00Z";
const BIG_DATA = `--seed 11 --trees 6 --commits 6 --builds 32 --tests 100 --platforms 40 --issues 60 --hours 24 --end ${SUBMISSIONS}`;

/** Requests under way at once. */
const SIDE_BY_SIDE = 3;
const TIMEOUT_MS = 240_000;

interface DataSet {
  name: string;
  fill: (database: TestDatabase) => Promise<unknown>;
  /** At least so many tests. */
  tests: number;
  /** Triples of a tree or hardware, filters and a selection. */
  triples: number;
  problem: string | undefined;
}

const DATA_SETS: DataSet[] = [
  {
    name: "the conformance data",
    fill: ({ pool }) => loadConformanceTables(pool),
    tests: 10_000,
    triples: 250,
    problem: sharedProblem,
  },
  {
    name: "100,000 tests",
    fill: ({ connection }) => ingestFrom(connection, (folder) => generateSubmissions(folder, BIG_DATA)),
    tests: 100_000,
    triples: 160,
    problem: sharedProblem,
  },
  {
    // Several origins and checkouts for one commit, dummy builds, old incidents: what generated data lacks.
    name: "the demo",
    fill: ({ connection }) =>
      ingestFrom(connection, (folder) => writeDemoSpool(folder, { now: new Date(SUBMISSIONS) })),
    tests: 10_000,
    triples: 90,
    problem: undefined,
  },
];

async function ingestFrom(
  connection: TestDatabase["connection"],
  write: (folder: string) => Promise<unknown>,
): Promise<void> {
  const folder = await temporaryDirectory();
  await mkdir(folder, { recursive: true });
  await write(folder);
  await ingest(ingestOnce(connection, folder));
}

/** Commits, and pieces of hardware, of a data set that are asked for. */
const PLACES = 20;

interface Triple {
  /** Numbers to choose with. */
  isHardware: boolean;
  place: number;
  variant: number;
  selection: number;
  filters: number;
  list: Endpoint;
}

const triple: fc.Arbitrary<Triple> = fc.record({
  isHardware: fc.boolean(),
  place: fc.nat(PLACES - 1),
  variant: fc.nat(2),
  selection: fc.nat(),
  filters: fc.nat(),
  list: fc.constantFrom("builds", "boots", "tests"),
});

function only<T>(values: T[]): T {
  const [value] = values;
  if (value === undefined) throw new Error("nothing to choose from");
  return value;
}

/** The same for the same seed. */
function chosenBy<T>(seed: number, arbitrary: fc.Arbitrary<T>): T {
  return only(fc.sample(arbitrary, { seed, numRuns: 1 }));
}

/** What filters can ask for, from the items themselves; a few of many durations are enough. */
function valuesOf(items: Item[]): FilterValues {
  const all = (value: (item: Item) => string): string[] => [...new Set(items.map(value))];
  const allOf = (values: (item: Item) => Set<string> | string[]): string[] => {
    const found = new Set<string>();
    for (const item of items) for (const value of values(item)) found.add(value);
    return [...found];
  };
  const paths = all(({ path }) => path).filter((path) => path !== "");
  return {
    architectures: all(({ architecture }) => architecture),
    compilers: all(({ compiler }) => compiler),
    configs: all(({ config }) => config),
    hardware: allOf(({ hardwareNames }) => hardwareNames),
    labs: allOf(({ labs }) => labs),
    statuses: [...STATUSES],
    origins: all(({ origin }) => origin),
    platforms: all(({ platform }) => platform),
    issues: allOf(({ known }) => known),
    paths: [...new Set(paths.flatMap((path) => [path, path.split(".")[0] ?? "", path.slice(-2)]))],
    durations: all(({ duration }) => String(duration ?? "")).slice(0, 50),
  };
}

/** Filters over the values of a scope, which are looked for once. */
function filtersOnce(): (scope: Scope) => fc.Arbitrary<Members> {
  const known = new WeakMap<Item[], fc.Arbitrary<Members>>();
  return ({ items }) => {
    const filters = known.get(items) ?? filtersOver(valuesOf(items));
    known.set(items, filters);
    return filters;
  };
}

/** Scopes of a data set, each fetched once. */
function scopesOf(data: Data, seed: number): (triple: Triple) => Promise<Scope> {
  const commits = commitsWithBuilds(data);
  const fetched = new Map<string, Promise<unknown>>();
  const once = <T>(key: string, fetch: () => Promise<T>): Promise<T> => {
    const present = fetched.get(key) as Promise<T> | undefined;
    const answer = present ?? fetch();
    fetched.set(key, answer);
    return answer;
  };
  const hardware = hardwarePlaces(data, seed);

  return async ({ isHardware, place, variant, selection }) => {
    if (!isHardware) {
      const commit = chosenBy(seed + place, fc.constantFrom(...commits));
      const byHash = variant === 0;
      return once(`commit ${place} ${byHash}`, () => commitScope(data, commit, byHash));
    }
    const index = place % hardware.length;
    const where = hardware[index] ?? only(hardware);
    const itemsWith = (variant: number): Promise<HardwareItems> =>
      once(`hardware ${index} ${variant}`, () =>
        hardwareItems(data, where, chosenBy(seed + variant, chosenCommits(where, variant))),
      );
    const heads = await itemsWith(0);
    // Without any row an empty selection finds nothing, which other tests are about.
    if (variant === 0 && heads.items.length > 0) return hardwareScope(data, heads);
    const indexes = [...where.entries.keys(), where.entries.length + 7];
    const selected = chosenBy(selection, fc.subarray(indexes, { minLength: 1 }));
    return hardwareScope(data, heads, { of: await itemsWith(variant), indexes: selected });
  };
}

/** Pieces of hardware in windows that have trees: platforms and compatibles, now and in the past. */
function hardwarePlaces(data: Data, seed: number): HardwarePlace[] {
  const times = data.tables.checkouts.map(({ time }) =>
    Math.floor(Date.parse(`${time.replace(" ", "T")}Z`) / 1000),
  );
  const earliest = times.reduce((a, b) => Math.min(a, b));
  const latest = times.reduce((a, b) => Math.max(a, b));
  const DAY = 86_400;
  const tests = [...data.byHardware].flatMap(([hardware, of]) =>
    [...new Set(of.map(({ origin }) => origin))].map((origin) => ({ hardware, origin })),
  );
  const place = fc.record({
    at: fc.constantFrom(...tests),
    start: fc.constantFrom(earliest - DAY, earliest - DAY, ...times.slice(0, 5)),
    end: fc.constantFrom(latest + DAY, latest + DAY, latest + DAY, ...times.slice(0, 5)),
  });
  return fc
    .sample(place, { seed, numRuns: 2 * PLACES })
    .map(({ at, start, end }) => ({ ...at, start, end }))
    .flatMap((where) => {
      const entries = entriesOf(data, where);
      return entries.length > 0 ? [{ ...where, entries }] : [];
    })
    .slice(0, PLACES);
}

/** For each tree `head`, nothing, one of its hashes, or a hash that is none of its own; all heads in variant 0. */
function chosenCommits({ entries }: HardwarePlace, variant: number): fc.Arbitrary<string[]> {
  if (variant === 0) return fc.constant(entries.map(() => "head"));
  return fc.tuple(
    ...entries.map(({ checkouts }) => {
      const hashes = checkouts.flatMap(({ git_commit_hash }) => git_commit_hash ?? []);
      return fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...hashes, "head") },
        { weight: 1, arbitrary: fc.constantFrom("head", "", "f".repeat(40)) },
      );
    }),
  );
}

type Answers = Record<string, unknown>;

/**
 * Holds what the API answers for these filters against the recount: summary, full answer, and one of the lists by
 * itself, which are in the full answer, too.
 */
async function check(
  scope: Scope,
  members: Members,
  list: Endpoint,
  { tables: { issues } }: Data,
  told: string,
): Promise<void> {
  const wanted = idsByKind(kept(wantedBy(members), scope.items));
  const summary = (form: SummaryView): Answers => ({
    summary: recountedSummary(scope.items, members, form, issues),
    filters: scope.options,
    common: scope.common(form),
  });
  const isTree = scope.view === "tree";
  const expected: Record<string, unknown> = {
    builds: { builds: wanted.builds },
    boots: { boots: wanted.boots },
    tests: { tests: wanted.tests },
    summary: summary(isTree ? "tree" : "hardware summary"),
    full: { ...wanted, ...summary(isTree ? "tree" : "hardware full") },
  };
  await Promise.all(
    ([list, "summary", "full"] as const).map(async (endpoint) => {
      const { status, body } = await scope.ask(endpoint, members);
      const found = comparable(body as Answers);
      const message = `${endpoint} of ${scope.what} with ${JSON.stringify(members)}, ${told}`;
      expect(status, message).toBe(200);
      // Answers are big and nearly always right; only a wrong one is worth a readable difference.
      if (!isDeepStrictEqual(found, plain(expected[endpoint])))
        expect(found, message).toEqual(expected[endpoint]);
    }),
  );
}

/** As JSON gives it: without prototypes and undefined members. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Lists as ids; of `common` what follows from items. */
function comparable(answer: Answers): Answers {
  const result = { ...answer };
  for (const kind of ["builds", "boots", "tests"])
    if (Array.isArray(answer[kind])) result[kind] = (answer[kind] as { id: string }[]).map(({ id }) => id);
  const common = answer.common as
    { hardware?: unknown; trees?: Answers[]; compatibles?: unknown } | undefined;
  if (common?.hardware !== undefined) result.common = { hardware: common.hardware };
  if (common?.trees !== undefined)
    result.common = {
      trees: common.trees.map(
        ({ origin: _origin, head_git_commit_name: _name, head_git_commit_tag: _tag, ...tree }) => tree,
      ),
      compatibles: common.compatibles,
    };
  return result;
}

describe.each(DATA_SETS)("answers about $name", ({ fill, tests, triples, problem }) => {
  it.skipIf(problem !== undefined)(
    `agree with a recount of the lists${problem === undefined ? "" : ` (${problem})`}`,
    async () => {
      const database = await testDatabase();
      await fill(database);
      await database.pool.query("analyze");
      const data = dataOf((await testServer(database.pool)).base, await readTables(database.pool));
      expect(data.tables.tests.size).toBeGreaterThanOrEqual(tests);

      const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 30));
      const scopeOf = scopesOf(data, seed);
      const filtersOf = filtersOnce();
      const queue = fc.sample(triple, { seed, numRuns: triples });
      const work = async (): Promise<void> => {
        for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
          const scope = await scopeOf(next);
          const members = chosenBy(next.filters, filtersOf(scope));
          await check(scope, members, next.list, data, `TEST_SEED=${seed}`);
        }
      };
      try {
        await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
      } finally {
        queue.length = 0;
      }
    },
    TIMEOUT_MS,
  );
});
