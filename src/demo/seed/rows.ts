/**
 * The rows of the test data, one function an entity (chapter 08, sections 7.2 to 7.6). Each is a pure function of the
 * row's number, its fixture and the time of the seeding.
 */
import {
  CHECKOUT_FIXTURES,
  FILLER_CHECKOUT,
  ISSUE_FIXTURES,
  NO_PLATFORM,
  type BuildFixture,
  type SeedStart,
  type SeedStatus,
  type TestFixture,
} from "./fixtures.ts";
import { comment, commitMessage, duration, logExcerpt, subject } from "./prose.ts";

/** Columns and their values, as JSON. */
export type Row = Readonly<Record<string, unknown>>;

export interface SeedCheckout {
  id: string;
  origin: string;
  commitHash: string;
  startTime: string;
  platform: string | undefined;
  row: Row;
}

export interface SeedBuild {
  id: string;
  origin: string;
  checkout: SeedCheckout;
  row: Row;
}

export interface SeedTest {
  id: string;
  row: Row;
}

export interface SeedIssue {
  id: string;
  origin: string;
  version: number;
  row: Row;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Days over which the rows' times of arrival are spread. */
const TIMESTAMP_DAYS = 22;

/** A row's number as it stands in generated ids. */
export function hexNumber(n: number): string {
  return n.toString(16).padStart(8, "0");
}

/** Time of arrival: midnight UTC, some days ago. */
function arrival(n: number, now: Date): string {
  const midnight = Math.floor(now.getTime() / DAY) * DAY;
  return new Date(midnight - (n % TIMESTAMP_DAYS) * DAY).toISOString();
}

function shortHash(commitHash: string): string {
  return commitHash.slice(0, 8);
}

/**
 * Start of a checkout. Rows that start 30 days ago do so a microsecond apart, in their order, so that "the newest
 * checkout of a tree" has one answer.
 */
function startTime(start: SeedStart, n: number, now: Date): string {
  if (typeof start === "number") return new Date(start * 1000).toISOString();
  if (start !== "30 days ago") return new Date(now.getTime() - start.hoursAgo * HOUR).toISOString();
  const millisecond = now.getTime() - 30 * DAY + Math.floor(n / 1000);
  return new Date(millisecond).toISOString().replace("Z", `${String(n % 1000).padStart(3, "0")}Z`);
}

function minutesBefore(now: Date, minutes: number): string {
  return new Date(now.getTime() - minutes * 60_000).toISOString();
}

/** Files under `https://example.com/`, in the shape of KCIDB resources. */
function exampleFiles(...names: string[]): { name: string; url: string }[] {
  return names.map((name) => ({ name, url: `https://example.com/${name}` }));
}

/** Section 7.3: the fixed checkout of this number, or a filler. */
export function seedCheckout(n: number, now: Date): SeedCheckout {
  const fixture = CHECKOUT_FIXTURES[n] ?? { ...FILLER_CHECKOUT, id: `checkout_${hexNumber(n)}` };
  const { id, origin, tree, url, branch, start, platform, commitHash = id } = fixture;
  const startedAt = startTime(start, n, now);
  const row: Row = {
    _timestamp: arrival(n, now),
    id,
    origin,
    tree_name: tree,
    git_repository_url: url,
    git_commit_hash: commitHash,
    git_commit_name: `commit-${shortHash(commitHash)}`,
    git_repository_branch: branch,
    patchset_files: [
      { name: "0001-fix-example.patch", url: "https://example.com/patch1.patch" },
      { name: "0002-update-config.patch", url: "https://example.com/patch2.patch" },
    ],
    patchset_hash: `patchset_${hexNumber(n)}`,
    message_id: `<message-${n}@kernelci.org>`,
    comment: comment(n),
    start_time: startedAt,
    log_url: `https://logs.kernelci.org/${origin}/${shortHash(commitHash)}.log`,
    log_excerpt: logExcerpt(n, 1000),
    valid: n % 4 !== 3,
    misc: { build_environment: "docker", kernel_version: "6.1.0", compiler: "gcc-11.2.0" },
    git_commit_message: commitMessage(n),
    git_repository_branch_tip: n % 2 === 0,
    git_commit_tags: ["v6.1", "stable"],
    origin_builds_finish_time: minutesBefore(now, 30),
    origin_tests_finish_time: minutesBefore(now, 15),
  };
  return { id, origin, commitHash, startTime: startedAt, platform, row };
}

/** Section 7.4: a build of a checkout. */
export function seedBuild(
  n: number,
  fixture: Omit<BuildFixture, "checkout" | "testStatus">,
  checkout: SeedCheckout,
  now: Date,
): SeedBuild {
  const { id, origin, architecture, status, configName, compilers } = fixture;
  const row: Row = {
    _timestamp: arrival(n, now),
    checkout_id: checkout.id,
    id,
    origin,
    comment: comment(n),
    start_time: checkout.startTime,
    duration: duration(n, 300, 3600),
    architecture,
    command: `make ARCH=${architecture} defconfig all`,
    // The reference stores the text of a list, and the test suite expects it.
    compiler: `[${compilers.map((compiler) => `'${compiler}'`).join(", ")}]`,
    input_files: exampleFiles("defconfig", "kernel.config"),
    output_files: exampleFiles("vmlinux", "bzImage", "modules.tar.gz"),
    config_name: configName,
    config_url: `https://configs.kernelci.org/${origin}/${configName}`,
    log_url: logUrl(origin, checkout, id),
    log_excerpt: logExcerpt(n, 2000),
    misc: {
      build_environment: "docker",
      kernel_version: "6.1.0",
      build_time: "2024-01-15T10:30:00Z",
      memory_usage: "2.5GB",
      disk_usage: "1.2GB",
      hardware: checkout.platform ?? "fake-hardware",
    },
    status,
  };
  return { id, origin, checkout, row };
}

function logUrl(origin: string, checkout: SeedCheckout, id: string): string {
  return `https://logs.kernelci.org/${origin}/${shortHash(checkout.commitHash)}/${id}.log`;
}

/** Section 7.5: a test of a build. @param id where it is not generated */
export function seedTest(
  n: number,
  fixture: TestFixture,
  status: SeedStatus,
  build: SeedBuild,
  now: Date,
  id = `test_${hexNumber(n)}`,
): SeedTest {
  const row: Row = {
    _timestamp: arrival(n, now),
    build_id: build.id,
    id,
    origin: build.origin,
    environment_misc: { platform: fixture.platform ?? build.checkout.platform ?? NO_PLATFORM },
    path: fixture.path,
    comment: comment(n),
    log_url: logUrl(build.origin, build.checkout, id),
    log_excerpt: logExcerpt(n, 1500),
    status,
    start_time: build.checkout.startTime,
    duration: duration(n, 60, 1800),
    misc: {
      test_environment: "qemu",
      kernel_version: "6.1.0",
      test_suite: "ltp",
      test_version: "20240115",
    },
    environment_compatible: fixture.compatible ?? null,
  };
  return { id, row };
}

/** Section 7.6: the fixed issue of this number, in version 1, or a generated one in version 0. */
export function seedIssue(n: number, now: Date): SeedIssue {
  const fixture = ISSUE_FIXTURES[n];
  const id = fixture?.id ?? `issue_${hexNumber(n)}`;
  const origin = `origin-fake-${hexNumber(n)}`;
  const version = fixture === undefined ? 0 : 1;
  const row: Row = {
    _timestamp: arrival(n, now),
    id,
    version,
    origin,
    report_url: `https://reports.kernelci.org/${origin}/${id}.html`,
    report_subject: subject(n),
    culprit_code: n % 3 === 0,
    culprit_tool: n % 3 === 1,
    culprit_harness: n % 3 === 2,
    comment: comment(n),
    misc: {
      severity: "medium",
      priority: "normal",
      assigned_to: "kernel-team@example.com",
      created_by: "bot@kernelci.org",
    },
    categories: ["build", "boot", "test", "regression", "performance"],
  };
  return { id, origin, version, row };
}

/** Section 7.6: an incident of an issue, on a build and a test. */
export function seedIncident(n: number, issue: SeedIssue, buildId: string, testId: string, now: Date): Row {
  return {
    _timestamp: arrival(n, now),
    id: `incident_${hexNumber(n)}`,
    origin: issue.origin,
    issue_id: issue.id,
    issue_version: issue.version,
    build_id: buildId,
    test_id: testId,
    present: n % 4 !== 3,
    comment: comment(n),
    misc: {
      detected_at: now.toISOString(),
      severity: "medium",
      status: "open",
      assigned_to: "kernel-team@example.com",
    },
  };
}
