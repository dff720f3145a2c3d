/** Trees and selected commits of a piece of hardware (chapter 05, section 8). */
import { describe, expect, it } from "vitest";
import { boardServer, unix, type Summary } from "../../../test/support/hardware_rows.ts";
import { counts, URL } from "../../../test/support/report_rows.ts";

const { post, summaryOf, ids } = boardServer();

/** The index of a tree. */
async function indexOf(name: string | null): Promise<string> {
  const { common } = await summaryOf();
  return common.trees.find((entry) => entry.tree_name === name)?.index ?? "none";
}

describe("trees", () => {
  it("are those whose newest commit ran on the hardware, in one order with their indexes", async () => {
    const { common } = await summaryOf();
    expect(
      common.trees.map((entry) => [
        entry.index,
        entry.tree_name,
        entry.git_repository_branch,
        entry.head_git_commit_hash,
      ]),
    ).toEqual([
      ["0", null, "br/x", "h-nameless"],
      ["1", "Zoo", null, "hb"],
      ["2", "Zoo", "B", "hb"],
      ["3", "Zoo", "a", "hb"],
      ["4", "fork", "br/x", "h0"],
      ["5", "main", "br/x", "h1"],
      ["6", "tie", "br/x", "tie-1"],
      ["7", "without hash", "br/x", null],
    ]);
    const full = (await post("board")).common as Summary["common"];
    expect(full.trees.map(({ index, tree_name: name }) => [index, name])).toEqual(
      common.trees.map(({ index, tree_name: name }) => [index, name]),
    );
  });

  it("cover all origins and checkouts of the commit, and show the newest", async () => {
    const { common } = await summaryOf();
    expect(common.trees[5]).toEqual({
      index: "5",
      origin: "redhat",
      tree_name: "main",
      git_repository_branch: "br/x",
      git_repository_url: URL,
      head_git_commit_name: "one",
      head_git_commit_hash: "h1",
      head_git_commit_tag: ["v1"],
      selected_commit_status: {
        builds: counts({ PASS: 1, FAIL: 1, NULL: 1 }),
        boots: counts({ PASS: 1, FAIL: 1 }),
        tests: counts({ FAIL: 1, SKIP: 1, MISS: 1 }),
      },
      is_selected: null,
    });
    const { trees } = (await post("board")).common as Summary["common"];
    expect(trees[5]?.selected_commit_status).toEqual({
      builds: { PASS: 1, FAIL: 1, NULL: 1 },
      boots: { PASS: 1, FAIL: 1 },
      tests: { FAIL: 1, SKIP: 1, MISS: 1 },
    });
    expect(await ids("tests", { selectedCommits: { "7": "head" } })).toEqual(["on-hashless"]);
  });

  it("are those of the window", async () => {
    // Until then, other commits were the newest.
    const past = { startTimestampInSeconds: unix(60), endTimestampInSeconds: unix(11.5) };
    const { common } = await summaryOf(past);
    expect(common.trees.map((entry) => [entry.tree_name, entry.head_git_commit_hash])).toEqual([
      ["main", "h0"],
      ["main", "h1"],
      ["stale", "h-stale"],
      ["without hash", null],
    ]);
    // Trees without rows are there: their tests ran after the window.
    expect(common.trees[3]?.selected_commit_status).toEqual({
      builds: counts(),
      boots: counts(),
      tests: counts(),
    });
    const full = (await post("board", past)).common as Summary["common"];
    expect(full.trees[3]?.selected_commit_status).toBeNull();
    expect(await ids("tests", { ...past, selectedCommits: { "1": "head" } })).toEqual([
      "on-again",
      "too-early",
    ]);
  });
});

describe("selected commits", () => {
  const select = async (selectedCommits: Record<string, string>): Promise<string[]> => [
    ...(await ids("boots", { selectedCommits })),
    ...(await ids("tests", { selectedCommits })),
  ];
  const HEAD = ["boot-fail", "boot", "of-dummy", "on-redhat", "on-again"];

  it("are chosen by index, as head or by hash", async () => {
    const main = await indexOf("main");
    for (const head of ["head", "", "h1"])
      expect(new Set(await select({ [main]: head }))).toEqual(new Set(HEAD));
    // of both origins that have the head, and not of the fork
    expect(await select({ [main]: "h0" })).toEqual(["before", "before-redhat"]);
    expect(await select({ [await indexOf("fork")]: "head" })).toEqual(["forked"]);
    // older than the window, tested inside it
    expect(await select({ [main]: "h-old" })).toEqual(["old-tested-now"]);
    expect(await select({ [main]: "h0", [await indexOf(null)]: "" })).toEqual([
      "before",
      "on-nameless-b",
      "before-redhat",
    ]);
    for (const unknown of ["gone", "H1", "h", "hb", "\0", "\ud800", "null"])
      expect([unknown, await select({ [main]: unknown })]).toEqual([unknown, []]);
  });

  it("are nothing where no tree has the index", async () => {
    for (const index of ["8", "-1", "05", "x", "", "\0", "\udc00", "__proto__", "99999999999999999999"])
      expect([index, await select(Object.fromEntries([[index, "head"]]))]).toEqual([index, []]);
    const main = await indexOf("main");
    expect(await select({ [main]: "h0", "99": "head" })).toEqual(["before", "before-redhat"]);
  });

  it("change sums and options, but not the trees' heads", async () => {
    const main = await indexOf("main");
    const all = await summaryOf();
    const { summary, filters, common } = await summaryOf({ selectedCommits: { [main]: "h0" } });
    expect(summary.boots).toMatchObject({ status: counts({ FAIL: 1 }), unknown_issues: 1 });
    expect(filters).toMatchObject({
      all: { configs: ["defconfig"], architectures: ["arm64", "x86_64"], compilers: ["gcc-12"] },
      boots: {
        issues: [],
        origins: ["maestro"],
        has_unknown_issue: true,
        labs: ["Unknown"],
        platforms: ["board"],
      },
    });
    expect(common.trees.map((entry) => entry.head_git_commit_hash)).toEqual(
      all.common.trees.map((entry) => entry.head_git_commit_hash),
    );
    expect(common.trees[Number(main)]?.selected_commit_status?.builds).toEqual(counts({ PASS: 2 }));
    // Trees that are not selected show their heads.
    expect(common.trees[0]).toEqual(all.common.trees[0]);
    expect(common.compatibles).toEqual([]);
  });

  it("without rows give an empty page with its trees, not an error", async () => {
    const selectedCommits = { [await indexOf("main")]: "gone" };
    for (const kind of ["builds", "boots", "tests"] as const)
      expect(await ids(kind, { selectedCommits })).toEqual([]);
    const { summary, common, filters } = await summaryOf({ selectedCommits });
    expect(summary.tests).toMatchObject({ status: counts(), platforms: {}, issues: [] });
    expect(filters.all).toEqual({ configs: [], architectures: [], compilers: [] });
    expect(common.trees).toHaveLength(8);
    const full = await post("board", { selectedCommits });
    expect(full).toMatchObject({
      builds: [],
      summary: { boots: { platforms: null }, tests: { platforms: null } },
    });
  });
});
