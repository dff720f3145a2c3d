/** Writes the demonstration data where an ingestion looks for submissions. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { demoSubmissions, type DemoOptions } from "./generate.ts";

/** Files that are written side by side. */
const SIDE_BY_SIDE = 32;

/**
 * Writes the demonstration data into a spool directory, which is made if it is not there. A file has its final name
 * when it is complete, so an ingestion may already run.
 *
 * @returns how many files there are
 */
export async function writeDemoSpool(directory: string, options: DemoOptions): Promise<number> {
  await mkdir(directory, { recursive: true });
  const submissions = demoSubmissions(options);
  let written = 0;
  const write = async (): Promise<void> => {
    for (let next = submissions.next(); next.done !== true; next = submissions.next()) {
      const { name, submission } = next.value;
      const path = join(directory, name);
      await writeFile(`${path}.temp`, JSON.stringify(submission));
      await rename(`${path}.temp`, path);
      written++;
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, write));
  return written;
}
