/** What each origin sends about its checkouts, and when. */
import { dummyBuild, makeBuild, type Build } from "./builds.ts";
import { commitsByStream, type Commit } from "./commits.ts";
import type { Dice } from "./dice.ts";
import { incidentArrival, issueArrivals, type Occurrence } from "./issues.ts";
import { makeJobs, type Job } from "./jobs.ts";
import { MINUTE, dateTime, type Arrival, type CheckoutObject } from "./objects.ts";
import { orphanArrivals } from "./orphans.ts";
import type { Situation } from "./outcomes.ts";
import { PLATFORMS } from "./platforms.ts";
import type { Stream } from "./streams.ts";
import { boots } from "./variants.ts";

/** How many builds, and how many jobs, are announced when they start. All that are not over yet are. */
const ANNOUNCED_BUILDS = 0.15;
const ANNOUNCED_JOBS = 0.04;

/** All that arrived before a time, in the order of its arrival. */
export function arrivals(dice: Dice, now: number): Arrival[] {
  const all = [...issueArrivals(dice, now), ...orphanArrivals(dice, now)];
  for (const [stream, commits] of commitsByStream(dice, now)) {
    for (const commit of commits) all.push(...commitArrivals(dice, now, stream, commit));
  }
  return all.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
}

function commitArrivals(dice: Dice, now: number, stream: Stream, commit: Commit): Arrival[] {
  const { origin, name } = stream;
  const situation: Situation = { dice, now, stream: name, committedAt: commit.at };
  const checkout = checkoutObject(dice, stream, commit);
  const builds = stream.variants.map((variant) => makeBuild(situation, stream, commit, checkout.id, variant));
  if (stream.bootsForeignKernels) builds.push(dummyBuild(dice, stream, commit, checkout.id));
  const jobs = builds.flatMap((build) => buildJobs(situation, stream, commit, build));
  const found: Arrival[] = [{ at: commit.at, origin, sections: { checkouts: [checkout] } }];
  for (const build of builds) found.push(...buildArrivals(dice, now, origin, build));
  for (const job of jobs) found.push(...jobArrivals(dice, now, job));
  const finished = finishedCheckout(checkout, builds, jobs);
  if (origin === "maestro")
    found.push({ at: finished.at, origin, sections: { checkouts: [finished.object] } });
  return found;
}

function checkoutObject(dice: Dice, stream: Stream, commit: Commit): CheckoutObject {
  const { origin, treeName, url, branch } = stream;
  const isMaestro = origin === "maestro";
  return {
    id: `${origin}:${dice.hex(24, `checkout ${stream.name} ${commit.key}`)}`,
    origin,
    tree_name: treeName,
    git_repository_url: url,
    git_repository_branch: branch,
    git_repository_branch_tip: true,
    git_commit_hash: commit.hash,
    git_commit_name: commit.name,
    git_commit_tags: isMaestro || commit.tags.length > 0 ? commit.tags : undefined,
    git_commit_message: isMaestro ? commit.message : undefined,
    patchset_hash: "",
    start_time: dateTime(commit.at),
    valid: true,
    misc: isMaestro ? { submitted_by: "kernelci-pipeline" } : undefined,
  };
}

/** The checkout once more, with the times at which all was done. */
function finishedCheckout(
  checkout: CheckoutObject,
  builds: readonly Build[],
  jobs: readonly Job[],
): { at: number; object: CheckoutObject } {
  const builtAt = Math.max(...builds.map(({ endedAt }) => endedAt));
  const testedAt = Math.max(builtAt, ...jobs.map(({ endedAt }) => endedAt));
  return {
    at: testedAt + MINUTE,
    object: {
      ...checkout,
      origin_builds_finish_time: dateTime(builtAt),
      origin_tests_finish_time: dateTime(testedAt),
    },
  };
}

function buildJobs(situation: Situation, stream: Stream, commit: Commit, build: Build): Job[] {
  const { variant } = build;
  if (build.isLost || build.outcome.status !== "PASS") return [];
  return PLATFORMS.filter(
    (platform) =>
      stream.runsOn(platform) &&
      (variant === undefined ? stream.bootsForeignKernels === true : boots(variant, platform)),
  ).flatMap((platform) => makeJobs({ situation, stream, commit, build, platform }));
}

function buildArrivals(dice: Dice, now: number, origin: string, build: Build): Arrival[] {
  const { name, id, startedAt, endedAt, started, ended, outcome, isLost } = build;
  const announcement: Arrival = { at: startedAt, origin, sections: { builds: [started] } };
  if (isLost) return [announcement];
  const found: Arrival[] = [{ at: endedAt, origin, sections: { builds: [ended] } }];
  if (endedAt > now || dice.chance(ANNOUNCED_BUILDS, `announced ${name}`)) found.push(announcement);
  if (outcome.defect !== undefined) {
    found.push(...incidents(dice, now, [{ defect: outcome.defect, at: endedAt, failed: { build_id: id } }]));
  }
  return found;
}

function jobArrivals(dice: Dice, now: number, job: Job): Arrival[] {
  const { name, origin, startedAt, endedAt, tests, occurrences } = job;
  const found: Arrival[] = [{ at: endedAt, origin, sections: { tests } }];
  const [first] = tests;
  if (first !== undefined && (endedAt > now || dice.chance(ANNOUNCED_JOBS, `announced ${name}`))) {
    const { id, build_id, environment, path, comment, start_time, misc } = first;
    const started = { id, build_id, origin, environment, path, comment, start_time, misc };
    found.push({ at: startedAt, origin, sections: { tests: [started] } });
  }
  return [...found, ...incidents(dice, now, occurrences)];
}

function incidents(dice: Dice, now: number, occurrences: readonly Occurrence[]): Arrival[] {
  return occurrences.flatMap((occurrence) => incidentArrival(dice, now, occurrence) ?? []);
}
