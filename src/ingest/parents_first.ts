/**
 * The order in which files are taken where none is promised: those first that others wait for. A test whose build and checkout
 * are stored is counted as it comes; one that comes before them is put into a queue, found again and taken out.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { eachFile } from "./spool.ts";

/** Where senders have their checkouts and builds, if any, when they have them before their tests as all known ones do. */
const HEAD_BYTES = 8 * 1024;

const CHECKOUTS = /"checkouts"\s*:\s*\[\s*\{/;
const BUILDS = /"builds"\s*:\s*\[\s*\{/;

/**
 * Files with checkouts, then files with builds, then all others, each in the order given. It looks at the beginnings of files, so
 * it may take one for another: that costs time and nothing else.
 */
export async function parentsFirst(directory: string, names: readonly string[]): Promise<string[]> {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  const ranks: [string[], string[], string[]] = [[], [], []];
  await eachFile(names, (name) => {
    const text = head.toString("latin1", 0, readHead(join(directory, name), head));
    ranks[CHECKOUTS.test(text) ? 0 : BUILDS.test(text) ? 1 : 2].push(name);
  });
  return ranks.flat();
}

/** @returns how much of the buffer it filled: nothing of a file that is gone or cannot be read, which is found out when it is taken */
function readHead(path: string, head: Buffer): number {
  try {
    const file = openSync(path, "r");
    try {
      return readSync(file, head);
    } finally {
      closeSync(file);
    }
  } catch {
    return 0;
  }
}
