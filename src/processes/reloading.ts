/** Runs the program again whenever one of its files changes, for who works on it (chapter 08, section 3.2). */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { join } from "node:path";

/** Tells the process that serves from the one that watches; the reference's name for it. */
export const RELOADED = "RUN_MAIN";
const PROGRAM_FOLDER = join(import.meta.dirname, "..");
/** A build writes many files. */
const SETTLE_MS = 300;

/**
 * Starts this process's command line again as a child, and anew after each change, until the child ends by itself or this
 * process is told to end.
 *
 * @returns the exit code
 */
export async function runReloading(onChange: () => void): Promise<number> {
  let child: ChildProcess | undefined;
  let isStopping = false;
  let isOutdated = false;
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(PROGRAM_FOLDER, { recursive: true, persistent: false }, (_event, name) => {
    if (name?.endsWith(".js") !== true) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      isOutdated = true;
      onChange();
      child?.kill("SIGTERM");
    }, SETTLE_MS);
  });
  const stop = (signal: NodeJS.Signals): void => {
    isStopping = true;
    child?.kill(signal);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    for (;;) {
      isOutdated = false;
      child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
        stdio: "inherit",
        env: { ...process.env, [RELOADED]: "true" },
      });
      const [code] = (await once(child, "exit")) as [number | null];
      if (isStopping || !isOutdated) return code ?? 1;
    }
  } finally {
    clearTimeout(timer);
    watcher.close();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
