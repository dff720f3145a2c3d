import { readFile, readdir, writeFile, chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { ingestFiles, submission, temporaryDirectory } from "../../test/support/spool.ts";
import { parseTreeNames } from "./tree_names.ts";
import { additions, nameFromUrl, storedTrees, writeTreeNames, type NamedTree } from "./treeproof.ts";

function tree(git_repository_url: string, tree_name: string | null = null, origin = "o"): NamedTree {
  return { origin, tree_name, git_repository_url };
}

const named = (...trees: NamedTree[]): Record<string, string> =>
  Object.fromEntries(additions(new Map(), trees).added.map(({ name, url }) => [name, url]));

describe("nameFromUrl", () => {
  it.each([
    ["https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git", "torvalds-linux"],
    ["https://host/linux/linux.git/", "linux"],
    ["https://host/kernel/common", "kernel-common"],
    ["https://host/linux-foo/linux.git", "linux-foo"],
    ["https://host/LINUX-foo/linux.GIT", "LINUX-foo"],
    [" https://host/e ", "e"],
    ["ssh://git@host:22/org/repo.git", "org-repo"],
    ["git@host:org/repo.git", undefined],
    ["https://host", undefined],
    ["https://host//", undefined],
    ["https://host/.git", undefined],
    ["", undefined],
  ])("%j is %j", (url, name) => {
    expect(nameFromUrl(url)).toBe(name);
  });
});

describe("additions", () => {
  it("gives each repository of a group a name of its own, however often a name is taken", () => {
    expect(named(...["a", "b", "c", "d"].map((host) => tree(`https://${host}/c/d`)))).toEqual({
      "c-d": "https://a/c/d",
      "c-d-1": "https://b/c/d",
      "c-d-2": "https://c/c/d",
      "c-d-3": "https://d/c/d",
    });
    expect(
      named(
        tree("https://a/x/linux-6", "linux-6"),
        tree("https://b/linux-6", "linux-6"),
        tree("https://c/linux-6"),
      ),
    ).toEqual({
      "linux-6": "https://a/x/linux-6",
      "linux-6-1": "https://b/linux-6",
      "linux-6-2": "https://c/linux-6",
    });
  });

  it("takes the names of maestro first, and no name or repository twice", () => {
    const trees = [
      tree("https://a/x", "mainline"),
      tree("https://b/y", "mainline", "maestro"),
      tree("https://b/y", "other"),
      tree("git@host:z"),
    ];
    expect(additions(new Map(), trees)).toEqual({
      added: [{ name: "mainline", url: "https://b/y" }],
      skipped: [
        { url: "git@host:z", reason: "no tree name can be derived from it" },
        { url: "https://a/x", reason: "the name mainline is of another repository" },
      ],
    });
  });

  it("leaves what exists alone", () => {
    const existing = new Map([
      ["mine", "https://a/x"],
      ["next", "https://c/z"],
    ]);
    const { added, skipped } = additions(existing, [
      tree("https://a/x", "mainline"),
      tree("https://b/y", "next"),
    ]);
    expect(added).toEqual([]);
    expect(skipped.map(({ url }) => url)).toEqual(["https://b/y"]);
  });
});

describe("writeTreeNames", () => {
  const write = async (
    text: string | undefined,
    trees = [tree("https://b/y", "ätree")],
    dryRun = false,
  ): Promise<{ path: string; text: string }> => {
    const path = join(await temporaryDirectory(), "tree-names.yaml");
    if (text !== undefined) await writeFile(path, text);
    await writeTreeNames(path, trees, dryRun);
    return { path, text: await readFile(path, "utf8") };
  };

  it.each([
    [undefined, "trees:\n  ätree:\n    url: https://b/y\n"],
    ["", "trees:\n  ätree:\n    url: https://b/y\n"],
    ["trees:\n", "trees:\n  ätree:\n    url: https://b/y\n"],
    ["trees: {}\n", "trees:\n  ätree:\n    url: https://b/y\n"],
    [
      "# ours\nversion: 3\ntrees:\n  # the old one\n  z: {url: https://z, note: kept}\n  a: https://a # flat\n",
      "# ours\nversion: 3\ntrees:\n  a: https://a # flat\n  # the old one\n  z: { url: https://z, note: kept }\n  ätree:\n    url: https://b/y\n",
    ],
    [
      "z: https://z\na: {url: https://a, note: kept}\n",
      "trees:\n  a: { url: https://a, note: kept }\n  z:\n    url: https://z\n  ätree:\n    url: https://b/y\n",
    ],
  ])("%j becomes %j", async (before, after) => {
    const { text } = await write(before);
    expect(text).toBe(after);
    expect((await parseTreeNames(text)).get("https://b/y")).toBe("ätree");
    // and then nothing changes any more
    expect((await write(text)).text).toBe(text);
  });

  it("names that YAML would read as something else stay texts", async () => {
    const { text } = await write(undefined, [tree("https://b/y", "6.10"), tree("https://c/y", "null")]);
    expect(Object.fromEntries(await parseTreeNames(text))).toEqual({
      "https://b/y": "6.10",
      "https://c/y": "null",
    });
  });

  it.each(["- a\n- b\n", "trees: [a]\n", "trees: {a: [\n", "text"])("does not touch %j", async (text) => {
    const path = join(await temporaryDirectory(), "tree-names.yaml");
    await writeFile(path, text);
    await expect(writeTreeNames(path, [tree("https://b/y", "b")], false)).rejects.toThrow();
    expect(await readFile(path, "utf8")).toBe(text);
  });

  it("replaces the file as a whole, keeps its mode, and writes nothing on a dry run", async () => {
    const { path } = await write("trees: {}\n");
    await chmod(path, 0o640);
    const before = await stat(path);
    await writeTreeNames(path, [tree("https://c/z", "z")], true);
    expect((await stat(path)).ino).toBe(before.ino);
    await writeTreeNames(path, [tree("https://c/z", "z")], false);
    const after = await stat(path);
    expect([after.mode & 0o777, after.ino === before.ino]).toEqual([0o640, false]);
    expect(await readdir(join(path, ".."))).toEqual(["tree-names.yaml"]);
  });
});

describe("storedTrees", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });

  it("has every tree of a stored checkout once, in the order of names and repositories", async () => {
    const checkout = (id: string, more: object): object => ({ id: `o:${id}`, origin: "o", ...more });
    await ingestFiles(database.connection, {
      "a.json": submission({
        checkouts: [
          checkout("1", { git_repository_url: "https://z" }),
          checkout("2", { git_repository_url: "https://b", tree_name: "next" }),
          checkout("3", { git_repository_url: "https://b", tree_name: "next", git_repository_branch: "x" }),
          checkout("4", { git_repository_url: "https://a", tree_name: "next" }),
          checkout("5", { tree_name: "mainline" }),
          checkout("6", {
            git_repository_url: "https://c",
            tree_name: "mainline",
            origin: "maestro",
            id: "maestro:6",
          }),
        ],
      }),
    });
    // as an adopted database may have it
    await database.pool.query(
      "insert into checkouts (id, origin, tree_name, git_repository_url) values ('o:7', 'o', 'old', 'https://old')",
    );
    const trees = await storedTrees(database.pool);
    expect(
      trees.map(({ origin, tree_name, git_repository_url }) => [origin, tree_name, git_repository_url]),
    ).toEqual([
      ["maestro", "mainline", "https://c"],
      ["o", "next", "https://a"],
      ["o", "next", "https://b"],
      ["o", "old", "https://old"],
      ["o", null, "https://z"],
    ]);
  });
});
