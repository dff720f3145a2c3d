/** The files of a spool that wait: how many there are, and how long the oldest of them has waited. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { eachFile } from "./spool.ts";

export class Backlog {
  /** Time of the last change by name, in milliseconds: when a file was received, since files are renamed into place. */
  readonly #waiting = new Map<string, number>();

  /**
   * Takes over what a scan of a directory has found. Only files that are new to it are looked at.
   *
   * @param inHand files that are not there because they are being taken in
   */
  async scanned(
    directory: string,
    names: readonly string[],
    inHand: { has: (name: string) => boolean },
  ): Promise<void> {
    const waiting = this.#waiting;
    const found = new Set(names);
    for (const name of waiting.keys()) if (!found.has(name) && !inHand.has(name)) waiting.delete(name);
    await eachFile(names, (name) => {
      if (waiting.has(name)) return;
      const receivedMs = receivedAt(join(directory, name));
      if (receivedMs !== undefined) waiting.set(name, receivedMs);
    });
  }

  /** A file is done, or not to be waited for. */
  finished(name: string): void {
    this.#waiting.delete(name);
  }

  get files(): number {
    return this.#waiting.size;
  }

  /** Seconds since the oldest file was received; 0 when none waits. */
  ageSeconds(now: number): number {
    let oldest = now;
    for (const receivedMs of this.#waiting.values()) oldest = Math.min(oldest, receivedMs);
    return (now - oldest) / 1000;
  }
}

/** Undefined for a file that is gone, or cannot be looked at. */
function receivedAt(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  } catch {
    return undefined;
  }
}
