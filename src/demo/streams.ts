/** The checkout streams of the demonstration data: who builds which branch of which tree, and how often. */
import type { Platform } from "./platforms.ts";
import type { VariantName } from "./variants.ts";
import type { StableBranch } from "./versions.ts";

export type StreamName =
  | "mainline"
  | "next"
  | "pendingFixes"
  | "stableRc612"
  | "stableRc66"
  | "netNext"
  | "arm64"
  | "media"
  | "chrome"
  | "android"
  | "sound"
  | "ckiMainline"
  | "ckiArk"
  | "lkftNext"
  | "lkftStable"
  | "azure";

export interface Stream {
  name: StreamName;
  origin: string;
  /** Undefined where the origin names no tree. */
  treeName: string | undefined;
  url: string;
  branch: string;
  /**
   * How its commits are called: the tags of mainline are put on its own commits, and those of other branches are
   * called after them; a stable branch has its releases, or what is about to become one.
   */
  naming:
    "mainline" | "onMainline" | "next" | { stable: StableBranch; released: boolean } | { prefix: string };
  /** When it is checked out: on a beat of its own, or some hours after every nth commit of another stream. */
  schedule:
    | { everyHours: number; newestMinutesAgo: number; weekdaysOnly?: boolean }
    | { follows: StreamName; every: number; hoursLater: number };
  variants: readonly VariantName[];
  runsOn: (platform: Platform) => boolean;
  /** The suites run on every nth commit; the others are only booted. */
  suitesEvery: number;
  /** Boots kernels that somebody else built, below a dummy build. */
  bootsForeignKernels?: boolean;
}

const KORG = "https://git.kernel.org/pub/scm/linux/kernel/git";
const STABLE_RC = `${KORG}/stable/linux-stable-rc.git`;
const V6_12: StableBranch = { version: "6.12", releasedAt: Date.UTC(2024, 10, 17) };
const V6_6: StableBranch = { version: "6.6", releasedAt: Date.UTC(2023, 9, 29) };

/** The labs that work for KernelCI's own pipeline. */
function inMaestroLabs(platform: Platform): boolean {
  return platform.lab.startsWith("lava-") || platform.kind === "unit";
}

function oneOf(...keys: string[]): (platform: Platform) => boolean {
  return (platform) => keys.includes(platform.key);
}

export const STREAMS: readonly Stream[] = [
  {
    name: "mainline",
    origin: "maestro",
    treeName: "mainline",
    url: `${KORG}/torvalds/linux.git`,
    branch: "master",
    naming: "mainline",
    schedule: { everyHours: 10.5, newestMinutesAgo: 33 },
    variants: ["arm64", "arm64Chromebook", "x86", "x86Clang", "x86Kunit", "x86Rust", "arm", "riscv", "i386"],
    runsOn: (platform) =>
      (inMaestroLabs(platform) && platform.architecture !== "arm") ||
      platform.testOrigin !== undefined ||
      platform.key === "beaglebone-black",
    suitesEvery: 6,
  },
  {
    name: "next",
    origin: "maestro",
    treeName: "next",
    url: `${KORG}/next/linux-next.git`,
    branch: "master",
    naming: "next",
    schedule: { everyHours: 24, newestMinutesAgo: 190, weekdaysOnly: true },
    variants: [
      "arm64",
      "arm64Chromebook",
      "arm64Clang",
      "arm64All",
      "arm64Kunit",
      "x86",
      "x86Chromebook",
      "x86Clang",
      "x86Kunit",
      "arm",
      "armClang",
      "riscv",
      "riscvNommu",
      "i386None",
      "s390",
      "mips",
    ],
    runsOn: inMaestroLabs,
    suitesEvery: 2,
  },
  {
    name: "pendingFixes",
    origin: "maestro",
    treeName: "next",
    url: `${KORG}/next/linux-next.git`,
    branch: "pending-fixes",
    naming: "onMainline",
    schedule: { everyHours: 48, newestMinutesAgo: 1330, weekdaysOnly: true },
    variants: ["arm64", "x86", "arm", "armClang"],
    runsOn: (platform) => platform.lab === "lava-broonie" || platform.kind === "machine",
    suitesEvery: 1,
  },
  {
    name: "stableRc612",
    origin: "maestro",
    treeName: "stable-rc",
    url: STABLE_RC,
    branch: "linux-6.12.y",
    naming: { stable: V6_12, released: false },
    schedule: { everyHours: 53, newestMinutesAgo: 640 },
    variants: ["arm64", "arm64Chromebook", "x86", "x86Chromebook", "arm", "armImx", "riscv", "i386", "mips"],
    runsOn: (platform) => inMaestroLabs(platform) && platform.kind !== "unit",
    suitesEvery: 2,
  },
  {
    name: "stableRc66",
    origin: "maestro",
    treeName: "stable-rc",
    url: STABLE_RC,
    branch: "linux-6.6.y",
    naming: { stable: V6_6, released: false },
    schedule: { everyHours: 164, newestMinutesAgo: 3200 },
    variants: ["arm64", "x86", "arm", "riscv"],
    runsOn: (platform) => inMaestroLabs(platform) && platform.kind === "board",
    suitesEvery: 1,
  },
  {
    name: "netNext",
    origin: "maestro",
    treeName: "net-next",
    url: `${KORG}/netdev/net-next.git`,
    branch: "main",
    naming: "onMainline",
    schedule: { everyHours: 25, newestMinutesAgo: 415 },
    variants: ["arm64", "arm64Clang", "x86", "x86Clang", "i386None"],
    runsOn: oneOf("aaeon-UPN-EHLX4RE-A10-0864", "qemu-x86_64", "qemu-arm64", "rk3588-rock-5b"),
    suitesEvery: 2,
  },
  {
    name: "arm64",
    origin: "maestro",
    treeName: "arm64",
    url: `${KORG}/arm64/linux.git`,
    branch: "for-next/core",
    naming: "onMainline",
    schedule: { everyHours: 61, newestMinutesAgo: 1740 },
    variants: ["arm64", "arm64Clang", "arm64Kunit"],
    runsOn: (platform) => platform.architecture === "arm64" && inMaestroLabs(platform),
    suitesEvery: 2,
  },
  {
    name: "media",
    origin: "maestro",
    treeName: "media",
    url: "https://gitlab.freedesktop.org/linux-media/media-committers.git",
    branch: "next",
    naming: "onMainline",
    schedule: { everyHours: 72, newestMinutesAgo: 905 },
    variants: ["arm64", "arm64Chromebook", "x86"],
    runsOn: (platform) => platform.suites.includes("fluster") || platform.suites.includes("v4l2"),
    suitesEvery: 1,
  },
  {
    name: "chrome",
    origin: "maestro",
    treeName: "chrome-platform",
    url: `${KORG}/chrome-platform/linux.git`,
    branch: "for-kernelci",
    naming: "onMainline",
    schedule: { everyHours: 79, newestMinutesAgo: 2300 },
    variants: ["arm64Chromebook", "x86Chromebook"],
    runsOn: (platform) => platform.kind === "chromebook",
    suitesEvery: 1,
  },
  {
    name: "android",
    origin: "maestro",
    treeName: "android",
    url: "https://android.googlesource.com/kernel/common",
    branch: "android-mainline",
    naming: { prefix: "ASB-mainline" },
    schedule: { everyHours: 120, newestMinutesAgo: 1120 },
    variants: ["arm64Gki", "x86Gki"],
    runsOn: oneOf("rk3588-rock-5b", "bcm2711-rpi-4-b", "meson-g12b-a311d-khadas-vim3"),
    suitesEvery: 1,
    bootsForeignKernels: true,
  },
  {
    name: "sound",
    origin: "broonie",
    treeName: "broonie-sound",
    url: `${KORG}/broonie/sound.git`,
    branch: "for-next",
    naming: "onMainline",
    schedule: { everyHours: 37, newestMinutesAgo: 290 },
    variants: ["arm64", "arm"],
    runsOn: (platform) => platform.lab === "lava-broonie" && platform.suites.includes("alsa"),
    suitesEvery: 1,
  },
  {
    name: "ckiMainline",
    origin: "redhat",
    treeName: "mainline",
    url: `${KORG}/torvalds/linux.git`,
    branch: "master",
    naming: "onMainline",
    schedule: { follows: "mainline", every: 3, hoursLater: 1.5 },
    variants: ["redHatX86", "redHatArm64", "redHatPower"],
    runsOn: (platform) => platform.kind === "host",
    suitesEvery: 1,
  },
  {
    name: "ckiArk",
    origin: "redhat",
    treeName: "ark",
    url: "https://gitlab.com/cki-project/kernel-ark.git",
    branch: "os-build",
    naming: "onMainline",
    schedule: { everyHours: 74, newestMinutesAgo: 1960 },
    variants: ["redHatX86", "redHatArm64"],
    runsOn: (platform) => platform.kind === "host",
    suitesEvery: 1,
  },
  {
    name: "lkftNext",
    origin: "linaro",
    treeName: undefined,
    url: "https://kernel.googlesource.com/pub/scm/linux/kernel/git/next/linux-next.git",
    branch: "master",
    naming: "next",
    schedule: { follows: "next", every: 1, hoursLater: 1 },
    variants: ["arm64", "arm64Clang", "x86", "arm", "riscv", "i386"],
    runsOn: (platform) => platform.lab === "tuxsuite" || platform.lab === "linaro-lab",
    suitesEvery: 2,
  },
  {
    name: "lkftStable",
    origin: "linaro",
    treeName: "stable-rc",
    url: STABLE_RC,
    branch: "linux-6.12.y",
    naming: { stable: V6_12, released: false },
    schedule: { follows: "stableRc612", every: 1, hoursLater: 2 },
    variants: ["arm64", "x86", "arm", "i386"],
    runsOn: (platform) => platform.lab === "tuxsuite" || platform.lab === "linaro-lab",
    suitesEvery: 2,
  },
  {
    name: "azure",
    origin: "microsoft",
    treeName: "stable",
    url: `${KORG}/stable/linux.git`,
    branch: "linux-6.12.y",
    naming: { stable: V6_12, released: true },
    schedule: { everyHours: 98, newestMinutesAgo: 2600 },
    variants: ["azure"],
    runsOn: (platform) => platform.kind === "cloud",
    suitesEvery: 1,
  },
];
