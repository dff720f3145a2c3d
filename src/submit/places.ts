/** Where a submission's file can lie in the spool, by its id (chapter 02, sections 4 and 14). */
import { readdirSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../database/errors.ts";

/** In the order in which a file moves, so that one that moves while it is looked for is found further on. */
export type FilePlace = "incoming" | "inbox" | "claimed" | "pending_retry" | "archive" | "failed";

export interface FoundFile {
  place: FilePlace;
  path: string;
}

/** Of a report; one that names 10,000 refusals has less. */
const MAX_REPORT_BYTES = 16 * 1024 * 1024;

/** The name under which a submission with this id is put into the spool. */
export function fileNameOf(id: string): string {
  return `submission-${id}.json`;
}

/** The names that a submission with this id may have: files of other producers have their name as id. */
function possibleNames(id: string): string[] {
  return [fileNameOf(id), `${id}.json`].filter((name) => !name.endsWith(".error.json"));
}

/**
 * Where in a spool directory the file of a submission lies. It waits for the file system, so whoever has requests to answer
 * asks the thread for it.
 *
 * @throws the system's error when the spool cannot be read
 */
export function findFile(spoolDir: string, id: string): FoundFile | undefined {
  const names = possibleNames(id);
  return within("incoming", spoolDir, names, ".temp") ?? findComplete(spoolDir, names);
}

/** Where the file of a submission that was complete lies, by the names that it may have. */
export function findComplete(spoolDir: string, names: readonly string[]): FoundFile | undefined {
  const inClaimed = (): FoundFile | undefined => {
    for (const folder of claimedFolders(spoolDir)) {
      const found = within("claimed", folder, names);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return (
    within("inbox", spoolDir, names) ??
    inClaimed() ??
    within("pending_retry", join(spoolDir, "pending_retry"), names) ??
    within("archive", join(spoolDir, "archive"), names) ??
    within("failed", join(spoolDir, "failed"), names)
  );
}

function within(
  place: FilePlace,
  folder: string,
  names: readonly string[],
  suffix = "",
): FoundFile | undefined {
  for (const name of names) {
    const path = join(folder, name + suffix);
    // Mostly it is not there, and an error takes ten times as long as to look.
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return { place, path };
  }
  return undefined;
}

/** One for each process that ingests; none before the first of them started. */
function claimedFolders(spoolDir: string): string[] {
  const claimed = join(spoolDir, "claimed");
  try {
    const owners = readdirSync(claimed, { withFileTypes: true });
    return owners.filter((entry) => entry.isDirectory()).map((entry) => join(claimed, entry.name));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** The text of the report beside a file in `failed/`; undefined when it has none. */
export async function readReport(path: string): Promise<string | undefined> {
  const report = `${path}.error.json`;
  try {
    const { size } = await stat(report);
    return size > MAX_REPORT_BYTES ? undefined : await readFile(report, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
