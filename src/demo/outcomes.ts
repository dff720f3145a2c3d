/** What comes of a build or a test: what is broken decides, then what always fails there, then chance. */
import { hasDefect, type Defect } from "./defects.ts";
import type { Dice } from "./dice.ts";
import { DEFECTS } from "./known_defects.ts";
import type { Status } from "./objects.ts";
import type { Platform } from "./platforms.ts";
import type { StreamName } from "./streams.ts";
import { FLAKY_PATHS } from "./suites.ts";
import type { VariantName } from "./variants.ts";

/** How often a job does not come to run its first test. */
const LOST_JOBS = 0.012;
/** How many cases always fail, or are always skipped, on a platform. */
const ALWAYS_FAILING = 0.025;
const ALWAYS_SKIPPED = 0.08;
/** How often a case, and a build, ends without a verdict of its own. */
const TEST_ERRORS = 0.006;
const BUILD_ERRORS = 0.008;
/** How often a build fails for a reason that nobody has looked into. */
const BUILD_FAILURES = 0.014;

export interface Outcome {
  status: Status;
  /** What explains it. */
  defect?: Defect;
  /** What the harness says about it. */
  errorMessage?: string;
}

export interface Situation {
  dice: Dice;
  now: number;
  stream: StreamName;
  /** When the commit was checked out. */
  committedAt: number;
}

/** @param name of this build, for chance */
export function buildOutcome(situation: Situation, variant: VariantName, name: string): Outcome {
  const defect = activeDefect(
    situation,
    name,
    ({ breaks }) => "variants" in breaks && breaks.variants.includes(variant),
  );
  if (defect !== undefined) return { status: defect.status, defect };
  const roll = situation.dice.roll(`build ${name}`);
  if (roll < BUILD_ERRORS) return { status: "ERROR", errorMessage: "No space left on device" };
  return { status: roll < BUILD_ERRORS + BUILD_FAILURES ? "FAIL" : "PASS" };
}

/** @param name of this test, for chance */
export function testOutcome(situation: Situation, platform: Platform, path: string, name: string): Outcome {
  const { dice } = situation;
  const defect = activeDefect(
    situation,
    name,
    ({ breaks }) => "path" in breaks && breaks.path(path) && breaks.platform(platform),
  );
  if (defect !== undefined) {
    const { status, errorMessage } = defect;
    return { status, defect, ...(errorMessage === undefined ? {} : { errorMessage }) };
  }
  if (isBoot(path)) {
    return dice.chance(LOST_JOBS, `lost ${name}`)
      ? { status: "MISS", errorMessage: "Infrastructure error: the device did not come online" }
      : { status: "PASS" };
  }
  const always = dice.roll(`always ${platform.key} ${path}`);
  if (always < ALWAYS_FAILING) return { status: "FAIL" };
  if (always < ALWAYS_FAILING + ALWAYS_SKIPPED) return { status: "SKIP" };
  if (dice.chance(FLAKY_PATHS[path] ?? 0.003, `flaky ${name}`)) return { status: "FAIL" };
  return dice.chance(TEST_ERRORS, `error ${name}`)
    ? { status: "ERROR", errorMessage: "the test shell timed out after 600 seconds" }
    : { status: "PASS" };
}

export function isBoot(path: string): boolean {
  return path === "boot" || path.startsWith("boot.");
}

function activeDefect(
  { dice, now, stream, committedAt }: Situation,
  name: string,
  applies: (defect: Defect) => boolean,
): Defect | undefined {
  return DEFECTS.find(
    (defect) =>
      applies(defect) &&
      hasDefect(defect, stream, committedAt, now) &&
      dice.chance(defect.rate, `${defect.key} ${name}`),
  );
}
