/** What is run on the hardware of the demonstration data: suites and their cases, with what usually comes of them. */

export type SuiteName =
  | "baseline"
  | "seccomp"
  | "rtc"
  | "dt"
  | "cpufreq"
  | "timers"
  | "futex"
  | "net"
  | "mm"
  | "alsa"
  | "ltpSyscalls"
  | "ltpMm"
  | "ltpSmoke"
  | "kunit"
  | "fluster"
  | "realtime"
  | "v4l2"
  | "kms"
  | "sleep"
  | "lisa"
  | "cki";

/** A case that measures: its values lie around `usual`, and some do not pass a limit but only report. */
export interface MeasuredCase {
  usual: number;
  unit: string;
  prefix?: "metric" | "binary";
  /** No verdict, only the number. */
  reportsOnly: boolean;
}

export interface Suite {
  /** As the job that runs it is called. */
  job: string;
  /** Paths of its cases. */
  paths: readonly string[];
  /** Minutes that a run takes. */
  minutes: number;
  /** The file root and the way a failure looks in its log. */
  failure: "tap" | "ltp" | "kunit" | "plain";
  measured?: Readonly<Record<string, MeasuredCase>>;
}

function paths(prefix: string, cases: string): string[] {
  return cases.split(" ").map((name) => `${prefix}.${name}`);
}

function kselftest(name: string, minutes: number, cases: string): Suite {
  return {
    job: `kselftest-${name}`,
    paths: paths(`kselftest.${name}`, cases),
    minutes,
    failure: "tap",
  };
}

function ltp(name: string, minutes: number, cases: string): Suite {
  return { job: `ltp-${name}`, paths: paths(`ltp.${name}`, cases), minutes, failure: "ltp" };
}

export const SUITES: Readonly<Record<SuiteName, Suite>> = {
  baseline: {
    job: "baseline",
    paths: paths("baseline", "login dmesg.crit"),
    minutes: 3,
    failure: "plain",
  },
  seccomp: kselftest("seccomp", 4, "seccomp_bpf seccomp_benchmark"),
  rtc: kselftest(
    "rtc",
    5,
    "rtctest_date_read rtctest_uie_read rtctest_alarm_alm_set rtctest_alarm_wkalm_set",
  ),
  dt: kselftest("dt", 3, "test_unprobed_devices_sh"),
  cpufreq: kselftest("cpufreq", 9, "main_sh_basic main_sh_hotplug main_sh_suspend_rtc"),
  timers: kselftest("timers", 11, "posix_timers nsleep-lat rtcpie clocksource-switch set-timer-lat"),
  futex: kselftest("futex", 4, "futex_requeue_pi futex_wait_timeout futex_wait_wouldblock futex_waitv"),
  net: kselftest(
    "net",
    24,
    "rtnetlink_sh fib_tests_sh udpgso_sh tls gro_sh so_txtime_sh reuseport_bpf_numa pmtu_sh ip_defrag_sh",
  ),
  mm: kselftest("mm", 17, "hugepage-mmap map_fixed_noreplace mremap_test uffd-unit-tests ksm_tests cow"),
  alsa: kselftest("alsa", 6, "mixer-test pcm-test_default utimer-test"),
  ltpSyscalls: ltp(
    "syscalls",
    35,
    "accept01 bind02 clone03 epoll_wait01 fcntl14 fork07 futex_wait05 getrandom02 inotify06 io_uring01 mmap12 sendmsg01 splice03 statx01",
  ),
  ltpMm: ltp("mm", 21, "ksm01 mallocstress mtest01 oom01 thp02 vma01"),
  ltpSmoke: ltp("smoketest", 6, "access01 brk01 chdir01 df01 fork01 route4-change-dst time01"),
  kunit: {
    job: "kunit",
    paths: [
      ...paths("kunit.time_test_cases", "time64_to_tm_test_date_range"),
      ...paths("kunit.list-kunit-test", "list_test_list_init list_test_list_add list_test_list_splice"),
      ...paths("kunit.hashtable", "hashtable_test_hash_add hashtable_test_hash_del"),
      ...paths("kunit.drm_format_helper_test", "drm_test_fb_xrgb8888_to_rgb565 drm_test_fb_memcpy"),
      ...paths("kunit.overflow", "DEFINE_FLEX_test overflow_allocation_test"),
      ...paths("kunit.ext4_inode_test", "inode_test_xtimestamp_decoding"),
      ...paths("kunit.rust_doctests_kernel", "rust_doctest_kernel_sync_arc_rs_0"),
    ],
    minutes: 4,
    failure: "kunit",
  },
  fluster: {
    job: "fluster",
    paths: [
      "fluster.debian.v4l2.gstreamer_h264.validate-fluster-results",
      "fluster.debian.v4l2.gstreamer_h265.validate-fluster-results",
      "fluster.debian.v4l2.gstreamer_vp8.validate-fluster-results",
      "fluster.debian.v4l2.gstreamer_vp9.validate-fluster-results",
      "fluster.debian.v4l2.gstreamer_av1.validate-fluster-results",
    ],
    minutes: 14,
    failure: "plain",
  },
  realtime: {
    job: "rt-tests-cyclictest",
    paths: paths("rt-tests.cyclictest", "t0-max-latency t1-max-latency t2-max-latency t3-max-latency"),
    minutes: 12,
    failure: "plain",
    measured: Object.fromEntries(
      paths("rt-tests.cyclictest", "t0-max-latency t1-max-latency t2-max-latency t3-max-latency").map(
        (path) => [path, { usual: 74, unit: "us", reportsOnly: false }],
      ),
    ),
  },
  v4l2: {
    job: "v4l2-decoder-conformance",
    paths: paths("v4l2-compliance.uvc", "VIDIOC_QUERYCAP VIDIOC_G_FMT VIDIOC_REQBUFS VIDIOC_EXPBUF"),
    minutes: 5,
    failure: "plain",
  },
  kms: {
    job: "igt-kms",
    paths: paths("igt.kms", "addfb_basic atomic_transition cursor_crc flip_basic vblank_accuracy-idle"),
    minutes: 13,
    failure: "plain",
  },
  sleep: { job: "sleep", paths: paths("sleep", "rtcwake-mem-1 rtcwake-mem-2"), minutes: 4, failure: "plain" },
  lisa: {
    job: "lisa",
    paths: [
      ...paths("microsoft_lisa.Core", "verify_boot_error_fail_warnings verify_bus_keyword verify_timesync"),
      ...paths("microsoft_lisa.Provisioning", "smoke_test reboot_in_platform"),
      ...paths("microsoft_lisa.NetworkPerformance", "perf_tcp_ntttcp_sriov perf_tcp_latency_synthetic"),
      ...paths("microsoft_lisa.StoragePerformance", "perf_nvme_4k perf_page_cache"),
    ],
    minutes: 40,
    failure: "plain",
    measured: {
      "microsoft_lisa.NetworkPerformance.perf_tcp_ntttcp_sriov": {
        usual: 23_800_000_000,
        unit: "bit/s",
        prefix: "metric",
        reportsOnly: true,
      },
      "microsoft_lisa.NetworkPerformance.perf_tcp_latency_synthetic": {
        usual: 41.6,
        unit: "us",
        reportsOnly: true,
      },
      "microsoft_lisa.StoragePerformance.perf_page_cache": {
        usual: 7_730_941_132,
        unit: "B/s",
        prefix: "binary",
        reportsOnly: true,
      },
    },
  },
  cki: {
    job: "cki",
    paths: [
      "kvm.unit_tests",
      "ltp.lite",
      "networking.bridge.sanity",
      "networking.route.pmtu",
      "selinux.custom_module_setup",
      "storage.blktests.nvme",
      "xfstests.ext4",
      "xfstests.xfs",
      "kselftests.bpf",
      "stress.stress-ng",
    ],
    minutes: 75,
    failure: "plain",
  },
};

/** Cases that now and then fail without anybody's fault, and how often. */
export const FLAKY_PATHS: Readonly<Record<string, number>> = {
  "kselftest.timers.nsleep-lat": 0.22,
  "kselftest.net.so_txtime_sh": 0.3,
  "kselftest.mm.ksm_tests": 0.12,
  "kselftest.alsa.pcm-test_default": 0.1,
  "ltp.syscalls.futex_wait05": 0.18,
  "ltp.mm.oom01": 0.1,
  "igt.kms.vblank_accuracy-idle": 0.25,
  "microsoft_lisa.Core.verify_timesync": 0.12,
  "networking.route.pmtu": 0.15,
};
