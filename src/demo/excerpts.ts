/** Pieces of logs, as origins attach them to what failed. */
import type { Dice } from "./dice.ts";
import type { Suite } from "./suites.ts";

const BOOT_LINES = [
  "Booting Linux on physical CPU 0x0",
  "Machine model: {platform}",
  "psci: probing for conduit method from DT.",
  "rcu: Hierarchical RCU implementation.",
  "clocksource: Switched to clocksource arch_sys_counter",
  "NET: Registered PF_INET protocol family",
  "workingset: timestamp_bits=46 max_order=20 bucket_order=0",
  "Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled",
  "mmc0: SDHCI controller on {platform} using ADMA",
];

/** The last lines of a boot, then what was found in it. */
export function bootExcerpt(dice: Dice, platform: string, finding: string, name: string): string {
  let time = dice.between(0.2, 0.9, `boot time ${name}`);
  const stamp = (text: string): string => {
    time += 0.11 + (text.length % 7) / 10;
    return `[${time.toFixed(6).padStart(12)}] ${text}`;
  };
  const before = BOOT_LINES.map((line) => stamp(line.replace("{platform}", platform)));
  return [...before, ...finding.split("\n").map(stamp)].join("\n") + "\n";
}

/** What a case's failure looks like where no finding explains it. */
export function caseExcerpt(suite: Suite, path: string, finding: string | undefined): string {
  const name = path.slice(path.lastIndexOf(".") + 1);
  switch (suite.failure) {
    case "tap":
      return `# selftests: ${suite.job.replace("kselftest-", "")}: ${name}\n${finding ?? "# Totals: pass:3 fail:1 xfail:0 xpass:0 skip:0 error:0"}\nnot ok 1 selftests: ${name} # exit=1\n`;
    case "ltp":
      return `tst_test.c:1890: TINFO: Overall timeout per run is 0h 05m 24s\n${finding ?? `${name}.c:88: TFAIL: unexpected return value -1: EAGAIN (11)`}\n\nSummary:\npassed   2\nfailed   1\nbroken   0\nskipped  0\n`;
    case "kunit":
      return `    # ${name}: pass:0 fail:1 skip:0 total:1\n    ${finding ?? `# ${name}: ASSERTION FAILED`}\n    not ok 1 ${name}\n`;
    case "plain":
      return `${finding ?? `${name}: result: fail`}\n<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=${name} RESULT=fail>\n`;
  }
}

/** The end of a build's log. */
export function buildExcerpt(finding: string): string {
  return `  CC      kernel/sched/core.o\n  AR      kernel/built-in.a\n${finding}\nmake: *** [Makefile:248: __sub-make] Error 2\n`;
}
