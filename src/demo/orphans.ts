/** A few objects whose parents never arrive, as in every real stream of submissions. */
import type { Dice } from "./dice.ts";
import { DAY, MINUTE, dateTime, type Arrival, type TestObject } from "./objects.ts";

/** Builds and tests that wait for a parent for ever. */
export const ORPHANS = { builds: 1, tests: 3 } as const;

/** A build of an unknown checkout, and tests of an unknown build. */
export function orphanArrivals(dice: Dice, now: number): Arrival[] {
  const at = now - 2.2 * DAY;
  const tests = Array.from({ length: ORPHANS.tests }, (_, n): TestObject => {
    return {
      id: `arm:${dice.hex(24, `orphan ${n}`)}`,
      build_id: `maestro:${dice.hex(24, "a build that is lost")}`,
      origin: "arm",
      path: n === 0 ? "boot" : `kselftest.futex.case_${n}`,
      environment: { misc: { platform: "fvp-aemva" } },
      status: "PASS",
      start_time: dateTime(at + n * MINUTE),
    };
  });
  const build = {
    id: `redhat:${dice.hex(10, "orphan")}-s390x-kernel`,
    checkout_id: `redhat:${dice.hex(10, "a checkout that is lost")}`,
    origin: "redhat",
    start_time: dateTime(at),
    architecture: "s390x",
    status: "PASS" as const,
  };
  return [
    { at, origin: "redhat", sections: { builds: [build] } },
    { at, origin: "arm", sections: { tests } },
  ];
}
