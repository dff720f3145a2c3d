/** A job's process ends when the scheduler that started it is gone: its job may be run by another one by then. */

/** Tells a job's process from others; also its name in the list of processes. */
export const JOB_MARK = "--title=kernelboard-job";

/** From being asked to end, as by an operator, to ending at once. */
const GRACE_MS = 3000;
const ENDED_BY_TERM = 143;

/** To be called at the start of the program. Does nothing where no scheduler started it. */
export function endWithScheduler(): void {
  if (!process.execArgv.includes(JOB_MARK)) return;
  const onGone = (): void => {
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.exit(ENDED_BY_TERM), GRACE_MS).unref();
  };
  if (!process.connected) {
    onGone();
    return;
  }
  process.once("disconnect", onGone);
  // Listening alone must not keep the process.
  process.channel?.unref();
}
