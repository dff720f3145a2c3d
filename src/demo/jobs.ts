/** Jobs of the demonstration data: a kernel on a platform, booted, and then tested if it came up. */
import { pipelineNumber, type Build } from "./builds.ts";
import type { Commit } from "./commits.ts";
import { bootExcerpt, caseExcerpt } from "./excerpts.ts";
import type { Occurrence } from "./issues.ts";
import { MINUTE, dateTime, seconds, type Measurement, type Misc, type TestObject } from "./objects.ts";
import { isBoot, testOutcome, type Outcome, type Situation } from "./outcomes.ts";
import type { Platform } from "./platforms.ts";
import type { Stream } from "./streams.ts";
import { SUITES, type Suite, type SuiteName } from "./suites.ts";

/** How often a platform is away for repair when a commit comes. */
const AWAY = 0.06;

export interface Job {
  name: string;
  origin: string;
  startedAt: number;
  endedAt: number;
  /** Not empty. */
  tests: TestObject[];
  occurrences: Occurrence[];
}

/** All that the jobs of one build on one platform have in common. */
export interface Run {
  situation: Situation;
  stream: Stream;
  commit: Commit;
  build: Build;
  platform: Platform;
}

/** The jobs of a build on a platform, in their order. */
export function makeJobs(run: Run): Job[] {
  const { situation, stream, commit, build, platform } = run;
  const { dice } = situation;
  const name = `${build.name} ${platform.key}`;
  if (dice.chance(AWAY, `away ${name}`)) return [];
  const withSuites = commit.ordinal % stream.suitesEvery === 0 && stream.bootsForeignKernels !== true;
  let at = build.endedAt + dice.between(4, 55, `queue ${name}`) * MINUTE;
  const jobs: Job[] = [];
  const add = (suite: SuiteName, paths: readonly string[]): Job => {
    const job = makeJob(run, SUITES[suite], paths, at);
    jobs.push(job);
    at = job.endedAt + dice.between(2, 20, `pause ${job.name}`) * MINUTE;
    return job;
  };
  const bootless = platform.kind === "unit" || platform.kind === "cloud";
  if (!bootless) {
    const baseline = platform.kind === "host" ? [] : SUITES.baseline.paths;
    const [boot] = add("baseline", ["boot", ...baseline.slice(0, withSuites ? undefined : 1)]).tests;
    if (boot?.status !== "PASS") return jobs;
    if (platform.nfs && withSuites) add("baseline", ["boot.nfs"]);
  }
  if (withSuites) for (const suite of platform.suites) add(suite, SUITES[suite].paths);
  return jobs;
}

/** A job is over when its boot fails. */
function makeJob(run: Run, suite: Suite, paths: readonly string[], startedAt: number): Job {
  const { situation, stream, build, platform } = run;
  const { dice } = situation;
  const name = `${build.name} ${platform.key} ${suite.job} ${paths[0] ?? ""}`;
  const length = suite.minutes * dice.between(0.8, 1.3, `length ${name}`) * MINUTE;
  const origin = platform.testOrigin ?? stream.origin;
  const job: Job = { name, origin, startedAt, endedAt: startedAt + length, tests: [], occurrences: [] };
  for (const [number, path] of paths.entries()) {
    const outcome = testOutcome(situation, platform, path, `${name} ${path}`);
    const startedAfter = (length * number) / paths.length;
    const test = makeTest(run, suite, job, path, outcome, startedAt + startedAfter);
    test.duration = seconds(length / paths.length);
    job.tests.push(test);
    if (outcome.defect !== undefined) {
      job.occurrences.push({ defect: outcome.defect, at: job.endedAt, failed: { test_id: test.id } });
    }
    if (isBoot(path) && outcome.status !== "PASS") break;
  }
  return job;
}

function makeTest(
  run: Run,
  suite: Suite,
  job: Job,
  path: string,
  outcome: Outcome,
  startedAt: number,
): TestObject {
  const { situation, build, platform } = run;
  const measured = measurement(run, suite, path, outcome, job.name);
  const files = storage(job.origin, `${suite.job}-${situation.dice.hex(24, `job ${job.name}`)}`);
  const reportsOnly = suite.measured?.[path]?.reportsOnly ?? false;
  return {
    id: testId(run, job, path),
    build_id: build.id,
    origin: job.origin,
    environment: environment(run, job),
    path,
    comment: platform.name === undefined ? suite.job : `${suite.job} on ${platform.name} in ${platform.lab}`,
    log_url: `${files}/log.txt.gz`,
    log_excerpt: excerpt(run, suite, path, outcome, job.name),
    status: reportsOnly && outcome.status === "PASS" ? "DONE" : outcome.status,
    number: measured,
    start_time: dateTime(startedAt),
    output_files: isBoot(path)
      ? [{ name: "callback_data", url: `${files}/lava_callback.json.gz` }]
      : undefined,
    misc: testMisc(run, job, outcome),
  };
}

function testId({ situation: { dice }, build, commit, platform }: Run, job: Job, path: string): string {
  const unique = `test ${job.name} ${path}`;
  switch (job.origin) {
    case "linaro":
      return `linaro:${dice.alphanumeric(27, `test ${job.name}`)}_${path.replaceAll(".", "_")}`;
    case "redhat": {
      const recipe = 20_000_000 + Math.floor(dice.roll(`recipe ${job.name}`) * 900_000);
      const architecture = build.variant?.architecture ?? platform.architecture;
      return `redhat:${pipelineNumber(dice, commit)}_${architecture}_kernel_kcidb_tool_${recipe}_${path}`;
    }
    case "microsoft":
      return `microsoft:${path.slice(path.indexOf(".") + 1)}-${dateTime(job.startedAt).replace(/\D/g, "")}`;
    default:
      return `${job.origin}:${dice.hex(24, unique)}`;
  }
}

/** Where an origin keeps what a job leaves. */
function storage(origin: string, folder: string): string {
  switch (origin) {
    case "linaro":
      return `https://storage.tuxsuite.com/public/linaro/lkft/tests/${folder}`;
    case "redhat":
      return `https://s3.example.org/cki-artifacts/${folder}`;
    case "microsoft":
      return `https://lisa-logs.example.org/${folder}`;
    case "ti":
    case "arm":
      return `https://files.kernelci.org/${origin}/${folder}`;
    default:
      return `https://files.kernelci.org/${folder}`;
  }
}

function environment({ situation, platform }: Run, job: Job): TestObject["environment"] {
  if (platform.kind === "unit") return undefined;
  if (platform.name === undefined) return { comment: platform.key };
  const jobId = String(20_100_000 + Math.floor(situation.dice.roll(`job id ${job.name}`) * 800_000));
  const inLava = platform.lab.startsWith("lava-");
  return {
    comment: `Runtime: ${platform.lab}`,
    ...(platform.compatible.length > 0 ? { compatible: platform.compatible } : {}),
    misc: {
      platform: platform.name,
      ...(inLava
        ? { job_id: jobId, job_url: `https://${platform.lab}.example.org/scheduler/job/${jobId}` }
        : {}),
      ...(platform.kind === "cloud" ? { vm_size: "Standard_D16s_v5", hyperv_generation: "2" } : {}),
    },
  };
}

function testMisc({ build, platform }: Run, job: Job, outcome: Outcome): Misc | undefined {
  const { variant } = build;
  const error =
    outcome.errorMessage === undefined
      ? {}
      : {
          error_code: outcome.status === "MISS" ? "Infrastructure" : "Test",
          error_msg: outcome.errorMessage,
        };
  // Other origins say nothing of the lab, so that theirs is the origin itself.
  if (!["maestro", "broonie", "ti", "arm"].includes(job.origin))
    return "error_msg" in error ? error : undefined;
  return {
    ...(variant === undefined
      ? {}
      : { arch: variant.architecture, compiler: variant.compiler, kernel_type: variant.kernelType }),
    runtime: platform.lab,
    ...error,
  };
}

function excerpt(
  run: Run,
  suite: Suite,
  path: string,
  { status, defect, errorMessage }: Outcome,
  name: string,
): string | undefined {
  const finding = defect?.log ?? errorMessage;
  if (status === "PASS" || status === "SKIP" || status === "MISS") return undefined;
  return isBoot(path)
    ? bootExcerpt(run.situation.dice, run.platform.key, finding ?? "", name)
    : caseExcerpt(suite, path, finding);
}

function measurement(
  { situation: { dice } }: Run,
  suite: Suite,
  path: string,
  { status }: Outcome,
  name: string,
): Measurement | undefined {
  const measured = suite.measured?.[path];
  if (measured === undefined || (status !== "PASS" && status !== "FAIL")) return undefined;
  const { usual, unit, prefix } = measured;
  const factor = status === "FAIL" ? 5.5 : dice.between(0.85, 1.15, `value ${name} ${path}`);
  const value = Math.round(usual * factor * 100) / 100;
  return prefix === undefined ? { value, unit } : { value, unit, prefix };
}
