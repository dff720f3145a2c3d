/** The items of `verify_env` about directories (chapter 08, section 4.1). */
import { mkdir } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { errorMessage } from "../../database/errors.ts";
import { directoryState } from "../directory.ts";
import { fail, pass, type Result } from "./result.ts";

const PREFIX = ".verify-env-";

export async function verifyStorage(
  dataDir: string,
  volumeDir: string,
  createDirs: boolean,
): Promise<Result[]> {
  const paths: [item: string, path: string][] = [
    ["BACKEND_DATA_DIR", dataDir],
    ["BACKEND_VOLUME_DIR", volumeDir],
    ["notifs-subscriptions", join(dataDir, "notifications", "subscriptions")],
    ["sqlite:cache_sqlite", join(volumeDir, "cache.sqlite3")],
    ["sqlite:notifications_sqlite", join(volumeDir, "notifications.sqlite3")],
  ];
  const results: Result[] = [];
  // One after the other: with createDirs the first may make what the next is in.
  for (const [item, path] of paths) results.push(await verifyPath(`storage:${item}`, path, createDirs));
  return results;
}

/** A path with an extension is a file, and stands for the directory that it is in. */
async function verifyPath(item: string, path: string, createDirs: boolean): Promise<Result> {
  const directory = extname(path) === "" ? path : dirname(path);
  const invalid = (reason: string): Result => fail(item, `Unable to validate path '${directory}': ${reason}`);
  let state = await directoryState(directory, PREFIX);
  let created = "";
  if (state.kind === "missing" && createDirs) {
    try {
      await mkdir(directory, { recursive: true });
    } catch (error) {
      return invalid(errorMessage(error));
    }
    created = " (created by --create-dirs)";
    state = await directoryState(directory, PREFIX);
  }
  switch (state.kind) {
    case "usable":
      return pass(item, `${directory} exists and is writable${created}`);
    case "missing":
      return fail(item, `Path does not exist: ${directory} (use --create-dirs to create)`);
    case "not writable":
      return fail(item, `Path not writable: ${directory}`);
    case "not a directory":
      return invalid("it is not a directory");
    case "unknown":
      return invalid(state.reason);
  }
}
