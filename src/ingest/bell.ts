/** Wakes those who wait for files. */
import { watch } from "node:fs";
import { errorMessage } from "../database/errors.ts";
import type { Log } from "../log.ts";

export class Bell {
  /** How often it rang: what one remembers before a look, so that no ring after it is missed. */
  heard = 0;
  readonly #waiting = new Set<() => void>();

  /** Wakes everybody who waits. */
  ring(): void {
    this.heard++;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when it rings, at once when it rang since `heard` was read, or after the time. */
  async wait(heard: number, milliseconds: number): Promise<void> {
    if (heard !== this.heard) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#waiting.add(wake);
    });
  }
}

/**
 * Rings when the system tells of a change in a directory. Where it cannot, which is so on some network file systems, files
 * are found by the next scan.
 *
 * @returns ends the watching
 */
export function watchInbox(directory: string, bell: Bell, log: Log): () => void {
  try {
    const watcher = watch(directory, { persistent: false }, (_event, name) => {
      if (name === null || name.endsWith(".json")) bell.ring();
    });
    watcher.on("error", (error) => {
      log.warn(
        { error: errorMessage(error) },
        "the spool directory cannot be watched; it is scanned at intervals",
      );
    });
    return () => {
      watcher.close();
    };
  } catch (error) {
    log.warn(
      { error: errorMessage(error) },
      "the spool directory cannot be watched; it is scanned at intervals",
    );
    return () => undefined;
  }
}
