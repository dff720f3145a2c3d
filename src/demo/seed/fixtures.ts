/**
 * The fixed part of the test data (chapter 08, sections 7.3 to 7.6): what the black-box test suite asks for by id,
 * hash or time.
 */

/** Moments that a row's start is given by: seconds since 1970, hours before the seeding, or 30 days before it. */
export type SeedStart = number | { hoursAgo: number } | "30 days ago";

export interface CheckoutFixture {
  id: string;
  origin: string;
  tree: string;
  url: string;
  branch: string;
  start: SeedStart;
  /** Hardware that the checkout's tests ran on. */
  platform?: string;
  /** Where it is not the id itself. */
  commitHash?: string;
}

export type SeedStatus = "PASS" | "FAIL" | "SKIP";

/** A test of a build beside what all tests have in common. */
export interface TestFixture {
  path: string;
  /** Where it is not the checkout's. */
  platform?: string;
  compatible?: string[];
}

export interface BuildFixture {
  id: string;
  /** Position of its checkout among the fixed ones. */
  checkout: number;
  architecture: string;
  status: SeedStatus;
  testStatus: SeedStatus;
  tests: TestFixture[];
  origin: string;
  configName: string;
  compilers: string[];
}

export interface IssueFixture {
  id: string;
  /** What its incident is on: a build by its position, or a test by its id. */
  incidentOn: { build: number } | { test: string };
}

const KORG = "https://git.kernel.org/pub/scm/linux/kernel/git";
const ANDROID = "https://android.googlesource.com/kernel/common";
const ISSUE_1460 = "https://example.com/kernelci-dashboard-issue-1460.git";
const ISSUE_1460_HASH = "issue1460sharedhash00000000000000000000";

/** A line of the table: id, origin, tree, url, branch, start, and the platform if there is one. */
function checkout(
  id: string,
  [origin, tree, url, branch]: readonly [string, string, string, string],
  start: SeedStart = "30 days ago",
  platform?: string,
): CheckoutFixture {
  return { id, origin, tree, url, branch, start, ...(platform === undefined ? {} : { platform }) };
}

const ARM64 = ["maestro", "arm64", `${KORG}/arm64/linux.git`, "for-kernelci"] as const;
const ANDROID_MAINLINE = ["maestro", "android", ANDROID, "android-mainline"] as const;

function android(branch: string): readonly [string, string, string, string] {
  return ["maestro", "android", ANDROID, branch];
}

function torvalds(tree: string): readonly [string, string, string, string] {
  return ["maestro", tree, `${KORG}/torvalds/linux.git`, "master"];
}

function issue1460(age: string, hoursAgo: number): CheckoutFixture {
  const tree = ["maestro", `issue1460_${age}`, ISSUE_1460, "issue-1460-branch"] as const;
  return { ...checkout(`issue1460_${age}_checkout`, tree, { hoursAgo }), commitHash: ISSUE_1460_HASH };
}

/** Section 7.3, in its order. */
export const CHECKOUT_FIXTURES: readonly CheckoutFixture[] = [
  checkout("a1c24ab822793eb513351686f631bd18952b7870", ARM64),
  checkout("ef143cc9d68aecf16ec4942e399e7699266b288f", ANDROID_MAINLINE),
  checkout("fdf4d20b86285d7b4d1c2d3349a1bd1bc41b24ba", ANDROID_MAINLINE),
  checkout("33040a50cdaec186c13ef3f7b9c9b668d8e32637", [
    "broonie",
    "next",
    `${KORG}/next/linux-next.git`,
    "pending-fixes",
  ]),
  checkout("4b60a3c25e8793adfb1d92f8e4888321ae416fed", [
    "maestro",
    "broonie-misc",
    `${KORG}/broonie/misc.git`,
    "for-kernelci",
  ]),
  checkout("5b4ec6e1eb7603b6d86a172d77efdf75eb741e7e", ARM64, 1741449600, "allwinner,sun50i-a64"),
  checkout("0704a15b930cf97073ce091a0cd7ad32f2304329", ARM64, 1741449600, "allwinner,sun50i-a64"),
  checkout("fb482243c16ebfe8776fcd52223351b4061c1729", ANDROID_MAINLINE),
  checkout("google_juniper_checkout_001", torvalds("google_mainline"), 1740227400, "google,juniper"),
  checkout(
    "amlogic_checkout_001",
    ["maestro", "amlogic", `${KORG}/amlogic/linux.git`, "master"],
    1741359600,
    "amlogic,g12b",
  ),
  checkout("7e39477098b50156535c8f910fee50d6dac2a793", android("android11-5.4"), 1737487800, "android11-5.4"),
  checkout(
    "4fd7634f32ffbb4fd4c09b757aa16327626a1749",
    android("android12-5.10"),
    1737487800,
    "android12-5.10",
  ),
  checkout(
    "f72ba1ba267f4c42adb82037e8614d7844badeb9",
    android("android12-5.10-lts"),
    1737487800,
    "android12-5.10-lts",
  ),
  checkout("fluster_checkout_001", torvalds("fluster_mainline"), 1741571363, "mt8195-cherry-tomato-r2"),
  checkout("arm_juno_checkout_001", ARM64, 1740232800, "arm,juno"),
  checkout("aaeon_checkout_001", torvalds("aaeon_mainline"), 1740241800, "aaeon-UPN-EHLX4RE-A10-0864"),
  checkout("asus_checkout_001", torvalds("asus_mainline"), 1741356000, "asus-CM1400CXA-dalboz"),
  checkout(
    "failed_tests_checkout",
    ["maestro", "failed_tests_mainline", `${KORG}/torvalds/failed_tests.git`, "master"],
    1741356000,
  ),
  issue1460("older", 5),
  issue1460("newer", 1),
];

/** What every further checkout is like. */
export const FILLER_CHECKOUT = {
  origin: "fake-origin",
  tree: "fake-origin-tree",
  url: `${KORG}/torvalds/linux.git`,
  branch: "fake-branch",
  start: "30 days ago",
  commitHash: "commit_checkout",
} as const satisfies Omit<CheckoutFixture, "id">;

export const FAKE_PATH = "fake-path";
/** Platform of a test whose checkout has none. */
export const NO_PLATFORM = "hardware_test";
export const AMLOGIC_COMPATIBLE = "amlogic,g12b";

const FLUSTER_CONFIG =
  "defconfig+lab-setup+arm64-chromebook+CONFIG_MODULE_COMPRESS=n+CONFIG_MODULE_COMPRESS_NONE=y";

const COMMON = {
  origin: "maestro",
  configName: "defconfig",
  compilers: ["gcc-12"],
  tests: [{ path: FAKE_PATH }],
};

/** A line of the table: id, checkout, architecture, its status and that of its test. */
function build(
  id: string,
  at: number,
  architecture: string,
  status: SeedStatus,
  testStatus: SeedStatus,
): BuildFixture {
  return { ...COMMON, id, checkout: at, architecture, status, testStatus };
}

function amlogicTest(path: string, platform: string): TestFixture {
  return { path, platform, compatible: [platform, AMLOGIC_COMPATIBLE] };
}

/** Section 7.4, in its order, with what section 7.5 says of each build's tests. */
export const BUILD_FIXTURES: readonly BuildFixture[] = [
  build("maestro:67b62592f7707533c0ff7a99", 0, "x86_64", "PASS", "FAIL"),
  build("maestro:67b62592f7707533c0ff7a98", 0, "x86_64", "PASS", "FAIL"),
  build("maestro:67b62592f7707533c0ff7a95", 0, "x86_64", "FAIL", "FAIL"),
  build("maestro:67b62592f7707533c0ff7a94", 0, "x86_64", "FAIL", "FAIL"),
  build("maestro:67b62592f7707533c0ff7a77", 1, "x86_64", "PASS", "SKIP"),
  build("maestro:dummy_67cb759a180183719578307e_x86_64", 2, "x86_64", "FAIL", "PASS"),
  { ...build("maestro:67ce32e418018371957d36b1", 3, "arm64", "FAIL", "PASS"), origin: "broonie" },
  build("redhat:1701576995-x86_64-kernel", 4, "x86_64", "FAIL", "SKIP"),
  build("allwinner_build_valid", 5, "allwinner,sun50i-a64", "PASS", "PASS"),
  build("allwinner_build_valid_2", 6, "allwinner,sun50i-a64", "PASS", "PASS"),
  build("google_juniper_build_valid", 8, "google,juniper", "PASS", "PASS"),
  {
    ...build("amlogic_build_valid", 9, "amlogic,g12b", "PASS", "PASS"),
    tests: [
      amlogicTest("boot.boot_test", "meson-g12b-a311d-khadas-vim3"),
      amlogicTest("test.test_test", "meson-g12b-a311d-libretech-cc"),
    ],
  },
  build("android11-5.4", 10, "android11-5.4", "PASS", "SKIP"),
  build("android12-5.10", 11, "android12-5.10", "PASS", "SKIP"),
  build("android12-5.10-lts", 12, "android12-5.10-lts", "PASS", "SKIP"),
  {
    ...build("fluster_build_valid", 13, "arm64", "PASS", "PASS"),
    configName: FLUSTER_CONFIG,
    tests: [{ path: "fluster.debian.v4l2.gstreamer_av1.validate-fluster-results" }],
  },
  build("arm_juno_build_valid", 14, "arm,juno", "PASS", "PASS"),
  {
    ...build("aaeon_build_valid", 15, "i386", "PASS", "PASS"),
    compilers: ["gcc-11.2.0", "gcc-12.1.0", "clang-14.0.0", "clang-15.0.0"],
  },
  build("asus_build_valid", 16, "asus-CM1400CXA-dalboz", "PASS", "FAIL"),
  build("failed_tests_build", 17, "x86_64", "FAIL", "SKIP"),
];

/** What the builds are like that only exist because an incident needs a test. */
export const FILLER_BUILD = {
  ...COMMON,
  origin: "fake-origin",
  architecture: "x86_64",
  status: "SKIP",
} as const satisfies Omit<BuildFixture, "id" | "checkout" | "testStatus">;

/** The tests that come before all others, and the build that they are of. */
export const FAILED_TESTS = {
  build: "failed_tests_build",
  ids: ["maestro:67b898cdf7707533c0067a02", "maestro:67bd70e6323b35c54a8824a0", "test_issue_test"],
} as const;

/** Section 7.6, in its order. */
export const ISSUE_FIXTURES: readonly IssueFixture[] = [
  { id: "maestro:2ff8fe94f6d53f39321d4a37fe15801cedc93573", incidentOn: { build: 4 } },
  { id: "maestro:87244933628a2612f39e6096115454f1e8bb3e1c", incidentOn: { build: 0 } },
  { id: "maestro:ee1cba21ee3fe47f21061725de689b638a9c431a", incidentOn: { build: 2 } },
  { id: "maestro:cb38e75d16f267781d5b085b9b2dbb390e2885c4", incidentOn: { build: 3 } },
  { id: "maestro:ae160f6f27192c3527b2e88faba35d85d27c285f", incidentOn: { build: 5 } },
  { id: "maestro:e602fca280d85d8e603f7c0aff68363bb0cd7993", incidentOn: { build: 7 } },
  { id: "broonie:bb2eb9603973cb353faa8e780b304d3537220228", incidentOn: { test: FAILED_TESTS.ids[1] } },
  { id: "linaro:30MeoIqiN9rKm6s2lQLaThEnGHF", incidentOn: { test: FAILED_TESTS.ids[2] } },
];
