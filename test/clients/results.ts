/** Results of a few trees and pieces of hardware, for what clients ask. */
import type { TestDatabase } from "../support/database.ts";
import { fillDerivedTables } from "../support/derived.ts";
import {
  build,
  checkout,
  hoursAgo,
  incident,
  insertRows,
  issue,
  test,
  type Row,
} from "../support/report_rows.ts";

export const MAINLINE_URL = "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git";
export const NEXT_URL = "https://git.kernel.org/pub/scm/linux/kernel/git/next/linux-next.git";
export const UNNAMED_URL = "https://git.example.org/unnamed.git";

/** The commits of mainline, newest first: more than a commit graph shows. */
export const COMMITS = ["1", "2", "3", "4", "5", "6", "7", "8"].map((digit) => digit.repeat(40));
export const [HEAD = "", PREVIOUS = "", THIRD = ""] = COMMITS;
export const NEXT_HEAD = "a".repeat(40);
export const UNNAMED_HEAD = "b".repeat(40);
export const PLACELESS_HEAD = "c".repeat(40);

export const FAILED_BUILD = "maestro:b-fail";
export const FAILED_BOOT = "maestro:boot-fail";
export const CODE_ISSUE = "maestro:i,code";
const TOOL_ISSUE = "maestro:i-tool";

const RPI = {
  environment_misc: { platform: "rpi4", job_id: "7" },
  environment_compatible: ["raspberrypi,4-model-b", "brcm,bcm2711"],
  misc: { runtime: "lava-lab" },
};
const MESON = {
  environment_misc: { platform: "meson-g12b" },
  environment_compatible: ["amlogic,g12b"],
  misc: { runtime: "lava-lab", error_msg: "timed out" },
};
const QEMU = { environment_misc: { platform: "qemu-arm64" }, misc: { runtime: "shell" } };

const CHECKOUTS: Row[] = [
  ...COMMITS.map((hash, index) =>
    checkout(`maestro:c${index + 1}`, hash, 3 + 20 * index, {
      tree_name: "mainline",
      git_repository_branch: "master",
      git_repository_url: MAINLINE_URL,
      git_commit_name: `v6.${index}`,
      git_commit_tags: index === 0 ? ["v6.12-rc1"] : null,
    }),
  ),
  checkout("maestro:c1-again", HEAD, 4, {
    tree_name: "mainline",
    git_repository_branch: "master",
    git_repository_url: MAINLINE_URL,
  }),
  checkout("redhat:c1", HEAD, 3.5, {
    origin: "redhat",
    tree_name: "mainline",
    git_repository_branch: "master",
    git_repository_url: MAINLINE_URL,
  }),
  checkout("maestro:next", NEXT_HEAD, 5, {
    tree_name: "next",
    git_repository_branch: "for/next",
    git_repository_url: NEXT_URL,
    git_commit_tags: [],
  }),
  checkout("maestro:unnamed", UNNAMED_HEAD, 6, {
    tree_name: null,
    git_repository_branch: "main",
    git_repository_url: UNNAMED_URL,
  }),
  checkout("maestro:placeless", PLACELESS_HEAD, 7, {
    tree_name: null,
    git_repository_branch: null,
    git_repository_url: null,
  }),
  checkout("maestro:bare", "d".repeat(40), 8, { tree_name: "bare", git_repository_branch: "master" }),
];

const BUILDS: Row[] = [
  build("maestro:b-pass", "maestro:c1", 2.9, {
    duration: 120.5,
    config_url: "https://files.example.org/config",
    log_url: "https://files.example.org/log",
    misc: { lab: "k8s", platform: "kubernetes" },
    _timestamp: hoursAgo(2.8),
    output_files: [{ name: "log_excerpt", url: "https://files.kernelci.org/excerpt.gz" }],
    command: "make",
    comment: "a build",
  }),
  build(FAILED_BUILD, "maestro:c1-again", 2.7, { status: "FAIL", architecture: "x86_64", duration: 60 }),
  build("maestro:b-unknown", "maestro:c1", 2.6, { status: "FAIL", compiler: "clang-17" }),
  build("maestro:b-null", "maestro:c1", null, { status: null, config_name: "tinyconfig" }),
  build("maestro:dummy_1", "maestro:c1", 2.5, { status: "PASS" }),
  build("redhat:b", "redhat:c1", 3, { origin: "redhat", architecture: "s390x" }),
  build("maestro:b2", "maestro:c2", 22, { status: "FAIL" }),
  build("maestro:b2-gone", "maestro:c2", 22, { config_name: "allmodconfig" }),
  ...COMMITS.slice(2).map((_, index) =>
    build(`maestro:b${index + 3}`, `maestro:c${index + 3}`, 42 + 20 * index),
  ),
  build("maestro:b-next", "maestro:next", 4.5),
  build("maestro:b-unnamed", "maestro:unnamed", 5.5, { status: "MISS" }),
  build("maestro:b-placeless", "maestro:placeless", 6.5),
];

/** What changed in mainline, by path: before, and now. */
const CHANGES: [path: string, before: string | null | undefined, now: string | null | undefined][] = [
  ["kselftest.regression", "PASS", "FAIL"],
  ["kselftest.lost", "PASS", "SKIP"],
  ["kselftest.fixed", "FAIL", "PASS"],
  ["kselftest.unclear", "FAIL", null],
  ["kselftest.new_failure", undefined, "FAIL"],
  ["kselftest.worse", "MISS", "FAIL"],
  ["kselftest.still", "FAIL", "FAIL"],
  ["kselftest.new_pass", undefined, "PASS"],
  ["kselftest.better", "ERROR", "PASS"],
  ["kselftest.appeared", undefined, "DONE"],
  ["kselftest.disappeared", "SKIP", undefined],
  ["kselftest.same", "PASS", "PASS"],
  ["kselftest.unsure", "SKIP", "ERROR"],
];

const testsOf = (buildId: string, hours: number, side: 1 | 2): Row[] =>
  CHANGES.flatMap((change) => {
    const [path, status] = [change[0], change[side]];
    return status === undefined ? [] : [test(`${buildId}/${path}`, buildId, hours, status, { path, ...RPI })];
  });

const TESTS: Row[] = [
  test("maestro:boot-pass", "maestro:b-pass", 2.5, "PASS", {
    path: "boot",
    duration: 30.25,
    log_url: "https://files.example.org/boot.log",
    _timestamp: hoursAgo(2.4),
    ...RPI,
  }),
  test(FAILED_BOOT, "maestro:b-pass", 2.4, "FAIL", { path: "boot.nfs", duration: 300, ...MESON }),
  test("maestro:boot-unknown", "maestro:b-pass", 2.3, "FAIL", { path: "boot", ...MESON }),
  test("maestro:boot-dummy", "maestro:dummy_1", 2.2, "PASS", { path: "boot", ...QEMU }),
  test("maestro:timeless", "maestro:dummy_1", null, "MISS", { path: null, ...QEMU }),
  test("redhat:boot", "redhat:b", 2.9, "PASS", { path: "boot", origin: "redhat", ...RPI }),
  test("maestro:on-redhat", "redhat:b", 2.9, "FAIL", { path: "ltp.mm", ...RPI }),
  ...testsOf("maestro:b-pass", 2, 2),
  ...testsOf("maestro:b2", 21, 1),
  test("maestro:boot-before", "maestro:b2", 21, "FAIL", { path: "boot", duration: 12, ...RPI }),
  test("maestro:boot-third", "maestro:b3", 41, "PASS", { path: "boot", ...RPI }),
  test("maestro:next-boot", "maestro:b-next", 4, "PASS", { path: "boot", ...RPI }),
  test("maestro:next-test", "maestro:b-next", 4, "SKIP", { path: "bootrr.x", ...QEMU }),
  test("maestro:unnamed-boot", "maestro:b-unnamed", 5, "ERROR", { path: "boot", ...RPI }),
  test("maestro:placeless-test", "maestro:b-placeless", 6, "FAIL", { path: "ltp", ...MESON }),
];

const ISSUES: Row[] = [
  issue(CODE_ISSUE, 1, 50, {
    culprit_code: true,
    categories: ["build"],
    report_url: "https://lore.example.org/1",
  }),
  issue(CODE_ISSUE, 2, 2, {
    culprit_code: true,
    culprit_tool: false,
    culprit_harness: false,
    categories: ["build", "boot"],
    report_subject: "it breaks",
    misc: { logspec: { parser: "kbuild" } },
  }),
  issue(TOOL_ISSUE, 1731922995, 30, { origin: "redhat", culprit_tool: true }),
];

const INCIDENTS: Row[] = [
  incident("maestro:n1", [CODE_ISSUE, 2], { build_id: FAILED_BUILD }, { _timestamp: hoursAgo(2) }),
  incident("maestro:n2", [CODE_ISSUE, 1], { build_id: "maestro:b2" }, { _timestamp: hoursAgo(20) }),
  incident("maestro:n3", [TOOL_ISSUE, 1731922995], { test_id: FAILED_BOOT }, { _timestamp: hoursAgo(1) }),
  incident("maestro:n4", [TOOL_ISSUE, 1731922995], { test_id: FAILED_BOOT }, { _timestamp: hoursAgo(2) }),
];

/** Fills a database with the results. */
export async function insertResults({ pool, connection }: TestDatabase): Promise<void> {
  await insertRows(pool, "checkouts", CHECKOUTS);
  await insertRows(pool, "builds", BUILDS);
  await insertRows(pool, "tests", TESTS);
  await insertRows(pool, "issues", ISSUES);
  await insertRows(pool, "incidents", INCIDENTS);
  await fillDerivedTables(connection);
}
