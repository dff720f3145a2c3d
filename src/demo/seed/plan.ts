/** Which rows the test data consists of, and how they hang together (chapter 08, section 7). */
import {
  BUILD_FIXTURES,
  FAILED_TESTS,
  FAKE_PATH,
  FILLER_BUILD,
  ISSUE_FIXTURES,
  type IssueFixture,
} from "./fixtures.ts";
import {
  hexNumber,
  seedBuild,
  seedCheckout,
  seedIncident,
  seedIssue,
  seedTest,
  type Row,
  type SeedBuild,
  type SeedCheckout,
  type SeedIssue,
  type SeedTest,
} from "./rows.ts";

export interface SeedSizes {
  checkouts: number;
  issues: number;
}

/** Parents that exist only because an incident needs a test and a build; they are in no derived table. */
export interface Fillers {
  checkouts: SeedCheckout[];
  builds: SeedBuild[];
  tests: SeedTest[];
}

export interface SeedPlan {
  checkouts: SeedCheckout[];
  builds: SeedBuild[];
  tests: SeedTest[];
  issues: SeedIssue[];
  incidents: Row[];
  fillers: Fillers;
}

/**
 * All rows, as functions of the sizes and the time. Of fewer than 20 checkouts or 8 issues the first fixed ones are
 * there, with the builds, tests and incidents that belong to them.
 */
export function seedPlan({ checkouts, issues }: SeedSizes, now: Date): SeedPlan {
  const plan: SeedPlan = {
    checkouts: Array.from({ length: checkouts }, (_, n) => seedCheckout(n, now)),
    builds: [],
    tests: [],
    issues: Array.from({ length: issues }, (_, n) => seedIssue(n, now)),
    incidents: [],
    fillers: { checkouts: [], builds: [], tests: [] },
  };
  addBuilds(plan, now);
  addTests(plan, now);
  for (const [n, issue] of plan.issues.entries()) {
    const fixture = ISSUE_FIXTURES[n];
    if (fixture !== undefined) addIncident(plan, issue, fixture, now);
  }
  return plan;
}

function addBuilds(plan: SeedPlan, now: Date): void {
  for (const fixture of BUILD_FIXTURES) {
    const checkout = plan.checkouts[fixture.checkout];
    if (checkout !== undefined) plan.builds.push(seedBuild(plan.builds.length, fixture, checkout, now));
  }
}

function addTests(plan: SeedPlan, now: Date): void {
  const failing = plan.builds.find(({ id }) => id === FAILED_TESTS.build);
  if (failing !== undefined) {
    for (const id of FAILED_TESTS.ids) {
      plan.tests.push(seedTest(plan.tests.length, { path: FAKE_PATH }, "FAIL", failing, now, id));
    }
  }
  for (const [n, build] of plan.builds.entries()) {
    const fixture = BUILD_FIXTURES[n];
    for (const test of fixture?.tests ?? []) {
      plan.tests.push(seedTest(plan.tests.length, test, fixture?.testStatus ?? "SKIP", build, now));
    }
  }
}

/** An incident names a build and a test; the one that the fixture does not name is a filler. */
function addIncident(plan: SeedPlan, issue: SeedIssue, { incidentOn }: IssueFixture, now: Date): void {
  let buildId: string;
  let testId: string;
  if ("build" in incidentOn) {
    const build = plan.builds[incidentOn.build];
    if (build === undefined) return;
    buildId = build.id;
    testId = addFillerTest(plan, now).id;
  } else {
    if (!plan.tests.some(({ id }) => id === incidentOn.test)) return;
    buildId = addFillerBuild(plan, now).id;
    testId = incidentOn.test;
  }
  plan.incidents.push(seedIncident(plan.incidents.length, issue, buildId, testId, now));
}

function addFillerBuild({ checkouts, builds, fillers }: SeedPlan, now: Date): SeedBuild {
  const checkout = seedCheckout(checkouts.length + fillers.checkouts.length, now);
  fillers.checkouts.push(checkout);
  const n = builds.length + fillers.builds.length;
  const build = seedBuild(n, { ...FILLER_BUILD, id: `build_${hexNumber(n)}` }, checkout, now);
  fillers.builds.push(build);
  return build;
}

function addFillerTest(plan: SeedPlan, now: Date): SeedTest {
  const build = addFillerBuild(plan, now);
  const n = plan.tests.length + plan.fillers.tests.length;
  const test = seedTest(n, { path: FAKE_PATH }, "SKIP", build, now);
  plan.fillers.tests.push(test);
  return test;
}
