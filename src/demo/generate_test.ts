import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Splitter, type Element } from "../kcidb/split.ts";
import { objectContext, parseFrame, prepareObject } from "../kcidb/submission.ts";
import { zeroCounts, type Counts } from "../kcidb/types.ts";
import type { Refusal } from "../kcidb/types.ts";
import { microsecondClock } from "../ingest/clock.ts";
import { demoSubmissions, type DemoOptions } from "./generate.ts";

const NOW = new Date("2026-11-22T10:20:30.456Z");
/** A Sunday in a merge window, the turn of a year, a leap day, and long ago. */
const OTHER_TIMES = [
  "2026-12-27T23:59:59Z",
  "2027-01-01T00:00:00Z",
  "2028-02-29T12:00:00Z",
  "2020-06-01T00:00:00Z",
];

/** The submissions as the text of their files. */
function files(options: DemoOptions): { name: string; text: string }[] {
  return Array.from(demoSubmissions(options), ({ name, submission }) => ({
    name,
    text: JSON.stringify(submission),
  }));
}

/** What the validator makes of a file. */
function check(text: string): { counts: Counts; refused: Refusal[] } {
  const elements: Element[] = [];
  const splitter = new Splitter((element) => elements.push(element));
  splitter.write(Buffer.from(text));
  const frame = parseFrame(splitter.end());
  const context = objectContext(frame.version, { treeNames: new Map(), clock: microsecondClock() });
  const counts = zeroCounts();
  const refused: Refusal[] = [];
  for (const element of elements) {
    const place = frame.places.get(element.number);
    if (place === undefined) throw new Error(`element ${element.number} has no place`);
    const outcome = prepareObject(context, place, element);
    for (const { kind } of outcome.accepted) counts[kind]++;
    refused.push(...outcome.refused);
  }
  return { counts, refused };
}

function digest(options: DemoOptions): string {
  const hash = createHash("sha256");
  for (const { name, text } of files(options)) hash.update(name).update(text);
  return hash.digest("hex");
}

describe("the demonstration data", () => {
  it.each([NOW.toISOString(), ...OTHER_TIMES])("of %s is accepted whole", (now) => {
    const total = zeroCounts();
    for (const { text } of files({ now: new Date(now) })) {
      const { counts, refused } = check(text);
      expect(refused).toEqual([]);
      for (const kind of ["checkouts", "builds", "tests", "issues", "incidents"] as const) {
        total[kind] += counts[kind];
      }
    }
    expect(total.tests).toBeGreaterThan(12_000);
    expect(total.tests).toBeLessThan(22_000);
    expect(total.builds).toBeGreaterThan(1000);
    expect(total.issues).toBeGreaterThan(12);
    expect(total.incidents).toBeGreaterThan(80);
  });

  it("is the same for the same seed and time, and other data for others", () => {
    const first = digest({ now: NOW });
    expect(digest({ now: NOW, seed: 1 })).toBe(first);
    expect(digest({ now: NOW, seed: 2 })).not.toBe(first);
    expect(digest({ now: new Date(NOW.getTime() + 1000) })).not.toBe(first);
  });

  it("has names that sort in the order of arrival", () => {
    const names = files({ now: NOW }).map(({ name }) => name);
    for (const name of names) expect(name).toMatch(/^submission-[0-9A-Za-z]{32}\.json$/);
    expect(names.toSorted()).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
  });

  it("has come to the present, and not beyond", () => {
    const times = files({ now: NOW }).flatMap(({ text }) =>
      Array.from(text.matchAll(/"start_time":"([^"]+)"/g), ([, time]) => time ?? ""),
    );
    const newest = times.toSorted().at(-1) ?? "";
    expect(newest < NOW.toISOString()).toBe(true);
    expect(newest > new Date(NOW.getTime() - 15 * 60_000).toISOString()).toBe(true);
  });
});
