/**
 * Demonstration data: three weeks of submissions of several origins, in which things break and are mended. All of it
 * follows from a seed and a time, and looks as if it had arrived until then.
 */
import { Dice } from "./dice.ts";
import { MINUTE, type Arrival, type Sections } from "./objects.ts";
import { arrivals } from "./timeline.ts";

export interface DemoOptions {
  /** The time at which the newest objects arrive. */
  now: Date;
  /** Another seed gives other data of the same kind. */
  seed?: number;
}

export interface DemoSubmission {
  /** `submission-<32 alphanumerics>.json`; names sort in the order of arrival. */
  name: string;
  /** In version 5.3 (chapter 02, section 3). */
  submission: object;
}

const DEFAULT_SEED = 1;
/** An origin sends what it has when a time is over since the first of it, or when it is much. */
const BATCH_TIME = 30 * MINUTE;
const BATCH_OBJECTS = 100;
const NAME_LENGTH = 32;
/** Digits of a name that keep the order. */
const SEQUENCE_DIGITS = 6;

/** The submissions in the order of their arrival. The same options give the same submissions. */
export function* demoSubmissions({ now, seed = DEFAULT_SEED }: DemoOptions): Generator<DemoSubmission> {
  const dice = new Dice(seed);
  let number = 0;
  for (const sections of batches(arrivals(dice, now.getTime()))) {
    const sequence = String(number).padStart(SEQUENCE_DIGITS, "0");
    const rest = dice.alphanumeric(NAME_LENGTH - SEQUENCE_DIGITS, `file ${number}`);
    number++;
    yield {
      name: `submission-${sequence}${rest}.json`,
      submission: { version: { major: 5, minor: 3 }, ...sections },
    };
  }
}

interface Batch {
  openedAt: number;
  objects: number;
  sections: Sections;
}

/** What an origin sends within a while, together. */
function* batches(all: readonly Arrival[]): Generator<Sections> {
  // In the order in which they were opened, which is the order in which they close.
  const open = new Map<string, Batch>();
  for (const { at, origin, sections } of all) {
    for (const [name, batch] of open) {
      if (at - batch.openedAt < BATCH_TIME && batch.objects < BATCH_OBJECTS) continue;
      open.delete(name);
      yield batch.sections;
    }
    const batch = open.get(origin) ?? { openedAt: at, objects: 0, sections: {} };
    open.set(origin, batch);
    batch.objects += add(batch.sections, sections);
  }
  for (const batch of open.values()) yield batch.sections;
}

/** Adds objects to others, and tells how many. */
function add(to: Sections, from: Sections): number {
  const { checkouts = [], builds = [], tests = [], issues = [], incidents = [] } = from;
  if (issues.length > 0) to.issues = [...(to.issues ?? []), ...issues];
  if (checkouts.length > 0) to.checkouts = [...(to.checkouts ?? []), ...checkouts];
  if (builds.length > 0) to.builds = [...(to.builds ?? []), ...builds];
  if (tests.length > 0) to.tests = [...(to.tests ?? []), ...tests];
  if (incidents.length > 0) to.incidents = [...(to.incidents ?? []), ...incidents];
  return checkouts.length + builds.length + tests.length + issues.length + incidents.length;
}
