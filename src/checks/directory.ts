/** Whether files can be made in a directory: by making one. */
import { randomUUID } from "node:crypto";
import { stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, errorMessage } from "../database/errors.ts";

export type DirectoryState =
  | { kind: "usable"; device: number }
  | { kind: "missing" }
  | { kind: "not a directory" }
  | { kind: "not writable" }
  | { kind: "unknown"; reason: string };

/** @param prefix of what is made and removed again */
export async function directoryState(path: string, prefix: string): Promise<DirectoryState> {
  try {
    const status = await stat(path);
    if (!status.isDirectory()) return { kind: "not a directory" };
    // Rights alone do not tell: the file system may be full or mounted read-only.
    const made = join(path, prefix + randomUUID());
    await writeFile(made, "", { flag: "wx" });
    await unlink(made);
    return { kind: "usable", device: status.dev };
  } catch (error) {
    switch (errorCode(error)) {
      case "ENOENT":
        return { kind: "missing" };
      case "EACCES":
      case "EPERM":
      case "EROFS":
        return { kind: "not writable" };
      default:
        return { kind: "unknown", reason: errorMessage(error) };
    }
  }
}
