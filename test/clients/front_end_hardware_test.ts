/** What the React front end asks for and reads on the hardware pages (chapters 05 section 14, 06 section 8.1). */
import { Type } from "typebox";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../support/database.ts";
import { testServer } from "../support/server.ts";
import * as fields from "./fields.ts";
import { grouped, total, type StatusCounts, type Summaries } from "./fields.ts";
import { frontEnd, reads, type FrontEnd } from "./requests.ts";
import { HEAD, insertResults, MAINLINE_URL, PREVIOUS, THIRD } from "./results.ts";

let page: FrontEnd;

beforeAll(async () => {
  const database = await testDatabase();
  await insertResults(database);
  page = frontEnd((await testServer(database.pool)).base);
});

/** Now, rounded to half hours, and some days before. */
function pageWindow(days: number): { startTimestampInSeconds: number; endTimestampInSeconds: number } {
  const end = Math.ceil(Date.now() / 1_800_000) * 1800;
  return { startTimestampInSeconds: end - days * 86_400, endTimestampInSeconds: end };
}

interface Tree {
  index: string;
  tree_name: string | null;
  git_repository_branch: string | null;
  git_repository_url: string | null;
  head_git_commit_hash: string;
  selected_commit_status: Summaries & Record<string, StatusCounts>;
}

interface HardwareSummary {
  summary: Summaries;
  common: { trees: Tree[]; compatibles: string[] };
  filters: unknown;
}

const details = (platform: string, more: object = {}): Promise<unknown> =>
  page.post(`/api/hardware/${platform}`, {
    origin: "maestro",
    ...pageWindow(7),
    selectedCommits: {},
    filter: {},
    ...more,
  });

const summaryOf = async (platform: string, more: object = {}): Promise<HardwareSummary> =>
  await reads(fields.HardwareSummary, details(`${platform}/summary`, more));

const counted = ({ builds, boots, tests }: Summaries): Record<string, number>[] =>
  [builds, boots, tests].map(({ status }) => grouped(status));

interface Listed {
  platform: string;
  build_status_summary: Record<string, number>;
  boot_status_summary: Record<string, number>;
  test_status_summary: Record<string, number>;
}
const ListedFields = (counts: typeof fields.Counts): ReturnType<typeof Type.Object> =>
  Type.Object({
    hardware: Type.Array(
      Type.Object({
        platform: fields.Text,
        hardware: fields.TextsOrNull,
        build_status_summary: counts,
        boot_status_summary: counts,
        test_status_summary: counts,
      }),
    ),
  });

describe("the hardware pages", () => {
  it.each([1, 7])("open each row of the last %i days with the counts that it showed", async (days) => {
    const window = pageWindow(days);
    const { hardware } = await reads<{ hardware: Listed[] }>(
      ListedFields(fields.ListingCounts),
      page.get("/api/hardware/", { ...window, origin: "maestro" }),
    );
    expect(hardware.map(({ platform }) => platform)).toEqual(["meson-g12b", "qemu-arm64", "rpi4"]);
    for (const row of hardware) {
      const { summary, common } = await summaryOf(row.platform, window);
      const listed = [row.build_status_summary, row.boot_status_summary, row.test_status_summary];
      expect([row.platform, counted(summary)]).toEqual([row.platform, listed]);
      expect(common.trees.map(({ index }) => index)).toEqual(common.trees.map((_, place) => String(place)));
      const full = await reads<Record<"builds" | "boots" | "tests", unknown[]>>(
        Type.Object({
          builds: Type.Array(Type.Object({ ...fields.BuildItem.properties, tree_name: fields.TextOrNull })),
          boots: Type.Array(fields.HardwareTestItem),
          tests: Type.Array(fields.HardwareTestItem),
        }),
        details(row.platform, window),
      );
      expect([full.builds, full.boots, full.tests].map(({ length }) => length)).toEqual(listed.map(total));
    }
  });

  it("select trees by the index that the summary gave them, heads or other commits", async () => {
    const all = await summaryOf("rpi4");
    const { trees } = all.common;
    expect(trees.map((tree) => [tree.index, tree.tree_name])).toEqual([
      ["0", null],
      ["1", "mainline"],
      ["2", "next"],
    ]);
    const ofTree = ({ selected_commit_status: { builds, boots, tests } }: Tree): unknown => [
      builds,
      boots,
      tests,
    ];
    for (const tree of trees) {
      const selected = await summaryOf("rpi4", { selectedCommits: { [tree.index]: "head" } });
      const { builds, boots, tests } = selected.summary;
      expect([builds.status, boots.status, tests.status]).toEqual(ofTree(tree));
      // The tree table and the choices stay as they are.
      expect(selected.common).toEqual(all.common);
    }
    const older = await summaryOf("rpi4", { selectedCommits: { "1": PREVIOUS } });
    expect(older.common.trees[1]).toMatchObject({ head_git_commit_hash: HEAD });
    expect(older.summary.boots.status).toMatchObject({ FAIL: 1, PASS: 0 });
    expect(total(older.summary.boots.status)).toBe(1);
    const several = await summaryOf("rpi4", { selectedCommits: { "1": THIRD, "2": "head" } });
    expect(several.summary.boots.status).toMatchObject({ FAIL: 0, PASS: 2 });
  });

  it("filter with lists of texts, without losing what can be chosen", async () => {
    const all = await summaryOf("meson-g12b");
    const filtered = await summaryOf("meson-g12b", {
      filter: {
        "filter_boot.issue": ["maestro:i-tool,1731922995"],
        "filter_test.status": ["PASS"],
        "filter_duration_[gte]": ["121"],
        "filter_boot.duration_[lte]": ["300"],
        "filter_test.hardware": ["amlogic,g12b"],
        filter_trees: ["0"],
      },
    });
    expect(counted(filtered.summary)).toEqual([
      { PASS: 0, FAIL: 0, INCONCLUSIVE: 0 },
      { PASS: 0, FAIL: 1, INCONCLUSIVE: 0 },
      { PASS: 0, FAIL: 0, INCONCLUSIVE: 0 },
    ]);
    expect(filtered.summary.boots.issues).toMatchObject([{ id: "maestro:i-tool", version: 1731922995 }]);
    expect([filtered.filters, filtered.common]).toEqual([all.filters, all.common]);
    const unknown = await summaryOf("meson-g12b", {
      filter: { "filter_boot.issue": ["Uncategorized,null"] },
    });
    expect(unknown.summary.boots).toMatchObject({ unknown_issues: 1, issues: [], status: { FAIL: 1 } });
  });

  it("show an error text where a piece of hardware is not known", async () => {
    await expect(summaryOf("unknown")).rejects.toThrow("200:This hardware isn't associated with any commit");
    await expect(summaryOf("rpi4", { startTimestampInSeconds: "" })).rejects.toThrow("400:");
    await expect(page.get("/api/hardware/", { ...pageWindow(7), origin: "nobody" })).rejects.toThrow(
      "200:No hardware found",
    );
  });

  it("offer the commits of all trees of the summary, and count those in the commit graph", async () => {
    const { common } = await summaryOf("rpi4");
    const commitHeads = common.trees.map((tree) => ({
      treeName: tree.tree_name ?? "",
      repositoryUrl: tree.git_repository_url ?? "",
      branch: tree.git_repository_branch ?? "",
      commitHash: tree.head_git_commit_hash,
    }));
    const { commit_history_table: table } = await reads<{
      commit_history_table: Record<string, { git_commit_hash: string }[]>;
    }>(
      Type.Object({
        commit_history_table: Type.Record(
          Type.String(),
          Type.Array(
            Type.Object({
              git_commit_hash: fields.Text,
              start_time: fields.Time,
              git_commit_tags: fields.TextsOrNull,
              ...fields.texts("git_commit_name", "tree_name").properties,
              ...fields.texts("git_repository_branch", "git_repository_url").properties,
            }),
          ),
        ),
      }),
      details("rpi4/commit-history", { commitHeads }),
    );
    const keys = commitHeads.map((head) => `${head.treeName}-${head.repositoryUrl}-${head.branch}`);
    expect(new Set(Object.keys(table))).toEqual(new Set(keys));
    const commits = table[`mainline-${MAINLINE_URL}-master`]?.map((commit) => commit.git_commit_hash) ?? [];
    expect(commits.slice(0, 3)).toEqual([HEAD, PREVIOUS, THIRD]);
    const graph = page.get("/api/tree/commits-history", {
      commit_hashes: commits.join(","),
      origin: "maestro",
      git_url: MAINLINE_URL,
      git_branch: "master",
      tree_name: "mainline",
      "filter_test.hardware": ["rpi4"],
      types: "tests,boots,builds",
      builds_related_to_filtered_tests_only: "true",
    });
    expect(
      (
        await reads<{ git_commit_hash: string; builds: StatusCounts }[]>(
          Type.Array(fields.HistoryItem),
          graph,
        )
      ).map((commit) => [commit.git_commit_hash, total(commit.builds)]),
    ).toEqual(commits.map((hash, index) => [hash, index < 3 ? 1 : 0]));
  });

  it("pick a revision, the first of everything at first, and open the hardware that ran it", async () => {
    const { trees } = await reads<{
      trees: {
        tree_name: string;
        branches: {
          git_repository_url: string;
          git_repository_branch: string;
          revisions: { git_commit_hash: string; start_time: string }[];
        }[];
      }[];
    }>(
      Type.Object({
        trees: Type.Array(
          Type.Object({
            tree_name: fields.Text,
            branches: Type.Array(
              Type.Object({
                git_repository_url: fields.Text,
                git_repository_branch: fields.Text,
                revisions: Type.Array(
                  Type.Object({
                    git_commit_hash: fields.Text,
                    git_commit_name: fields.TextOrNull,
                    start_time: fields.Time,
                  }),
                ),
              }),
            ),
          }),
        ),
      }),
      page.get("/api/hardware/selectors/", { origin: "maestro" }),
    );
    const [tree] = trees;
    const [branch] = tree?.branches ?? [];
    const [revision] = branch?.revisions ?? [];
    if (tree === undefined || branch === undefined || revision === undefined) throw new Error("no revision");
    expect([tree.tree_name, revision.git_commit_hash]).toEqual(["mainline", HEAD]);
    const { hardware } = await reads<{ hardware: Listed[] }>(
      ListedFields(fields.Counts),
      page.get("/api/hardware-by-revision/", {
        origin: "maestro",
        tree_name: tree.tree_name,
        git_repository_url: branch.git_repository_url,
        git_repository_branch: branch.git_repository_branch,
        git_commit_hash: revision.git_commit_hash,
      }),
    );
    const platforms = hardware.map(({ platform }) => platform);
    expect(platforms).toEqual(["meson-g12b", "qemu-arm64", "rpi4"]);
    const start = Math.floor(Date.parse(revision.start_time) / 1000) - 3600;
    const opened = await summaryOf("rpi4", {
      startTimestampInSeconds: start,
      endTimestampInSeconds: start + 5 * 86_400,
    });
    expect(opened.common.trees.map((entry) => entry.head_git_commit_hash)).toContain(HEAD);
  });
});
