/**
 * The counts of the commit graph and the comparison of two commits, under random filters over random rows, against
 * the same predicate in memory as the lists (`sql_test.ts`): chapter 04, sections 8 to 10.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asQuery } from "../../test/support/naive/arbitrary.ts";
import { KINDS, groupedBy, itemsOfCheckouts, type Item, type Kind } from "../../test/support/naive/items.ts";
import {
  kept,
  passesIdentity,
  passesOutcome,
  passesRecord,
  wantedBy,
  type Wanted,
} from "../../test/support/naive/predicate.ts";
import { byCodePoint, statusCount } from "../../test/support/naive/recount.ts";
import { ODD_FILTERS, SEED, TOLD, randomDataSet } from "../../test/support/random_rows.ts";
import { request } from "../../test/support/server.ts";

const DATA_SETS = 3;
const CASES = 60;

const numbers = Array.from({ length: DATA_SETS }, (_, index) => index + 1);

interface Counted {
  git_commit_hash: string;
  builds: object;
  boots: object;
  tests: object;
}

/** Builds that have a boot or test of a requested kind which is kept; of any kind where none is requested. */
function relatedBuilds(left: Item[], types: Kind[]): Set<string> {
  const kinds = types.filter((kind) => kind !== "builds");
  const tests = left.filter(({ kind }) => kind !== "builds" && (kinds.length === 0 || kinds.includes(kind)));
  return new Set(tests.map(({ buildId }) => buildId));
}

function counted(hash: string, items: Item[], wanted: Wanted, types: Kind[], related: boolean): Counted {
  const left = kept(wanted, items);
  const builds = relatedBuilds(left, types);
  const of = (kind: Kind): Item[] =>
    left.filter(
      (item) =>
        item.kind === kind && types.includes(kind) && (kind !== "builds" || !related || builds.has(item.id)),
    );
  const lower = (items: Item[]): object =>
    Object.fromEntries(
      Object.entries(statusCount(items)).map(([name, count]) => [name.toLowerCase(), count]),
    );
  return {
    git_commit_hash: hash,
    builds: statusCount(of("builds")),
    boots: lower(of("boots")),
    tests: lower(of("tests")),
  };
}

function countsOnly(body: unknown): Counted[] {
  return (body as Counted[]).map(({ git_commit_hash, builds, boots, tests }) => ({
    git_commit_hash,
    builds,
    boots,
    tests,
  }));
}

const grouped = (status: string): string =>
  status === "PASS" || status === "FAIL" ? status : "INCONCLUSIVE";

/** What is compared, without its status: its identity on a side. */
function identity({ kind, config, architecture, compiler, path, platform }: Item): Record<string, string> {
  return kind === "builds"
    ? { config_name: config, architecture, compiler }
    : { path, config_name: config, architecture, platform };
}

/** The newest item of each identity. */
function side(items: Item[], wanted: Wanted, kind: Kind): Map<string, Item> {
  const meant = items.filter(
    (item) => item.kind === kind && passesRecord(wanted, item) && passesIdentity(wanted, item),
  );
  const newest = (a: Item, b: Item): number =>
    byCodePoint(b.startTime ?? "", a.startTime ?? "") || byCodePoint(b.id, a.id);
  return new Map(
    [...groupedBy(meant, (item) => JSON.stringify(identity(item)))].flatMap(([key, of]) =>
      of.sort(newest).flatMap((item, index): [string, Item][] => (index === 0 ? [[key, item]] : [])),
    ),
  );
}

function compared(a: Item[], b: Item[], wanted: Wanted, kind: Kind): object[] {
  const [before, after] = [side(a, wanted, kind), side(b, wanted, kind)];
  const pairs = [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const items = [before.get(key), after.get(key)];
    const [status_a, status_b] = items.map((item) => (item === undefined ? null : grouped(item.status)));
    const isKept = items.some((item) => item !== undefined && passesOutcome(wanted, item, grouped));
    if (!isKept || (status_a === status_b && status_a !== "FAIL")) return [];
    return [{ ...(JSON.parse(key) as Record<string, string>), status_a, status_b }];
  });
  const order =
    kind === "builds"
      ? ["config_name", "architecture", "compiler"]
      : ["path", "config_name", "architecture", "platform"];
  const value = (pair: Record<string, unknown>, name: string): string => String(pair[name]);
  return pairs.sort(
    (x, y) =>
      order.map((name) => byCodePoint(value(x, name), value(y, name))).find((sign) => sign !== 0) ?? 0,
  );
}

describe("filters of several commits", () => {
  it.each(numbers)("count what the chapter says, data set %i", async (number) => {
    const { base, tables } = await randomDataSet(SEED + number);
    const checkouts = { a: ["c0", "c1"], b: ["c2"] };
    const items = { a: itemsOfCheckouts(tables, checkouts.a), b: itemsOfCheckouts(tables, checkouts.b) };
    // of any kind: a commit with nothing but a dummy's tests is filtered as others are
    const hasBuilds = (commit: "a" | "b"): boolean =>
      [...tables.builds.values()].some(({ checkout_id }) => checkouts[commit].includes(checkout_id));
    await fc.assert(
      fc.asyncProperty(
        ODD_FILTERS,
        fc.subarray([...KINDS]),
        fc.boolean(),
        async (members, asked, related) => {
          const wanted = wantedBy(members);
          const types = asked.length === 0 ? [...KINDS] : asked;
          const query = `origin=o&types=${asked.join(",")}&builds_related_to_filtered_tests_only=${related}&${asQuery(members).toString()}`;
          const a = counted("a", items.a, wanted, types, related);
          const b = counted("b", items.b, wanted, types, related);
          const isShown = (commit: "a" | "b"): boolean =>
            !hasBuilds(commit) || items[commit].some((item) => passesRecord(wanted, item));

          const graph = await request(`${base}/api/tree/mainline/master/a/commits?${query}`);
          expect(graph.status).toBe(200);
          expect(countsOnly(graph.body), TOLD).toEqual([
            ...(isShown("a") ? [a] : []),
            ...(isShown("b") ? [b] : []),
          ]);

          const place = "tree_name=mainline&git_branch=master&commit_hashes=b,none,a,b";
          const history = await request(`${base}/api/tree/commits-history?${place}&${query}`);
          expect(history.status).toBe(200);
          const none = counted("none", [], wanted, types, related);
          expect(countsOnly(history.body), TOLD).toEqual([b, none, a, b]);
        },
      ),
      { seed: SEED + number, numRuns: CASES, examples: [[{}, [], false]] },
    );
  });

  it.each(numbers)("compare what the chapter says, data set %i", async (number) => {
    const { base, tables } = await randomDataSet(SEED + 100 + number);
    const [a, b] = [itemsOfCheckouts(tables, ["c0", "c1"]), itemsOfCheckouts(tables, ["c2"])];
    await fc.assert(
      fc.asyncProperty(ODD_FILTERS, async (members) => {
        const wanted = wantedBy(members);
        for (const kind of KINDS) {
          const { status, body } = await request(
            `${base}/api/tree/mainline/master/compare/${kind}?hash_a=a&hash_b=b&origin=o&${asQuery(members).toString()}`,
          );
          expect(status).toBe(200);
          expect(body, `${kind}, ${TOLD}`).toEqual(compared(a, b, wanted, kind));
        }
      }),
      { seed: SEED + number, numRuns: CASES, examples: [[{}]] },
    );
  });
});
