#!/usr/bin/env node
/**
 * Writes into each script of requests/ what a server answers to it now, shortened, as comments (`#> `). To be run against
 * a demo: `npm run demo`, then `node scripts/sample-responses.mjs`. BASE names another server.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../requests");
/** No request, or one whose answer lies in `schema.yml`, or comes from another server. */
const WITHOUT = new Set(["lookup.sh", "schema-get.sh", "proxy-get.sh", "log-downloader.sh"]);
const MARK = "#> ";
const MOST_KEYS = 40;
const MOST_CHARACTERS = 100;

/** The same JSON with one element of each list, and with long texts cut. */
function shortened(value) {
  if (typeof value === "string")
    return value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}...` : value;
  if (Array.isArray(value))
    return value.length > 1 ? [shortened(value[0]), `... ${value.length - 1} more`] : value.map(shortened);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  // Objects whose keys are data, such as names of platforms.
  const sizes = new Set(entries.map(([, item]) => JSON.stringify(Object.keys(item ?? {}))));
  const isTable = entries.length > 4 && sizes.size === 1 && typeof entries[0][1] === "object";
  const kept = entries.slice(0, isTable ? 1 : MOST_KEYS).map(([key, item]) => [key, shortened(item)]);
  if (kept.length < entries.length) kept.push(["...", `${entries.length - kept.length} more`]);
  return Object.fromEntries(kept);
}

/** Objects and lists of few plain values on one line. */
function text(value) {
  return JSON.stringify(value, null, 2).replace(
    /([[{])\n\s+([^[\]{}]*?)\n\s+([\]}])/g,
    (all, open, inside, close) => {
      const line = `${open} ${inside.replace(/\n\s+/g, " ")} ${close}`;
      return line.length > MOST_CHARACTERS ? all : line;
    },
  );
}

for (const name of readdirSync(FOLDER)) {
  if (!name.endsWith(".sh") || WITHOUT.has(name)) continue;
  const path = join(FOLDER, name);
  const lines = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith(MARK.trim()));
  while (lines.at(-1) === "") lines.pop();
  const http = lines.findIndex((line) => line.startsWith("http "));
  const curl = lines.findIndex((line) => line.startsWith("# curl "));
  const asked = [...lines.slice(0, http), ...lines.slice(curl).map((line) => line.replace(/^# /, ""))];
  const { stdout } = spawnSync("bash", ["-eu", "-c", asked.join("\n"), path], { encoding: "utf8" });
  let answer;
  try {
    answer = text(shortened(JSON.parse(stdout)));
  } catch {
    console.error(`${name}: no JSON came back; it has no sample`);
    answer = undefined;
  }
  const sample = answer?.split("\n").map((line) => MARK + line) ?? [];
  writeFileSync(path, [...lines, ...(sample.length > 0 ? ["", ...sample] : []), ""].join("\n"));
}
