/**
 * Filters as SQL, against a predicate in memory that was written from chapter 03 alone (`test/support/naive`): over
 * random rows, odd ones included, and random filters, both keep the same builds, boots and tests, in the same order.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asQuery } from "../../test/support/naive/arbitrary.ts";
import { itemsOfCheckouts, itemsOfHardware, type Item } from "../../test/support/naive/items.ts";
import { idsByKind, kept, wantedBy, type Members } from "../../test/support/naive/predicate.ts";
import {
  inListOrder,
  recountedOptions,
  recountedSummary,
  recountedCompatibles,
  recountedHardware,
  type SummaryView,
} from "../../test/support/naive/recount.ts";
import type { Tables } from "../../test/support/naive/tables.ts";
import { ODD_FILTERS, SEED, TOLD, randomDataSet } from "../../test/support/random_rows.ts";
import { request, type Answer } from "../../test/support/server.ts";

const DATA_SETS = 5;
const TREE_CASES = 50;
const HARDWARE_CASES = 25;

type Answers = Record<string, unknown>;

const LISTS = ["builds", "boots", "tests"];

interface Compared {
  /** What the lists and the summary answer, together. */
  parts: Answers;
  full: Answers;
}

async function answers(ask: (name: string) => Promise<Answer>): Promise<Compared> {
  const bodies = await Promise.all(
    [...LISTS, "summary", "full"].map(async (name) => {
      const { status, body } = await ask(name);
      expect(status, JSON.stringify(body)).toBe(200);
      return body as Answers;
    }),
  );
  const full = bodies.pop() ?? {};
  return { parts: comparable(Object.assign({}, ...bodies) as Answers), full: comparable(full) };
}

/** Lists as the ids in them. Of `common` the set of names, which filters never change. */
function comparable(answer: Answers): Answers {
  const { common, ...rest } = answer as Answers & { common: { hardware?: string[]; compatibles?: string[] } };
  const ids = LISTS.map((name) => [name, (rest[name] as { id: string }[]).map(({ id }) => id)] as const);
  return { ...rest, ...Object.fromEntries(ids), names: common.hardware ?? common.compatibles };
}

/** @param hardware the hardware that is asked about, or undefined for a commit */
function expected(items: Item[], members: Members, { issues }: Tables, hardware?: string): Compared {
  const isCommit = hardware === undefined;
  const same = {
    ...idsByKind(inListOrder(kept(wantedBy(members), items), issues)),
    filters: recountedOptions(items, isCommit ? "tree" : "hardware", issues),
    names: isCommit ? recountedHardware(items) : recountedCompatibles(items, hardware),
  };
  const withSummary = (view: SummaryView): Answers => ({
    ...same,
    summary: recountedSummary(items, members, view, issues),
  });
  return isCommit
    ? { parts: withSummary("tree"), full: withSummary("tree") }
    : { parts: withSummary("hardware summary"), full: withSummary("hardware full") };
}

describe("filters", () => {
  it.each(Array.from({ length: DATA_SETS }, (_, index) => index + 1))(
    "keep what the chapter says, data set %i",
    async (number) => {
      const seed = SEED + number;
      const { base, tables } = await randomDataSet(seed);
      const commit = itemsOfCheckouts(tables, ["c0", "c1"]);
      await fc.assert(
        fc.asyncProperty(ODD_FILTERS, async (members) => {
          const found = await answers((name) =>
            request(`${base}/api/tree/mainline/master/a/${name}?origin=o&${asQuery(members).toString()}`),
          );
          expect(found, TOLD).toEqual(expected(commit, members, tables));
        }),
        { seed, numRuns: TREE_CASES, examples: [[{}]] },
      );
      await fc.assert(
        fc.asyncProperty(fc.constantFrom("p1", "p2", "7", "v,s"), ODD_FILTERS, async (hardware, members) => {
          const items = itemsOfHardware(tables, ["c0", "c1", "c3"], hardware, "o");
          fc.pre(items.length > 0);
          const body = JSON.stringify({
            origin: "o",
            startTimestampInSeconds: Date.parse("2026-01-01T11:30:00Z") / 1000,
            endTimestampInSeconds: Date.parse("2026-01-02T00:00:00Z") / 1000,
            selectedCommits: {},
            filter: members,
          });
          const found = await answers((name) =>
            request(
              `${base}/api/hardware/${encodeURIComponent(hardware)}${name === "full" ? "" : `/${name}`}`,
              { method: "POST", body },
            ),
          );
          expect(found, TOLD).toEqual(expected(items, members, tables, hardware));
        }),
        { seed, numRuns: HARDWARE_CASES },
      );
    },
  );
});
