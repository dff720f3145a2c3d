/** What kci-dev asks for and reads, command by command (chapters 04 section 12, 05 section 14, 06 section 8.2). */
import { Type } from "typebox";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../support/database.ts";
import { testServer } from "../support/server.ts";
import * as fields from "./fields.ts";
import { total, type StatusCounts, type Summaries } from "./fields.ts";
import { kciDev, reads, type KciDev, type Parameters } from "./requests.ts";
import {
  CODE_ISSUE,
  FAILED_BOOT,
  FAILED_BUILD,
  HEAD,
  insertResults,
  MAINLINE_URL,
  NEXT_HEAD,
  NEXT_URL,
  PLACELESS_HEAD,
  PREVIOUS,
} from "./results.ts";

let kci: KciDev;

beforeAll(async () => {
  const database = await testDatabase();
  await insertResults(database);
  kci = kciDev((await testServer(database.pool)).base);
});

const MAINLINE = { origin: "maestro", git_url: MAINLINE_URL, git_branch: "master" };
const statuses = Type.Object({ status: fields.Counts });

const Build = Type.Object({
  id: Type.String({ pattern: "^[a-z]+:" }),
  status: fields.Text,
  ...fields.texts("config_name", "architecture", "compiler", "config_url", "log_url").properties,
  git_repository_branch: fields.TextOrNull,
});
const Builds = Type.Object({ builds: Type.Array(Build) });

const Test = Type.Object({
  id: fields.Text,
  status: fields.Text,
  environment_misc: Type.Object({ platform: fields.Text }),
  environment_compatible: fields.TextsOrNull,
  start_time: fields.TimeOrNull,
  ...fields.texts("path", "log_url", "config", "architecture", "compiler").properties,
  duration: fields.NumberOrNull,
});

interface Listed {
  id: string;
  status: string;
}

describe("results of trees", () => {
  it("lists trees without the last slash of the address", async () => {
    const trees = await reads<{ tree_name: string | null }[]>(
      Type.Array(
        Type.Object({
          ...fields.texts("tree_name", "git_repository_branch", "git_repository_url").properties,
          ...fields.texts("git_commit_hash", "git_commit_name", "start_time").properties,
        }),
      ),
      kci.get("tree", { origin: "maestro", interval_in_days: 7 }),
    );
    expect(trees.map((tree) => tree.tree_name)).toContain("mainline");
    // A bad parameter is told at once, not retried.
    await expect(kci.get("tree", { origin: "maestro", interval_in_days: 0 })).rejects.toThrow("status 400");
    await expect(kci.get("tree", { origin: "nobody", interval_in_days: 7 })).rejects.toThrow(
      "No trees were found",
    );
  });

  const summaryOf = async (commit: string, parameters: Parameters): Promise<Summaries> =>
    (
      await reads<{ summary: Summaries }>(
        Type.Object({ summary: Type.Object({ builds: statuses, boots: statuses, tests: statuses }) }),
        kci.get(`tree/${commit}/summary`, parameters),
      )
    ).summary;

  it("sums up a commit, of one architecture too", async () => {
    const summary = await summaryOf(HEAD, MAINLINE);
    expect(summary.builds.status).toMatchObject({ PASS: 1, FAIL: 2, NULL: 1 });
    const intel = await summaryOf(HEAD, { ...MAINLINE, filter_architecture: "x86_64" });
    expect([intel.builds, intel.boots, intel.tests].map(({ status }) => total(status))).toEqual([1, 0, 0]);
  });

  it("sends the text None for what a tree has not, which is no tree's repository", async () => {
    const placeless = { origin: "maestro", git_url: undefined, git_branch: undefined };
    for (const what of ["summary", "builds", "boots", "tests"])
      await expect(kci.get(`tree/${PLACELESS_HEAD}/${what}`, placeless)).rejects.toThrow(
        "No results available for this tree/branch/commit",
      );
    expect(
      (await summaryOf(PLACELESS_HEAD, { ...placeless, git_url: "", git_branch: "" })).tests.status.FAIL,
    ).toBe(1);
  });

  it("compares the newest commit with the one before", async () => {
    const [newest, previous] = await reads<
      { git_commit_hash: string; builds: StatusCounts; boots: Record<string, number> }[]
    >(Type.Array(fields.HistoryItem), kci.get(`tree/${HEAD}/commits`, MAINLINE));
    expect([newest?.git_commit_hash, previous?.git_commit_hash]).toEqual([HEAD, PREVIOUS]);
    expect(newest?.builds.FAIL).toBe(2);
    expect(previous?.boots.fail).toBe(1);
    await expect(kci.get("tree/unknown/commits", MAINLINE)).rejects.toThrow(
      "History of tree commits not found",
    );
    await expect(kci.get(`tree/${HEAD}/commits`, { git_url: MAINLINE_URL })).rejects.toThrow("status 400");
  });

  it("lists builds, with filters that nobody knows", async () => {
    const unknown = { filter_tree_name: "x", filter_start_date: "2020-01-01", filter_end_date: "2020-01-02" };
    const { builds } = await reads<{ builds: Listed[] }>(
      Builds,
      kci.get(`tree/${HEAD}/builds`, { ...MAINLINE, ...unknown, filter_architecture: "arm64" }),
    );
    expect(builds.map(({ status }) => status.toUpperCase()).sort()).toEqual(["FAIL", "NULL", "PASS"]);
    const bare = { origin: "maestro", git_url: "https://git.example.org/tt.git", git_branch: "master" };
    // It takes this text for an empty list.
    await expect(kci.get(`tree/${"d".repeat(40)}/builds`, bare)).rejects.toThrow("No builds available");
    expect(await kci.get(`tree/${"d".repeat(40)}/boots`, bare)).toEqual({ boots: [] });
    await expect(kci.get(`tree/${HEAD}/builds`, { origin: "maestro" })).rejects.toThrow("status 400");
  });

  it("lists boots of an origin, and tests", async () => {
    const { boots } = await reads<{ boots: Listed[] }>(
      Type.Object({ boots: Type.Array(Test) }),
      kci.get(`tree/${HEAD}/boots`, { ...MAINLINE, "filter_boot.origin": "maestro" }),
    );
    expect(boots).toHaveLength(4);
    expect(await kci.get(`tree/${HEAD}/boots`, { ...MAINLINE, "filter_boot.origin": "redhat" })).toEqual({
      boots: [],
    });
    const next = { origin: "maestro", git_url: NEXT_URL, git_branch: "for/next" };
    const { tests } = await reads<{ tests: Listed[] }>(
      Type.Object({ tests: Type.Array(Test) }),
      kci.get(`tree/${NEXT_HEAD}/tests`, next),
    );
    expect(tests.map(({ id, status }) => [id, status])).toEqual([["maestro:next-test", "SKIP"]]);
  });

  it("reports on a branch without the last slash", async () => {
    const History = Type.Record(
      Type.String(),
      Type.Record(
        Type.String(),
        Type.Record(
          Type.String(),
          Type.Record(
            Type.String(),
            Type.Array(
              Type.Object({ id: fields.Text, status: fields.TextOrNull, start_time: fields.TimeOrNull }),
            ),
          ),
        ),
      ),
    );
    const report = await reads<{ dashboard_url: string; possible_regressions: Record<string, unknown> }>(
      Type.Object({
        dashboard_url: fields.Text,
        commit_hash: fields.Text,
        origin: fields.Text,
        checkout_start_time: fields.Time,
        build_status_summary: fields.Counts,
        boot_status_summary: fields.LongCounts,
        test_status_summary: fields.LongCounts,
        possible_regressions: History,
        fixed_regressions: History,
        unstable_tests: History,
        issues: Type.Object({
          builds: Type.Array(
            Type.Object({
              issue_id: fields.Text,
              build_id: fields.Text,
              version: Type.Integer(),
              comment: fields.Text,
              report_url: fields.TextOrNull,
              first_seen: fields.TimeOrNull,
              is_new_issue: Type.Boolean(),
              culprit_code: Type.Boolean(),
            }),
          ),
        }),
      }),
      kci.get("tree-report", {
        origin: "maestro",
        git_branch: "master",
        git_url: MAINLINE_URL,
        group_size: 3,
        max_age_in_hours: 24,
        min_age_in_hours: 0,
        path: ["kselftest.%", "boot"],
      }),
    );
    expect(new URL(report.dashboard_url).host).toBe("d.kernelci.org");
    expect(report.possible_regressions.rpi4).toMatchObject({
      defconfig: { "arm64/gcc-12": { "kselftest.regression": [{ status: "FAIL" }, { status: "PASS" }] } },
    });
    const unknown = { origin: "maestro", git_branch: "gone", git_url: MAINLINE_URL };
    await expect(kci.get("tree-report", unknown)).rejects.toThrow("Tree not found in the given interval");
  });
});

describe("results of single builds, tests and issues", () => {
  it("shows a build and a test, with a question mark behind the id", async () => {
    const { git_repository_branch: _, ...build } = Build.properties;
    await reads(
      Type.Object({ ...build, git_commit_hash: fields.TextOrNull }),
      kci.get("build/maestro:b-pass"),
    );
    await reads(
      Type.Object({
        id: fields.Text,
        path: fields.TextOrNull,
        status: fields.Text,
        misc: Type.Object({ runtime: fields.Text }),
        environment_misc: Type.Object({ platform: fields.Text }),
        environment_compatible: fields.TextsOrNull,
        ...fields.texts("log_url", "config_name", "architecture", "compiler", "start_time").properties,
      }),
      kci.get("test/maestro:boot-pass"),
    );
    await expect(kci.get("build/maestro:unknown")).rejects.toThrow("Build not found");
    await expect(kci.get("test/maestro:unknown")).rejects.toThrow("Test not found");
  });

  it("lists new issues: the listing of some days has them with their first trees", async () => {
    const Places = Type.Record(Type.String(), fields.texts("tree_name", "git_repository_branch"));
    const Issues = Type.Array(
      Type.Object({
        id: fields.Text,
        comment: fields.TextOrNull,
        origin: fields.Text,
        version: Type.Integer(),
        field_timestamp: fields.TimeOrNull,
        categories: fields.TextsOrNull,
        culprit_code: fields.BooleanOrNull,
      }),
    );
    const { issues, extras } = await reads<{ issues: unknown[]; extras: object }>(
      Type.Object({ issues: Issues, extras: Places }),
      kci.get("issue/", { interval_in_days: 5, filter_origin: "maestro" }),
    );
    expect([issues.length, Object.keys(extras)]).toEqual([2, [CODE_ISSUE]]);
    const recent = (await kci.get("issue", { interval_in_days: 1, filter_origin: "maestro" })) as {
      issues: unknown[];
    };
    expect(recent.issues).toMatchObject([{ id: CODE_ISSUE, version: 2 }]);
    const summary = (await kci.get(`tree/${HEAD}/summary`, MAINLINE)) as { summary: Summaries };
    const known = summary.summary.builds.issues.map(({ id, version }) => [id, version]);
    const answer = (await kci.post("issue/extras/", { issues: known })) as {
      issues: Record<string, unknown>;
    };
    expect(answer.issues[CODE_ISSUE]).toMatchObject({
      first_incident: {
        git_commit_hash: PREVIOUS,
        git_repository_url: MAINLINE_URL,
        git_repository_branch: "master",
        tree_name: "mainline",
      },
    });
    await reads(fields.IssueDetails, kci.get(`issue/${CODE_ISSUE}`));
  });

  it("tells what has no known issue by the words that it looks for", async () => {
    expect(await kci.get(`build/${FAILED_BUILD}/issues`)).toMatchObject([{ id: CODE_ISSUE }]);
    expect(await kci.get(`test/${FAILED_BOOT}/issues`)).toMatchObject([{ id: "maestro:i-tool" }]);
    await expect(kci.get("build/maestro:b-pass/issues")).rejects.toThrow("No issues");
    await expect(kci.get("test/maestro:boot-pass/issues")).rejects.toThrow(
      /^No issues were found for this test$/,
    );
    const origin = { filter_origin: "maestro" };
    expect(await kci.get(`issue/${CODE_ISSUE}/builds`, origin)).toMatchObject([{ id: FAILED_BUILD }]);
    await expect(kci.get(`issue/${CODE_ISSUE}/tests`, origin)).rejects.toThrow("No tests");
    await expect(kci.get("issue/maestro:i-tool/builds", origin)).rejects.toThrow("No builds");
    expect(await kci.get("issue/maestro:i-tool/tests", origin)).toMatchObject([{ id: FAILED_BOOT }]);
  });
});

describe("results of hardware", () => {
  const now = Math.floor(Date.now() / 1000);
  const window = { startTimestampInSeconds: String(now - 7 * 86_400), endTimestampInSeconds: String(now) };
  const body = { origin: "maestro", ...window, selectedCommits: {}, filter: {} };
  /** Form-quoted. */
  const NAME = "raspberrypi%2C4-model-b";

  it("lists hardware of a week, with its times as texts", async () => {
    const { hardware } = await reads<{ hardware: { platform: string; hardware: string[] | null }[] }>(
      Type.Object({
        hardware: Type.Array(Type.Object({ platform: fields.Text, hardware: fields.TextsOrNull })),
      }),
      kci.get("hardware/", { origin: "maestro", ...window }),
    );
    expect(hardware.find(({ platform }) => platform === "rpi4")?.hardware).toEqual([
      "raspberrypi,4-model-b",
      "brcm,bcm2711",
    ]);
  });

  it("sums up and lists what ran on a piece of hardware, named with quotes", async () => {
    const { summary } = await reads<{ summary: Summaries }>(
      Type.Object({ summary: Type.Object({ builds: statuses, boots: statuses, tests: statuses }) }),
      kci.post(`hardware/${NAME}/summary`, body),
    );
    const { builds } = await reads<{ builds: Listed[] }>(Builds, kci.post(`hardware/${NAME}/builds`, body));
    const lists = await Promise.all(
      ["boots", "tests"].map(
        async (kind) =>
          await reads<Record<string, Listed[]>>(
            Type.Object({
              [kind]: Type.Array(
                Type.Object({ ...Test.properties, git_repository_branch: fields.TextOrNull }),
              ),
            }),
            kci.post(`hardware/${NAME}/${kind}`, body),
          ),
      ),
    );
    expect([builds.length, lists[0]?.boots?.length, lists[1]?.tests?.length]).toEqual([
      total(summary.builds.status),
      total(summary.boots.status),
      total(summary.tests.status),
    ]);
    expect(builds.map(({ id }) => id)).toContain("redhat:b");
    await expect(kci.post("hardware/a+b/summary", body)).rejects.toThrow("This hardware isn't associated");
    await expect(kci.post(`hardware/${NAME}/boots`, { ...body, origin: null })).rejects.toThrow("status 400");
  });
});
