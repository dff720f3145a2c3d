/**
 * What is broken in the demonstration data: defects that come with a commit, and go with another or stay, each with
 * the issue that it is tracked as.
 */
import type { Defect } from "./defects.ts";
import type { Platform } from "./platforms.ts";

function isBoot(path: string): boolean {
  return path === "boot" || path.startsWith("boot.");
}

function startsWith(prefix: string): (path: string) => boolean {
  return (path) => path.startsWith(prefix);
}

function on(...keys: string[]): (platform: Platform) => boolean {
  return ({ key }) => keys.includes(key);
}

const MAESTRO_BOOT = { parser: "generic_linux_boot", errorType: "linux.kernel.null_pointer_dereference" };

export const DEFECTS: readonly Defect[] = [
  {
    key: "rockchip-pcie",
    origin: "maestro",
    culprit: "code",
    categories: ["boot", "regression"],
    logspec: MAESTRO_BOOT,
    versions: [
      { version: 1, daysAgo: 11.5, comment: "NULL pointer dereference in rockchip_pcie_probe" },
      {
        version: 2,
        daysAgo: 3.5,
        comment: "NULL pointer dereference in rockchip_pcie_probe since the reset lines became optional",
        reportUrl: "https://lore.kernel.org/all/rockchip-pcie-probe@example.org/",
        reportSubject: "[REGRESSION] rockchip: boards with PCIe do not boot any more",
      },
    ],
    windows: [
      { streams: ["next", "lkftNext"], fromDaysAgo: 12, toDaysAgo: 0 },
      { streams: ["mainline"], fromDaysAgo: 5.2, toDaysAgo: 0 },
    ],
    breaks: { platform: on("rk3399-gru-kevin", "rk3399-rock-pi-4b"), path: isBoot },
    status: "FAIL",
    rate: 1,
    reported: 0.9,
    log:
      "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010\n" +
      "CPU: 4 UID: 0 PID: 1 Comm: swapper/0 Not tainted\n" +
      "pc : reset_control_bulk_deassert+0x2c/0x98\n" +
      "lr : rockchip_pcie_probe+0x1d4/0x4a0\n" +
      "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
  },
  {
    key: "mediatek-rtc",
    origin: "maestro",
    culprit: "code",
    categories: ["test"],
    versions: [
      {
        version: 1,
        daysAgo: 13.5,
        comment: "rtc: mt6397: alarms are never delivered after a read of the date",
        reportUrl: "https://lore.kernel.org/all/mt6397-alarm@example.org/",
      },
    ],
    windows: [
      { streams: ["mainline", "chrome"], fromDaysAgo: 14, toDaysAgo: 6.3 },
      { streams: ["next"], fromDaysAgo: 16, toDaysAgo: 8.4 },
    ],
    breaks: {
      platform: on("mt8183-kukui-jacuzzi-juniper-sku16"),
      path: startsWith("kselftest.rtc.rtctest_alarm"),
    },
    status: "FAIL",
    rate: 1,
    reported: 0.8,
    log: "# rtctest.c:192:alarm_alm_set:Expected 0 (0) != rc (0)\n# alarm_alm_set: Test terminated by assertion",
  },
  {
    key: "gpio-header",
    origin: "maestro",
    culprit: "code",
    categories: ["build"],
    logspec: { parser: "kbuild", errorType: "kbuild.compiler.error" },
    versions: [
      {
        version: 1,
        daysAgo: 3.3,
        comment: "call to undeclared function 'devm_gpiod_get_optional' in drivers/video/backlight/pwm_bl.c",
      },
    ],
    windows: [{ streams: ["next", "pendingFixes"], fromDaysAgo: 3.6, toDaysAgo: 0 }],
    breaks: { variants: ["arm", "armClang"] },
    status: "FAIL",
    rate: 1,
    reported: 1,
    log:
      "drivers/video/backlight/pwm_bl.c:512:21: error: call to undeclared function 'devm_gpiod_get_optional'\n" +
      "1 error generated.\n" +
      "make[6]: *** [scripts/Makefile.build:287: drivers/video/backlight/pwm_bl.o] Error 1",
  },
  {
    key: "clang-crash",
    origin: "maestro",
    culprit: "tool",
    categories: ["build"],
    logspec: { parser: "kbuild", errorType: "kbuild.compiler.crash" },
    versions: [
      {
        version: 1,
        daysAgo: 17,
        comment: "clang crashes with 'fatal error: error in backend' on lib/raid6/neon8.c",
        reportUrl: "https://github.com/llvm/llvm-project/issues/900000",
      },
    ],
    windows: [{ streams: ["next", "netNext", "arm64", "lkftNext"], fromDaysAgo: 17.5, toDaysAgo: 7.8 }],
    breaks: { variants: ["arm64Clang"] },
    status: "FAIL",
    rate: 0.65,
    reported: 0.9,
    log:
      "fatal error: error in backend: Cannot select: intrinsic %llvm.aarch64.neon.pmull\n" +
      "clang: error: clang frontend command failed with exit code 70\n" +
      "make[4]: *** [scripts/Makefile.build:287: lib/raid6/neon8.o] Error 70",
  },
  {
    key: "riscv-nommu",
    origin: "maestro",
    culprit: "code",
    categories: ["build"],
    logspec: { parser: "kbuild", errorType: "kbuild.linker.error" },
    versions: [{ version: 1, daysAgo: 20, comment: "undefined reference to 'arch_sync_kernel_mappings'" }],
    windows: [{ streams: ["next"], fromDaysAgo: 22, toDaysAgo: 8.1 }],
    breaks: { variants: ["riscvNommu"] },
    status: "FAIL",
    rate: 1,
    reported: 1,
    log:
      "ld: mm/nommu.o: in function `vmap': nommu.c:(.text+0x44): undefined reference to `arch_sync_kernel_mappings'\n" +
      "make[2]: *** [scripts/Makefile.vmlinux:72: vmlinux.unstripped] Error 1",
  },
  {
    key: "stable-seccomp",
    origin: "maestro",
    culprit: "code",
    categories: ["test", "regression"],
    versions: [
      { version: 1, daysAgo: 2.2, comment: "seccomp: user notification is lost when the tracer exits" },
    ],
    windows: [{ streams: ["stableRc612"], fromDaysAgo: 2.8, toDaysAgo: 0 }],
    breaks: {
      platform: ({ suites }) => suites.includes("seccomp"),
      path: startsWith("kselftest.seccomp.seccomp_bpf"),
    },
    status: "FAIL",
    rate: 1,
    reported: 0.75,
    log: "# user_notification_kill_in_middle: Test failed\n# FAILED: 97 / 98 tests passed.",
  },
  {
    key: "lab-login",
    origin: "maestro",
    culprit: "harness",
    versions: [{ version: 1, daysAgo: 21, comment: "auto-login-action timed out after 300 seconds" }],
    windows: [
      {
        streams: ["mainline", "next", "stableRc612", "stableRc66", "pendingFixes", "arm64", "sound"],
        fromDaysAgo: 30,
        toDaysAgo: 0,
      },
    ],
    breaks: { platform: ({ lab }) => lab === "lava-baylibre" || lab === "lava-broonie", path: isBoot },
    status: "ERROR",
    rate: 0.05,
    reported: 0.7,
    retracted: 0.15,
    log: "auto-login-action timed out after 300 seconds\nend: 2.4.5 auto-login-action (duration 00:05:00)",
    errorMessage: "auto-login-action timed out after 300 seconds",
  },
  {
    key: "net-gro",
    origin: "maestro",
    culprit: "code",
    categories: ["test", "regression"],
    versions: [
      {
        version: 1,
        daysAgo: 1.9,
        comment: "WARNING in skb_segment_list: gro.sh fails with fraglists",
        reportUrl: "https://lore.kernel.org/netdev/gro-fraglist@example.org/",
        reportSubject: "[net-next] gro: fraglist packets lose their checksum",
      },
    ],
    windows: [{ streams: ["netNext"], fromDaysAgo: 2.3, toDaysAgo: 0 }],
    breaks: {
      platform: () => true,
      path: (path) => path === "kselftest.net.gro_sh" || path === "kselftest.net.udpgso_sh",
    },
    status: "FAIL",
    rate: 1,
    reported: 1,
    log: "------------[ cut here ]------------\nWARNING: CPU: 1 PID: 812 at net/core/skbuff.c:4712 skb_segment_list+0x2a4/0x3c0",
  },
  {
    key: "drm-format",
    origin: "maestro",
    culprit: "code",
    versions: [{ version: 1, daysAgo: 21, comment: "drm_format_helper: rounding differs in the last bit" }],
    windows: [{ streams: ["mainline", "next", "arm64"], fromDaysAgo: 60, toDaysAgo: 0 }],
    breaks: { platform: ({ kind }) => kind === "unit", path: (path) => path.endsWith("xrgb8888_to_rgb565") },
    status: "FAIL",
    rate: 1,
    reported: 0.4,
    log: "# drm_test_fb_xrgb8888_to_rgb565: EXPECTATION FAILED at drivers/gpu/drm/tests/drm_format_helper_test.c:641",
  },
  {
    key: "fluster-av1",
    origin: "maestro",
    culprit: "code",
    categories: ["test"],
    versions: [
      { version: 1, daysAgo: 5.5, comment: "mediatek: vcodec: AV1 frames with film grain decode to green" },
    ],
    windows: [{ streams: ["media", "next"], fromDaysAgo: 6.4, toDaysAgo: 0 }],
    breaks: {
      platform: on("mt8195-cherry-tomato-r2", "mt8395-genio-1200-evk"),
      path: (path) => path.includes("gstreamer_av1"),
    },
    status: "FAIL",
    rate: 1,
    reported: 0.6,
    log: "Ran 217/239 tests successfully in 511.884 secs; expected at least 234",
  },
  {
    key: "ltp-splice",
    origin: "linaro",
    culprit: "code",
    versions: [
      {
        version: 0,
        daysAgo: 9,
        comment: "ltp splice03: splice from a directory returns EINVAL instead of EISDIR",
      },
    ],
    windows: [{ streams: ["lkftNext"], fromDaysAgo: 9.6, toDaysAgo: 0 }],
    breaks: { platform: () => true, path: (path) => path === "ltp.syscalls.splice03" },
    status: "FAIL",
    rate: 1,
    reported: 0.7,
    log: "splice03.c:71: TFAIL: splice() failed unexpectedly: EINVAL (22)",
  },
  {
    key: "xfs-quota",
    origin: "redhat",
    culprit: "code",
    ticketUrl: "https://issues.example.org/browse/KERNEL-4711",
    versions: [
      { version: 1_790_000_000, daysAgo: 8, comment: "xfstests xfs/299 hangs in quota recovery" },
      {
        version: 1_790_400_000,
        daysAgo: 4,
        comment: "xfstests xfs/299 hangs in quota recovery, also on ppc64le",
      },
    ],
    windows: [{ streams: ["ckiMainline", "ckiArk"], fromDaysAgo: 8.6, toDaysAgo: 0 }],
    breaks: { platform: () => true, path: (path) => path === "xfstests.xfs" },
    status: "FAIL",
    rate: 0.8,
    reported: 0.9,
    log: "xfs/299 _check_dmesg: something found in dmesg\nINFO: task mount:81244 blocked for more than 122 seconds.",
  },
];

/** An issue that nothing was tied to yet. */
export const UNSEEN_ISSUE = {
  key: "unseen",
  origin: "maestro",
  daysAgo: 6,
  comment: "usb: dwc3: the controller stops after the third suspend (seen by hand)",
} as const;
