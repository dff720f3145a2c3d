#!/usr/bin/env node
/**
 * Asks two servers of the same rows the same, and tells where their answers differ. For a move from the KernelCI
 * Dashboard's backend, while both read one database (docs/migrating.md).
 *
 *   node deploy/migration/compare.mjs OLD NEW [--origin maestro] [--trees 5]
 *
 * OLD and NEW are base URLs. What is asked for is found out from OLD: its listings, the summary and details of the first
 * trees, and a build and a test of each. Ends with 1 when an answer differs, and with 2 when one server cannot be asked.
 */
import { parseArgs } from "node:util";

const TIMEOUT_MS = 250_000;
/** Differences that are shown of one answer. */
const MOST_SHOWN = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { origin: { type: "string", default: "maestro" }, trees: { type: "string", default: "5" } },
});
const [oldBase, newBase] = positionals.map((base) => base.replace(/\/+$/, ""));
if (newBase === undefined || positionals.length !== 2 || !/^\d+$/.test(values.trees)) {
  console.error("usage: compare.mjs OLD NEW [--origin ORIGIN] [--trees N]");
  process.exit(2);
}

/** @returns status and parsed body of a path below /api/ */
async function ask(base, path) {
  const response = await fetch(`${base}/api/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    return { status: response.status, body: text };
  }
}

/** Lists of texts are sets in some of the reference's answers, in any order. */
function ordered(value) {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? [...value].sort() : value;
}

/** Where two JSON values differ: JSON pointers with both values. Numbers are compared as numbers, so 15.0 is 15. */
function differences(older, newer, pointer = "") {
  const [left, right] = [ordered(older), ordered(newer)];
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null)
    return left === right ? [] : [{ pointer, left, right }];
  if (Array.isArray(left) !== Array.isArray(right)) return [{ pointer, left, right }];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
    differences(left[key], right[key], `${pointer}/${key}`),
  );
}

const shown = (value) => (JSON.stringify(value) ?? "nothing").slice(0, 120);
let same = 0;
let different = 0;

/** @returns what OLD answers */
async function compare(path) {
  const [older, newer] = await Promise.all([ask(oldBase, path), ask(newBase, path)]);
  const found = differences(older, newer);
  if (found.length === 0) same += 1;
  else {
    different += 1;
    console.log(`differs  /api/${path}`);
    for (const { pointer, left, right } of found.slice(0, MOST_SHOWN))
      console.log(`  ${pointer}: ${shown(left)}, new: ${shown(right)}`);
    if (found.length > MOST_SHOWN) console.log(`  and ${found.length - MOST_SHOWN} more`);
  }
  return older.body;
}

const listOf = (value) => (Array.isArray(value) ? value : []);
const query = (parameters) => new URLSearchParams(parameters).toString();

async function compareTree(tree) {
  const parameters = query({
    origin: values.origin,
    git_url: tree.git_repository_url ?? "",
    git_branch: tree.git_repository_branch ?? "",
  });
  const commit = `tree/${encodeURIComponent(tree.git_commit_hash ?? "")}`;
  await compare(`${commit}/summary?${parameters}`);
  const full = await compare(`${commit}/full?${parameters}`);
  const [build] = listOf(full.builds);
  const [test] = listOf(full.tests);
  if (build !== undefined) await compare(`build/${encodeURIComponent(build.id)}`);
  if (test !== undefined) await compare(`test/${encodeURIComponent(test.id)}`);
}

try {
  await compare("origins/");
  const trees = listOf(await compare(`tree/?${query({ origin: values.origin })}`));
  for (const tree of trees.slice(0, Number(values.trees))) await compareTree(tree);
  await compare(`hardware/?${query({ origin: values.origin })}`);
  const { issues } = await compare("issue/");
  for (const { id, version } of listOf(issues).slice(0, Number(values.trees)))
    await compare(`issue/${encodeURIComponent(id)}?${query({ version })}`);
} catch (error) {
  console.error(`compare.mjs: ${error.message}${error.cause ? `: ${error.cause.message}` : ""}`);
  process.exit(2);
}
console.log(`${same} answers are the same, ${different} differ`);
process.exit(different === 0 ? 0 : 1);
