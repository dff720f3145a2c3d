/** The version of this program, from its package.json: the same file from the sources and from the built program. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

function packageFolder(): string {
  let folder = import.meta.dirname;
  while (dirname(folder) !== folder) {
    if (isOurs(join(folder, "package.json"))) return folder;
    folder = dirname(folder);
  }
  throw new Error("package.json of kernelboard is missing");
}

function isOurs(path: string): boolean {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as { name?: unknown }).name === "kernelboard";
  } catch {
    return false;
  }
}

/** The folder that holds package.json. */
export const PACKAGE_FOLDER = packageFolder();

export const VERSION = (
  JSON.parse(readFileSync(join(PACKAGE_FOLDER, "package.json"), "utf8")) as { version: string }
).version;
