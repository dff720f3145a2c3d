/** What the React front end asks for and reads, page by page (chapters 04 section 12, 05 section 14, 06 section 8.1). */
import { Type } from "typebox";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../support/database.ts";
import { testServer } from "../support/server.ts";
import * as fields from "./fields.ts";
import { grouped, total, type StatusCounts, type Summaries } from "./fields.ts";
import { frontEnd, reads, type FrontEnd, type Parameters } from "./requests.ts";
import {
  CODE_ISSUE,
  COMMITS,
  HEAD,
  insertResults,
  MAINLINE_URL,
  NEXT_HEAD,
  PREVIOUS,
  THIRD,
  UNNAMED_HEAD,
} from "./results.ts";

let page: FrontEnd;

beforeAll(async () => {
  const database = await testDatabase();
  await insertResults(database);
  page = frontEnd((await testServer(database.pool)).base);
});

interface ListedTree {
  tree_name: string | null;
  git_repository_branch: string | null;
  git_repository_url: string | null;
  git_commit_hash: string;
  build_status: StatusCounts;
  boot_status: StatusCounts;
  test_status: StatusCounts;
}

const listedTrees = async (origin = "maestro"): Promise<ListedTree[]> =>
  await reads(
    Type.Array(
      Type.Object({
        ...fields.texts("tree_name", "git_repository_branch", "git_repository_url", "git_commit_hash")
          .properties,
        git_commit_name: fields.TextOrNull,
        git_commit_tags: fields.TextsOrNull,
        start_time: fields.TimeOrNull,
        build_status: fields.ListingCounts,
        boot_status: fields.ListingCounts,
        test_status: fields.ListingCounts,
      }),
    ),
    page.get("/api/tree/", { origin, interval_in_days: 7 }),
  );

/** A row of the listing leads to the short address when everything in it is known, else to the one by hash. */
function detailsOf(tree: ListedTree): [path: string, parameters: Parameters] {
  const {
    tree_name: name,
    git_repository_branch: branch,
    git_commit_hash: hash,
    git_repository_url: url,
  } = tree;
  const parameters = { git_branch: branch ?? "", git_url: url ?? "", origin: "maestro" };
  return name !== null && branch !== null
    ? [`/api/tree/${name}/${branch}/${hash}`, parameters]
    : [`/api/tree/${hash}`, parameters];
}

interface TreeSummary {
  summary: Summaries;
  common: { hardware: string[]; tree_url: string; git_commit_tags: string[] | null };
  filters: Record<"builds" | "boots" | "tests", { issues: [string, number][] }>;
}
const summaryOf = async (path: string, parameters: Parameters): Promise<TreeSummary> =>
  await reads(fields.TreeSummary, page.get(`${path}/summary`, parameters));

const MAINLINE = "/api/tree/mainline/master";

describe("the tree pages", () => {
  it("open each tree of the listing with the counts that the listing showed, and lists of just so many", async () => {
    const trees = await listedTrees();
    expect(new Set(trees.map((tree) => tree.tree_name))).toEqual(new Set(["mainline", "next", null, "bare"]));
    const opened = trees.filter((tree) => tree.tree_name !== "bare");
    expect(opened).toHaveLength(4);
    for (const tree of opened) {
      const [path, parameters] = detailsOf(tree);
      const { summary } = await summaryOf(path, parameters);
      const listed = [tree.build_status, tree.boot_status, tree.test_status];
      expect([
        grouped(summary.builds.status),
        grouped(summary.boots.status),
        grouped(summary.tests.status),
      ]).toEqual(listed);
      const full = await reads<Record<"builds" | "boots" | "tests", unknown[]>>(
        Type.Object({
          builds: Type.Array(fields.BuildItem),
          boots: Type.Array(fields.TestItem),
          tests: Type.Array(fields.TestItem),
        }),
        page.get(`${path}/full`, parameters),
      );
      expect([full.builds.length, full.boots.length, full.tests.length]).toEqual(listed.map(total));
      for (const tab of ["builds", "boots", "tests"] as const)
        expect(await page.get(`${path}/${tab}`, parameters)).toEqual({ [tab]: full[tab] });
    }
  });

  it("show an error text where a tree has no builds, or nothing is known", async () => {
    await expect(summaryOf(`/api/tree/bare/master/${"d".repeat(40)}`, { origin: "maestro" })).rejects.toThrow(
      "200:No builds available for this tree/branch/commit",
    );
    await expect(summaryOf(`${MAINLINE}/unknown`, { origin: "maestro" })).rejects.toThrow(
      "200:No results available for this tree/branch/commit",
    );
    await expect(listedTrees("nobody")).rejects.toThrow("200:No trees were found");
    await expect(page.get("/api/tree/", { origin: "maestro", interval_in_days: 0 })).rejects.toThrow("400:");
  });

  it("redirect from the newest commit of a branch", async () => {
    const latest = fields.texts("tree_name", "git_repository_branch", "git_commit_hash");
    expect(await reads(latest, page.get("/api/tree/mainline/master", {}))).toMatchObject({
      tree_name: "mainline",
      git_repository_branch: "master",
      git_commit_hash: HEAD,
    });
    const next = { origin: "maestro", commit_hash: NEXT_HEAD };
    expect(await page.get("/api/tree/next/for/next", next)).toMatchObject({ git_commit_hash: NEXT_HEAD });
    await expect(page.get("/api/tree/mainline/gone", {})).rejects.toThrow("200:Tree not found.");
  });

  it("send filters as repeated keys, and offer the same filters whatever is filtered", async () => {
    const parameters = { git_branch: "master", git_url: MAINLINE_URL, origin: "maestro" };
    const all = await summaryOf(`${MAINLINE}/${HEAD}`, parameters);
    const filtered = await summaryOf(`${MAINLINE}/${HEAD}`, {
      ...parameters,
      "filter_build.status": ["FAIL", "NULL"],
      "filter_duration_[gte]": ["60"],
      "filter_duration_[lte]": ["119"],
      "filter_boot.duration_[lte]": ["299.5"],
      "filter_test.status": ["FAIL"],
      "filter_test.hardware": ["brcm,bcm2711", "amlogic,g12b"],
      "filter_test.lab": ["lava-lab"],
      filter_config_name: ["defconfig"],
      filter_trees: ["0"],
    });
    expect(filtered.filters).toEqual(all.filters);
    expect(filtered.common).toEqual(all.common);
    expect(total(filtered.summary.builds.status)).toBe(0);
    expect(filtered.summary.boots.status).toMatchObject({ PASS: 1, FAIL: 0 });
    expect(filtered.summary.tests.status).toEqual({ ...filtered.summary.tests.status, PASS: 0, FAIL: 4 });
    expect(filtered.summary.tests.status.FAIL).toBe(4);
  });

  it("filter by the issues that the summary offers, and ask for these issues' extras", async () => {
    const parameters = { git_branch: "master", git_url: MAINLINE_URL, origin: "maestro" };
    const { summary, filters } = await summaryOf(`${MAINLINE}/${HEAD}`, parameters);
    expect(filters.builds.issues).toEqual([[CODE_ISSUE, 2]]);
    const [[id, version] = ["", 0]] = filters.builds.issues;
    const filtered = await summaryOf(`${MAINLINE}/${HEAD}`, {
      ...parameters,
      "filter_build.issue": [`${id},${version}`],
      "filter_boot.issue": ["Uncategorized,null"],
    });
    expect(filtered.summary.builds).toMatchObject({ status: { FAIL: 1 }, issues: [{ id, version }] });
    expect(filtered.summary.boots).toMatchObject({ status: { PASS: 0, FAIL: 1 }, issues: [] });

    const shown = [...summary.builds.issues, ...summary.boots.issues, ...summary.tests.issues];
    expect(shown).toHaveLength(2);
    const { issues } = await reads<{ issues: Record<string, { versions: Record<string, unknown> }> }>(
      Type.Object({
        issues: Type.Record(
          Type.String(),
          Type.Object({
            first_incident: fields.IncidentPlace,
            versions: Type.Record(
              Type.String(),
              Type.Object({ id: fields.Text, tags: Type.Array(fields.Text) }),
            ),
          }),
        ),
      }),
      page.post("/api/issue/extras/", { issues: shown.map((issue) => [issue.id, issue.version]) }),
    );
    for (const issue of shown)
      expect(issues[issue.id]?.versions[String(issue.version)]).toMatchObject({ id: issue.id });
    expect(issues[CODE_ISSUE]).toMatchObject({
      first_incident: { git_commit_hash: PREVIOUS },
      versions: { "2": { tags: ["mainline"] } },
    });
  });
});

describe("the commit graph", () => {
  const scope = { origin: "maestro", git_url: MAINLINE_URL, git_branch: "master" };
  const History = Type.Array(fields.HistoryItem);
  interface Commit {
    git_commit_hash: string;
    builds: StatusCounts;
    boots: Record<string, number>;
    tests: Record<string, number>;
  }

  it("takes six commits from the head on out of the list, and counts of one kind by their places", async () => {
    const list = await reads<{ git_commit_hash: string }[]>(
      Type.Array(
        Type.Object({
          git_commit_hash: fields.Text,
          git_commit_name: fields.TextOrNull,
          git_commit_tags: Type.Array(fields.Text),
          last_checkout: fields.Time,
        }),
      ),
      page.get("/api/tree/mainline/master/commits", { origin: "maestro", git_url: "" }),
    );
    const hashes = list.map((commit) => commit.git_commit_hash);
    expect(hashes).toEqual(COMMITS);
    const wanted = hashes.slice(hashes.indexOf(PREVIOUS)).slice(0, 6);
    const counted = await reads<Commit[]>(
      History,
      page.get("/api/tree/commits-history", {
        ...scope,
        tree_name: "mainline",
        commit_hashes: wanted.join(","),
        types: "boots",
      }),
    );
    expect(counted.map((commit) => commit.git_commit_hash)).toEqual(wanted);
    expect(counted.map((commit) => commit.boots)).toMatchObject([
      { fail: 1 },
      { pass: 1 },
      ...wanted.slice(2).map(() => ({ pass: 0, fail: 0 })),
    ]);
    expect(counted.every((commit) => total(commit.builds) + total(commit.tests) === 0)).toBe(true);
  });

  it("keeps the places of commits that are unknown or asked for twice", async () => {
    const wanted = ["unknown", HEAD, THIRD, HEAD];
    const counted = await reads<Commit[]>(
      History,
      page.get("/api/tree/commits-history", {
        ...scope,
        commit_hashes: wanted.join(","),
        types: "builds",
      }),
    );
    expect(counted.map((commit) => commit.git_commit_hash)).toEqual(wanted);
    expect(counted.map((commit) => total(commit.builds))).toEqual([0, 4, 1, 4]);
  });

  it("asks for the history of a single commit in both forms", async () => {
    const { origin, ...url } = scope;
    const byHash = await reads<Commit[]>(History, page.get(`/api/tree/${HEAD}/commits`, { ...scope }));
    expect(byHash.map((commit) => commit.git_commit_hash)).toEqual(COMMITS.slice(0, 6));
    expect(await page.get(`/api/tree/mainline/master/${HEAD}/commits`, { origin, ...url })).toEqual(byHash);
    await expect(page.get("/api/tree/unknown/commits", { ...scope })).rejects.toThrow(
      "200:History of tree commits not found",
    );
  });
});

describe("the compare page", () => {
  type Group = "PASS" | "FAIL" | "INCONCLUSIVE" | null;
  interface Pair {
    status_a: Group;
    status_b: Group;
  }
  interface Entity {
    sideA: Record<string, number>;
    sideB: Record<string, number>;
    delta: { pass: number; fail: number };
    changes: Record<string, number>;
  }
  const counters = (...names: string[]): ReturnType<typeof Type.Object> =>
    Type.Object(Object.fromEntries(names.map((name) => [name, Type.Integer()])));
  const kinds = ["regression", "fixed", "newFailure", "stillFailing", "newPass", "appeared", "disappeared"];
  const EntityFields = Type.Object({
    sideA: counters("pass", "fail", "inconclusive"),
    sideB: counters("pass", "fail", "inconclusive"),
    delta: counters("pass", "fail"),
    changes: counters(...kinds),
  });

  /** As the page calls a pair. */
  function kindOf({ status_a: a, status_b: b }: Pair): string | undefined {
    if (b === null) return "disappeared";
    if (a === null) return { PASS: "newPass", FAIL: "newFailure", INCONCLUSIVE: "appeared" }[b];
    if (a === "PASS" && b !== "PASS") return "regression";
    if (a === "FAIL") return b === "FAIL" ? "stillFailing" : "fixed";
    if (a === "INCONCLUSIVE") return { PASS: "newPass", FAIL: "newFailure", INCONCLUSIVE: undefined }[b];
    return undefined;
  }

  it("counts in the summary what its own naming of the pairs gives", async () => {
    const sides = { origin: "maestro", hash_a: PREVIOUS, hash_b: HEAD };
    const { summary } = await reads<{ summary: Record<string, Entity> }>(
      Type.Object({
        treeName: fields.Text,
        branch: fields.Text,
        gitUrl: fields.Text,
        summary: Type.Object({ builds: EntityFields, boots: EntityFields, tests: EntityFields }),
      }),
      page.get(`${MAINLINE}/compare`, sides),
    );
    const identities = {
      builds: ["config_name", "architecture", "compiler"],
      boots: ["path", "config_name", "architecture", "platform"],
      tests: ["path", "config_name", "architecture", "platform"],
    };
    for (const [kind, identity] of Object.entries(identities)) {
      const pairs = await reads<Pair[]>(
        Type.Array(
          Type.Object({
            ...Object.fromEntries(identity.map((name) => [name, fields.Text])),
            status_a: fields.TextOrNull,
            status_b: fields.TextOrNull,
          }),
        ),
        page.get(`${MAINLINE}/compare/${kind}`, sides),
      );
      const named = Object.fromEntries(
        kinds.map((change) => [change, pairs.filter((pair) => kindOf(pair) === change).length]),
      );
      expect([kind, summary[kind]?.changes]).toEqual([kind, named]);
      expect(pairs.every((pair) => kindOf(pair) !== undefined)).toBe(true);
    }
    expect(summary.tests?.changes).toEqual({
      ...{ regression: 2, fixed: 2, newFailure: 2, stillFailing: 1, newPass: 2 },
      // the test without a path is new, too
      ...{ appeared: 2, disappeared: 1 },
    });
    expect(Object.values(summary.tests?.changes ?? {})).not.toContain(0);
    const [builds, total_] = [summary.builds, await summaryOf(`${MAINLINE}/${HEAD}`, { origin: "maestro" })];
    const { PASS: pass, FAIL: fail, INCONCLUSIVE: inconclusive } = grouped(total_.summary.builds.status);
    expect(builds?.sideB).toEqual({ pass, fail, inconclusive });
    expect(builds?.delta).toEqual({
      pass: (builds?.sideB.pass ?? 0) - (builds?.sideA.pass ?? 0),
      fail: (builds?.sideB.fail ?? 0) - (builds?.sideA.fail ?? 0),
    });
  });

  it("is refused without two hashes, and shows nothing for commits that are unknown", async () => {
    await expect(page.get(`${MAINLINE}/compare`, { origin: "maestro", hash_a: HEAD })).rejects.toThrow(
      "400:hash_a and hash_b are required",
    );
    const unknown = { origin: "maestro", hash_a: "x", hash_b: "y" };
    expect(await page.get(`${MAINLINE}/compare/tests`, unknown)).toEqual([]);
  });
});

describe("trees that have no name or place", () => {
  it("are asked for by hash with empty parameters", async () => {
    const unnamed = { git_branch: "main", git_url: "https://git.example.org/unnamed.git", origin: "maestro" };
    const { summary } = await summaryOf(`/api/tree/${UNNAMED_HEAD}`, unnamed);
    expect(summary.builds.status).toMatchObject({ MISS: 1 });
    await expect(summaryOf(`/api/tree/${UNNAMED_HEAD}`, { ...unnamed, git_url: "" })).rejects.toThrow(
      "200:No results",
    );
  });
});
