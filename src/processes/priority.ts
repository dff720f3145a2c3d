/** What gives way to requests, where they share cores: somebody waits for each request. */
import { writeFileSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";

/** By how much, as `nice` counts. */
const NICENESS = 5;

/**
 * Lets a process give way, with all threads and processes that it starts from then on. It has to lead a session of its own: Linux
 * shares cores out among sessions first (`sched_autogroup_enabled`), and the priorities of processes count only within each.
 *
 * @throws the system's error where it does not allow it, or the process is gone
 */
export function giveWay(pid: number = process.pid): void {
  setPriority(pid, Math.min(getPriority(pid) + NICENESS, constants.priority.PRIORITY_LOW));
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(NICENESS));
  } catch {
    // There are no such groups here, or they are changed too often to change this one now.
  }
}
