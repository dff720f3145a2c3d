// Builds the server and the page when a source is newer than the last build, so that `npm run demo` always runs what
// is in the folder, and starts at once when nothing has changed.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SOURCES = ["src", "web", "scripts", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
const STAMP = "dist/.built";

/** Time of the last change of a file, or of any file in a folder. */
function newest(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function builtAt() {
  try {
    return statSync(STAMP).mtimeMs;
  } catch {
    return 0;
  }
}

if (Math.max(...SOURCES.map(newest)) > builtAt()) {
  console.log("Building kernelboard...");
  const started = new Date();
  const { status } = spawnSync("npm", ["run", "--silent", "build"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
  // Dated before the build: what changes while it runs is built again next time.
  writeFileSync(STAMP, "");
  utimesSync(STAMP, started, started);
}
