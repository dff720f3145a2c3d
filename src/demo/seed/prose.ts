/** Texts and durations of the test data: the same for the same row, where the reference implementation rolls dice. */

const SENTENCES = [
  "Nightly run of the branch tip.",
  "The board was power-cycled before the run.",
  "Kernel and modules come from the same output directory.",
  "Reported by the log parser, not looked at by anybody yet.",
  "The previous run on this branch gave the same result.",
  "Run again because the first attempt lost its connection.",
  "Toolchain and root file system are those of the last release.",
  "Requested by the maintainer of the tree.",
];

const LOG_LINES = [
  "Booting Linux on physical CPU 0x0000000000 [0x410fd034]",
  "Kernel command line: console=ttyS0,115200n8 root=/dev/nfs ip=dhcp",
  "Memory: 2011648K/2097152K available",
  "SMP: Total of 4 processors activated.",
  "devtmpfs: initialized",
  "clocksource: Switched to clocksource arch_sys_counter",
  "mmc0: new high speed SDHC card at address aaaa",
  "EXT4-fs (mmcblk0p1): mounted filesystem with ordered data mode",
  "random: crng init done",
  "systemd[1]: Reached target multi-user.target.",
];

/** An item of a list, round and round. */
function cycle(list: readonly string[], n: number): string {
  return list[n % list.length] ?? "";
}

/** One or two sentences, at most 200 characters. */
export function comment(n: number): string {
  return `${cycle(SENTENCES, n)} ${cycle(SENTENCES, n * 3 + 1)}`;
}

/** One sentence without its full stop. */
export function subject(n: number): string {
  return cycle(SENTENCES, n).slice(0, -1);
}

/** A commit message with a subject and a body. */
export function commitMessage(n: number): string {
  return `${subject(n)}\n\n${comment(n + 1)}\n`;
}

/** A few lines of a kernel's log. @param limit characters at most */
export function logExcerpt(n: number, limit: number): string {
  return Array.from({ length: 6 }, (_, line) => {
    const seconds = (line * 0.731 + n * 0.017).toFixed(6).padStart(12);
    return `[${seconds}] ${cycle(LOG_LINES, n + line)}\n`;
  })
    .join("")
    .slice(0, limit);
}

/** Seconds between two bounds, spread evenly over the rows. */
export function duration(n: number, minimum: number, maximum: number): number {
  const steps = (maximum - minimum) * 10;
  return minimum + ((n * 7919) % (steps + 1)) / 10;
}
