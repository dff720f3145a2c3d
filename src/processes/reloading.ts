/** Runs the program again whenever one of its files changes, for who works on it (chapter 08, section 3.2). */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { join } from "node:path";

const PROGRAM_FOLDER = join(import.meta.dirname, "..");
/** A build writes many files. */
const SETTLE_MS = 300;

/**
 * Starts this process's command line as a child, and anew after each change, until the child ends by itself or this
 * process is told to end.
 *
 * @param more arguments, which let the child do the work
 * @returns the exit code
 */
export async function runReloading(more: readonly string[], onChange: () => void): Promise<number> {
  let child: ChildProcess | undefined;
  const state = { isStopping: false, changes: 0 };
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(PROGRAM_FOLDER, { recursive: true, persistent: false }, (_event, name) => {
    if (name?.endsWith(".js") !== true) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      state.changes++;
      onChange();
      child?.kill("SIGTERM");
    }, SETTLE_MS);
  });
  const stop = (signal: NodeJS.Signals): void => {
    state.isStopping = true;
    child?.kill(signal);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    for (;;) {
      const { changes } = state;
      child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1), ...more], {
        stdio: "inherit",
      });
      const [code] = (await once(child, "exit")) as [number | null];
      if (state.isStopping || state.changes === changes) return code ?? 1;
    }
  } finally {
    clearTimeout(timer);
    watcher.close();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
