/**
 * Writes the operator's file of tree names from the trees that checkouts came with (chapter 02, section 12.1). What the
 * file says already is never changed; a tree is added when neither its name nor its repository is there.
 */
import { readFile } from "node:fs/promises";
import { isMap, isPair, isScalar, parseDocument, Document, YAMLMap } from "yaml";
import type { Pool } from "../database/pool.ts";
import { errorCode } from "../database/errors.ts";
import { writeDurably } from "./durable_file.ts";

/** A tree as some checkouts name it. */
export interface NamedTree {
  origin: string;
  tree_name: string | null;
  git_repository_url: string;
}

/** The origin whose names come before those of all others. */
const FIRST_ORIGIN = "maestro";

/**
 * The distinct trees of all checkouts, in the order in which they get their names: by name, then repository, those
 * without a name last, so that no derived name takes a given one.
 *
 * `latest_checkout` has a row for each tree that a stored checkout has, so the checkouts need not be read; but for those
 * without any time, which are looked up by the index checkouts__timestamp.
 */
export async function storedTrees(pool: Pool): Promise<NamedTree[]> {
  const { rows } = await pool.query<NamedTree>(
    `select origin, tree_name, git_repository_url
     from (
       select origin, tree_name, git_repository_url from latest_checkout
       union
       select origin, tree_name, git_repository_url from checkouts where _timestamp is null and start_time is null
     ) trees
     where git_repository_url is not null
     order by nullif(tree_name, '') collate "C" nulls last, git_repository_url collate "C", origin collate "C"`,
  );
  return rows;
}

/** `/torvalds/linux.git` is torvalds-linux, `/linux/linux.git` linux. @returns undefined when the URL gives no name */
export function nameFromUrl(url: string): string | undefined {
  const match = /^[^:]*:\/\/[^/]*(\/.*)?$/s.exec(url.trim().replace(/\/+$/, ""));
  const segments = (match?.[1] ?? "").split("/").filter((segment) => segment !== "");
  const repository = segments.at(-1)?.replace(/\.git$/i, "");
  if (repository === undefined || repository === "") return undefined;
  const owner = segments.at(-2);
  if (owner === undefined) return repository;
  return owner.toLowerCase().includes(repository.toLowerCase()) ? owner : `${owner}-${repository}`;
}

export interface Named {
  name: string;
  url: string;
}

/** The trees of one group of origins, each repository under a name of its own. @param onSkip called for those without */
function nameTrees(trees: NamedTree[], onSkip: (url: string) => void): Named[] {
  const named = new Map<string, string>();
  const urls = new Set<string>();
  for (const { tree_name, git_repository_url: url } of trees) {
    if (urls.has(url)) continue;
    const given = tree_name ?? "";
    const wanted = given !== "" && !named.has(given) ? given : nameFromUrl(url);
    if (wanted === undefined) {
      onSkip(url);
      continue;
    }
    let name = wanted;
    for (let number = 1; named.has(name); number++) name = `${wanted}-${number}`;
    named.set(name, url);
    urls.add(url);
  }
  return [...named].map(([name, url]) => ({ name, url }));
}

export interface Additions {
  added: Named[];
  /** Repositories that are not in the file, and why. */
  skipped: { url: string; reason: string }[];
}

/** What has to be added to entries that exist, name to repository. */
export function additions(existing: ReadonlyMap<string, string>, trees: NamedTree[]): Additions {
  const names = new Set(existing.keys());
  const urls = new Set(existing.values());
  const result: Additions = { added: [], skipped: [] };
  const skip = (url: string, reason: string): void => {
    if (!result.skipped.some((skipped) => skipped.url === url)) result.skipped.push({ url, reason });
  };
  const groups = [true, false].map((first) =>
    trees.filter(({ origin }) => (origin === FIRST_ORIGIN) === first),
  );
  for (const group of groups) {
    const named = nameTrees(group, (url) => {
      if (!urls.has(url)) skip(url, "no tree name can be derived from it");
    });
    for (const { name, url } of named) {
      if (urls.has(url)) continue;
      if (names.has(name)) {
        skip(url, `the name ${name} is of another repository`);
        continue;
      }
      names.add(name);
      urls.add(url);
      result.added.push({ name, url });
    }
  }
  result.skipped = result.skipped.filter(({ url }) => !urls.has(url));
  return result;
}

/** A file of tree names as it stands, with the comments and keys that are none of ours. */
export class TreeFile {
  readonly #document: Document;
  readonly #trees: YAMLMap;
  /** Name to repository; an entry that names none has an empty one. */
  readonly entries = new Map<string, string>();

  /** @throws Error when the text is not YAML, or no mapping of trees */
  constructor(text: string) {
    this.#document = parseDocument(text);
    const [problem] = this.#document.errors;
    if (problem !== undefined) throw new Error(problem.message.split("\n")[0]);
    this.#trees = this.#treesOf();
    for (const { key, value } of this.#trees.items) {
      const url = isMap(value) ? value.get("url") : isScalar(value) ? value.value : undefined;
      this.entries.set(isScalar(key) ? String(key.value) : String(key), typeof url === "string" ? url : "");
    }
  }

  /** The entries, which an old file has without `trees` above them; a file without any gets it. */
  #treesOf(): YAMLMap {
    const { contents } = this.#document;
    if (contents !== null && !isMap(contents) && !(isScalar(contents) && contents.value === null))
      throw new Error("must be a mapping of tree names");
    if (isMap(contents) && contents.has("trees")) {
      const trees = contents.get("trees", true);
      if (isMap(trees)) return trees;
      if ((contents.get("trees") ?? null) !== null)
        throw new Error("'trees' must be a mapping of tree names");
    }
    const trees = new YAMLMap();
    if (isMap(contents) && !contents.has("trees")) {
      for (const { key, value } of contents.items) {
        const entry = isMap(value) ? value : this.#document.createNode({ url: value });
        trees.items.push(this.#document.createPair(key, entry));
      }
      this.#document.contents = this.#document.createNode({});
    }
    if (!isMap(this.#document.contents)) this.#document.contents = this.#document.createNode({});
    this.#document.set("trees", trees);
    return trees;
  }

  add({ name, url }: Named): void {
    this.#trees.add(this.#document.createPair(name, { url }));
    this.entries.set(name, url);
  }

  /** The text of the file, block style, entries sorted by name. */
  toString(): string {
    this.#trees.flow = false;
    // What stands above the first entry is said of it, and moves with it.
    const first = this.#trees.items[0]?.key;
    if (isScalar(first) && this.#trees.commentBefore) {
      first.commentBefore = this.#trees.commentBefore;
      this.#trees.commentBefore = null;
    }
    this.#trees.items.sort((a, b) => Buffer.compare(Buffer.from(nameOf(a)), Buffer.from(nameOf(b))));
    return this.#document.toString({ lineWidth: 0 });
  }
}

function nameOf(pair: unknown): string {
  if (!isPair(pair)) return "";
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

/**
 * Adds the stored trees to a file. It is replaced as a whole, and only when that changes it.
 *
 * @returns what was added and what was not
 * @throws Error when the file cannot be read, understood or written
 */
export async function writeTreeNames(
  path: string,
  trees: NamedTree[],
  dryRun: boolean,
): Promise<Additions & { entries: number }> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  });
  const file = new TreeFile(text);
  const result = additions(file.entries, trees);
  for (const tree of result.added) file.add(tree);
  const changed = file.toString();
  if (!dryRun && changed !== text) await writeDurably(path, changed);
  return { ...result, entries: file.entries.size };
}
