/**
 * Submissions for tests of faults: objects in any order, so that tests come before their builds, and again and again,
 * within a file and in others; some are refused, some files are of version 4.2, some are no submissions, and one is
 * big enough for several batches.
 */
import type { JsonObject, Kind } from "../../src/kcidb/types.ts";
import { Chance } from "./chance.ts";

export interface FaultDataOptions {
  seed: number;
  /** Tests, beside about a tenth of that of everything else. */
  tests: number;
  /**
   * Whether the repetitions of an object never contradict each other, so that rows do not depend on the order in which
   * files are taken in.
   */
  agree: boolean;
}

interface Part {
  kind: Kind;
  object: JsonObject;
}

const PER_FILE = 25;
/** So many files' worth of objects are in the big one. */
const BIG = 8;
const REPEATED = 0.2;
const OLD = 0.1;

/** Files by name. The same options give the same files. */
export function faultData({ seed, tests, agree }: FaultDataOptions): Record<string, string> {
  const chance = new Chance(seed);
  const all = objects(chance, tests);
  const repeated = all
    .filter(() => chance.hits(REPEATED))
    .map((part) => ({ kind: part.kind, object: repetition(chance, part.object, agree) }));
  const parts = chance.shuffled([
    ...all.map((part) => thinned(chance, part)),
    ...repeated,
    ...refused(tests),
  ]);
  const files: Record<string, string> = {
    "cut-off.json": '{"version":{"major":5,"minor":3},"tests":[{',
    "empty.json": "",
  };
  for (let number = 0; parts.length > 0; number++) {
    // In the midst of the others, when they are taken by name.
    const isBig = number === 3;
    const isOld = chance.hits(OLD);
    const content = submissionOf(parts.splice(0, isBig ? BIG * PER_FILE : PER_FILE), isOld);
    files[`${String(number).padStart(5, "0")}${isBig ? "-big" : ""}.json`] = JSON.stringify(content);
  }
  return files;
}

/** Objects of a file: those of its sections, and those that the upgrade of waived tests adds; 1 when it is none. */
export function objectsOf(text: string): number {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return 1;
  }
  const sections = Object.values(content as Record<string, unknown>).filter((value) => Array.isArray(value));
  const waived = sections.flat().filter((object) => (object as JsonObject).waived === true).length;
  return sections.flat().length + waived + Math.min(waived, 1);
}

function objects(chance: Chance, tests: number): Part[] {
  const origins: [string, ...string[]] = ["maestro", "redhat"];
  const parts: Part[] = [];
  const checkouts = Math.ceil(tests / 100);
  const builds = Math.ceil(tests / 12);
  const time = (number: number): string => new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();
  for (let number = 0; number < checkouts; number++) {
    const tree = `tree${number % 7}`;
    parts.push({
      kind: "checkouts",
      object: {
        id: `maestro:c${number}`,
        origin: origins[number % 2],
        tree_name: tree,
        git_repository_url: `https://git.example.org/${tree}.git`,
        git_repository_branch: "master",
        git_commit_hash: number.toString(16).padStart(40, "0"),
        git_commit_name: `v6.${number}`,
        start_time: time(number),
        comment: `checkout ${number}`,
      },
    });
  }
  for (let number = 0; number < builds; number++) {
    parts.push({
      kind: "builds",
      object: {
        id: `maestro:b${number}`,
        checkout_id: `maestro:c${chance.below(checkouts)}`,
        origin: origins[number % 2],
        architecture: number % 3 === 0 ? "arm64" : "x86_64",
        config_name: "defconfig",
        compiler: "gcc-12",
        status: number % 5 === 0 ? "FAIL" : "PASS",
        comment: `build ${number}`,
        misc: { lab: `lab-${number % 3}`, platform: `board-${number % 4}` },
      },
    });
  }
  for (let number = 0; number < tests; number++) {
    parts.push({
      kind: "tests",
      object: {
        id: `maestro:t${number}`,
        // One in some hundreds waits for ever.
        build_id: chance.hits(0.005) ? "maestro:never" : `maestro:b${chance.below(builds)}`,
        origin: origins[number % 2],
        path: chance.pick(["boot", "boot.nfs", "ltp.mm", "kselftest.net.tls"]),
        status: chance.pick(["PASS", "PASS", "FAIL", "SKIP", "MISS"]),
        start_time: time(number % 1000),
        comment: `test ${number}`,
        duration: number / 8,
        environment: { compatible: [`v,board-${number % 5}`], misc: { platform: `board-${number % 5}` } },
        misc: { runtime: `lab-${number % 4}`, number },
        log_excerpt: "line\tof a \\ log\n".repeat(number % 6),
        ...(chance.hits(0.03) ? { waived: true } : {}),
      },
    });
  }
  for (let number = 0; number < Math.ceil(tests / 50); number++) {
    const issue = { id: `maestro:i${number % 20}`, version: 1 + (number % 2) };
    parts.push({
      kind: "issues",
      object: { ...issue, origin: "maestro", comment: `issue ${number % 20}`, culprit: { code: true } },
    });
    parts.push({
      kind: "incidents",
      object: {
        id: `maestro:n${number}`,
        origin: "maestro",
        issue_id: issue.id,
        issue_version: issue.version,
        test_id: `maestro:t${chance.below(tests)}`,
        present: number % 9 !== 0,
      },
    });
  }
  return parts;
}

/** Fields that no repetition may leave out. */
const KEPT = new Set([
  "id",
  "version",
  "origin",
  "checkout_id",
  "build_id",
  "test_id",
  "issue_id",
  "issue_version",
  "waived",
]);

/** The object with fewer fields. */
function thinned(chance: Chance, { kind, object }: Part): Part {
  const entries = Object.entries(object).filter(([key]) => KEPT.has(key) || chance.hits(0.8));
  return { kind, object: Object.fromEntries(entries) };
}

function repetition(chance: Chance, object: JsonObject, agree: boolean): JsonObject {
  if (agree || !("comment" in object)) return object;
  return { ...object, comment: `${String(object.comment)}, said again ${chance.below(100)}` };
}

/** Objects that break a rule each. */
function refused(tests: number): Part[] {
  return Array.from({ length: Math.ceil(tests / 60) }, (_, number): Part => {
    const object = { id: `maestro:bad${number}`, build_id: "maestro:b0", origin: "maestro" };
    const faults = [{ status: "BAD" }, { build_id: 7 }, { misc: { text: "a\0b" } }, { unknown: 1 }];
    return { kind: "tests", object: { ...object, ...faults[number % faults.length] } };
  });
}

function submissionOf(parts: readonly Part[], isOld: boolean): JsonObject {
  const content: Record<string, unknown> & { version: object } = {
    version: isOld ? { major: 4, minor: 2 } : { major: 5, minor: 3 },
  };
  for (const kind of ["tests", "incidents", "builds", "issues", "checkouts"] as const) {
    const of = parts.filter((part) => part.kind === kind).map(({ object }) => inVersion(kind, object, isOld));
    if (of.length > 0) content[kind] = of;
  }
  return content;
}

/** An object as its version writes it, with nothing that contradicts the other version's. */
function inVersion(kind: Kind, object: JsonObject, isOld: boolean): JsonObject {
  const { waived, status, ...rest } = object;
  if (!isOld) return { ...rest, ...(status === undefined ? {} : { status }) };
  if (kind === "builds") return { ...rest, ...(status === undefined ? {} : { valid: status === "PASS" }) };
  if (kind !== "tests") return rest;
  // 4.2 knows no compatibles.
  const { environment, ...test } = rest;
  const misc = (environment as JsonObject | undefined)?.misc;
  return {
    ...test,
    ...(status === undefined ? {} : { status }),
    ...(misc === undefined ? {} : { environment: { misc } }),
    ...(waived === true ? { waived } : {}),
  };
}
