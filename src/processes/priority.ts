/** What gives way to requests, where they share cores: somebody waits for each request. */
import { writeFileSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";

/** By how much, as `nice` counts. */
const NICENESS = 5;
/** Without privileges one session of the whole system is changed in a tenth of a second; the others are to try again. */
const TRY_AGAIN_MS = 200;
const MOST_TRIES = 20;

/**
 * Lets a process give way, with all threads and processes that it starts from then on. It has to lead a session of its own: Linux
 * shares cores out among sessions first (`sched_autogroup_enabled`), and the priorities of processes count only within each.
 *
 * @throws the system's error where it does not allow it, or the process is gone
 */
export function giveWay(pid: number = process.pid): void {
  setPriority(pid, Math.min(getPriority(pid) + NICENESS, constants.priority.PRIORITY_LOW));
  letSessionGiveWay(pid, MOST_TRIES);
}

function letSessionGiveWay(pid: number, tries: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(NICENESS));
  } catch (error) {
    // On any other error there are no such groups here, or the process is gone.
    const isTooSoon = error instanceof Error && "code" in error && error.code === "EAGAIN";
    if (!isTooSoon || tries === 1) return;
    const again = (): void => {
      letSessionGiveWay(pid, tries - 1);
    };
    // Nobody is to try at the same moment as the one before again.
    setTimeout(again, TRY_AGAIN_MS * (0.5 + Math.random())).unref();
  }
}
