/**
 * The operator's file of tree names, `trees: {<name>: {url: <git url>}}`, also flat `<name>: <git url>`: which
 * repository is called what (chapter 02, sections 6.4 and 12.1). It is only read here, and again when it changes.
 */
import { readFile, stat } from "node:fs/promises";
import { errorCode, errorMessage } from "../database/errors.ts";
import { isJsonObject } from "../kcidb/types.ts";
import type { Log } from "../log.ts";

export type TreeNames = ReadonlyMap<string, string>;

/** A reader of one file that gives its current names, repository URL to tree name. A missing file has none. */
export function treeNamesFile(path: string, log: Log): () => Promise<TreeNames> {
  let names: TreeNames = new Map();
  let version = "";
  return async () => {
    try {
      const { mtimeMs, size } = await stat(path);
      if (`${mtimeMs} ${size}` === version) return names;
      names = await parseTreeNames(await readFile(path, "utf8"));
      version = `${mtimeMs} ${size}`;
      log.info({ file: path, names: names.size }, "tree names read");
    } catch (error) {
      if (errorCode(error) === "ENOENT") {
        if (version !== "")
          log.warn({ file: path }, "the file of tree names is gone; trees keep the names they come with");
        names = new Map();
        version = "";
      } else {
        log.error(
          { file: path, error: errorMessage(error) },
          "the file of tree names cannot be used; the last good names stay",
        );
      }
    }
    return names;
  };
}

/**
 * Repository URL to tree name; the last name of a URL wins.
 *
 * @throws Error when the text is no YAML mapping
 */
export async function parseTreeNames(text: string): Promise<Map<string, string>> {
  // Loaded here, so that those without such a file start without it.
  const { parse } = await import("yaml");
  const document: unknown = parse(text) ?? {};
  if (!isJsonObject(document)) throw new Error("must be a mapping of tree names");
  const trees = document.trees ?? (isFlat(document) ? document : {});
  if (!isJsonObject(trees)) throw new Error("'trees' must be a mapping of tree names");
  const names = new Map<string, string>();
  for (const [name, entry] of Object.entries(trees)) {
    const url = isJsonObject(entry) ? entry.url : entry;
    if (typeof url === "string") names.set(url, name);
  }
  return names;
}

function isFlat(document: Record<string, unknown>): boolean {
  return !("trees" in document);
}
