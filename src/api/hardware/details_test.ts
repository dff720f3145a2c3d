/** Items of a piece of hardware, and what they sum up to (chapter 05, section 9). */
import { describe, expect, it } from "vitest";
import { boardServer, unix, type Summary } from "../../../test/support/hardware_rows.ts";
import { counts, URL, type Row } from "../../../test/support/report_rows.ts";

const { post, summaryOf, ids } = boardServer();

describe("items", () => {
  const main = { selectedCommits: { "5": "head" } };

  it("are in the order of their newest known issues, starts and ids", async () => {
    expect(await ids("boots", main)).toEqual(["boot-fail", "boot"]);
    expect(await ids("tests", main)).toEqual(["of-dummy", "on-again", "on-redhat"]);
    // of b1 and of b1-again issues are known
    expect(await ids("builds", main)).toEqual(["b1-redhat", "b1-again", "b1"]);
  });

  it("show a build with its newest issue, and its checkout", async () => {
    const { builds } = (await post("board/builds", main)) as { builds: Row[] };
    const issues = builds.map(({ id, issue_id: issueId, issue_version: version }) => [id, issueId, version]);
    expect(issues).toEqual([
      ["b1-redhat", null, null],
      ["b1-again", "new", 2],
      ["b1", "old", 1],
    ]);
    expect(builds[2]).toMatchObject({
      origin: "maestro",
      compiler: "gcc-12",
      misc: { lab: "k8s" },
      tree_name: "main",
      git_repository_url: URL,
      git_repository_branch: "br/x",
      start_time: expect.stringMatching(/Z$/) as string,
    });
    expect(builds[1]).toMatchObject({ misc: [1], config_name: "tiny" });
    const { builds: uncategorized } = (await post("board/builds", { selectedCommits: { "1": "head" } })) as {
      builds: Row[];
    };
    expect(uncategorized).toMatchObject([{ id: "zoo-none", issue_id: null, git_repository_branch: null }]);
  });

  it("show a test with its platform or all of its environment, and the path as it is stored", async () => {
    const { boots } = (await post("board/boots", main)) as { boots: Row[] };
    expect(boots[0]).toEqual({
      id: "boot-fail",
      origin: "maestro",
      status: "FAIL",
      duration: null,
      path: "boot.nfs",
      start_time: boots[0]?.start_time,
      environment_compatible: ["board", "vendor,other"],
      config: "defconfig",
      log_url: null,
      architecture: "arm64",
      compiler: "gcc-12",
      environment_misc: { platform: "other" },
      lab: "Unknown",
      tree_name: "main",
      git_repository_branch: "br/x",
    });
    const full = (await post("board/boots?full_environment_misc=T", main)) as { boots: Row[] };
    expect(full.boots[0]?.environment_misc).toEqual({ platform: "other", job: 7 });
    const { tests } = (await post("board/tests", main)) as { tests: Row[] };
    expect(tests[2]).toMatchObject({ id: "on-redhat", path: null, start_time: null, config: "Unknown" });
  });

  it("are found by any name, at the ends of the window, without a start by their checkout's", async () => {
    const edges = async (start: number, end: number): Promise<unknown> => {
      const body = { startTimestampInSeconds: start, endTimestampInSeconds: end };
      return ((await post("edge/tests", body)).tests as Row[]).map(({ id }) => id);
    };
    expect(await edges(unix(20), unix(3))).toEqual(["at-end", "at-start"]);
    expect(await edges(unix(20) + 1, unix(3))).toEqual(["at-end"]);
    expect(await edges(unix(20), unix(3) - 1)).toEqual(["at-start"]);
    // The checkout of this one is 5 hours old.
    expect(await ids("tests", { startTimestampInSeconds: unix(5) })).toEqual(["on-redhat"]);
    const byCompatible = await post("vendor,soc/boots");
    expect((byCompatible.boots as Row[]).map(({ id }) => id)).toEqual(["boot"]);
    expect((await post("vendor%2Csoc/boots")).boots).toEqual(byCompatible.boots);
    expect(((await post("a%2Fb+c/tests", { endTimestampInSeconds: unix(-9) })).tests as Row[])[0]?.id).toBe(
      "slash",
    );
    expect(await ids("tests", { origin: "redhat" })).toEqual(["of-redhat"]);
  });
});

describe("sums and options", () => {
  const main = { selectedCommits: { "5": "head" } };

  it("count accepted items once, under what they are shown as", async () => {
    const { summary, common } = await summaryOf(main);
    expect(summary.builds).toMatchObject({
      status: counts({ PASS: 1, FAIL: 1, NULL: 1 }),
      origins: { maestro: counts({ PASS: 1, FAIL: 1 }), redhat: counts({ NULL: 1 }) },
      architectures: { arm64: { compilers: ["gcc-12"] } },
      labs: { k8s: counts({ PASS: 1 }) },
      unknown_issues: 0,
    });
    const issues = (kind: "builds" | "boots"): unknown =>
      (summary[kind].issues as Row[]).map(({ id, version, incidents_info: info }) => [id, version, info]);
    expect(issues("builds")).toEqual([
      ["new", 2, counts({ FAIL: 1 })],
      ["new", 1, counts({ FAIL: 1 })],
      ["old", 1, counts({ FAIL: 1 })],
    ]);
    expect(issues("boots")).toEqual([
      ["i", 1, counts({ FAIL: 1 })],
      ["old", 1, counts({ PASS: 1 })],
    ]);
    expect(summary.boots).toMatchObject({
      platforms: { board: counts({ PASS: 1 }), other: counts({ FAIL: 1 }) },
      environment_compatible: null,
      environment_misc: null,
      fail_reasons: { no: 1 },
      failed_platforms: ["other"],
      labs: { "lab-1": counts({ PASS: 1 }), Unknown: counts({ FAIL: 1 }) },
      unknown_issues: 0,
    });
    expect(summary.tests).toMatchObject({ unknown_issues: 1, fail_reasons: { "unknown error": 2 } });
    expect(common.compatibles).toEqual(["vendor,board", "vendor,other", "vendor,soc"]);
  });

  it("offer what the selected rows hold, whatever is filtered", async () => {
    const { filters, common } = await summaryOf(main);
    expect(filters).toEqual({
      all: {
        configs: ["Unknown", "defconfig", "tiny"],
        architectures: ["arm64", "of a dummy"],
        compilers: ["gcc-12"],
      },
      builds: {
        issues: [
          ["new", 1],
          ["new", 2],
          ["old", 1],
        ],
        origins: ["maestro", "redhat"],
        has_unknown_issue: false,
        labs: ["k8s"],
      },
      boots: {
        issues: [
          ["i", 1],
          ["old", 1],
        ],
        origins: ["maestro"],
        has_unknown_issue: false,
        labs: ["Unknown", "lab-1"],
        platforms: ["board", "other"],
      },
      tests: {
        issues: [],
        origins: ["maestro"],
        has_unknown_issue: true,
        labs: ["Unknown"],
        platforms: ["board"],
      },
    });
    for (const filter of [
      { "filter_test.hardware": "none" },
      { filter_config_name: ["tiny"], "filter_boot.issue": "i,1" },
    ]) {
      const filtered = await summaryOf({ ...main, filter });
      expect([filtered.filters, filtered.common]).toEqual([filters, common]);
    }
  });

  it("are the same in full, for every filter", async () => {
    for (const filter of [
      null,
      { "filter_test.lab": ["lab-1"] },
      { "filter_test.hardware": "vendor,other", "filter_boot.status": [] },
      { "filter_boot.status": ["fail"], "filter_duration_[gte]": null, "filter_test.path": "lt" },
      { "filter_build.issue": ["new,2", "Uncategorized"], "filter_boot.platform": "board" },
    ]) {
      const { builds, boots, tests, ...full } = await post("board", { ...main, filter });
      const { summary, filters, common } = await summaryOf({ ...main, filter });
      for (const [kind, list] of Object.entries({ builds, boots, tests }))
        expect(await post(`board/${kind}`, { ...main, filter })).toEqual({ [kind]: list });
      const ofFull = full as unknown as Summary;
      expect([ofFull.filters, ofFull.common.compatibles]).toEqual([filters, common.compatibles]);
      for (const kind of ["boots", "tests"] as const) ofFull.summary[kind].platforms ??= {};
      expect(ofFull.summary).toEqual(summary);
    }
    // A build passes through one of its tests, not through its own lab.
    expect(await ids("builds", { ...main, filter: { "filter_test.lab": "lab-1" } })).toEqual(["b1"]);
    expect(await ids("builds", { ...main, filter: { "filter_test.lab": "k8s" } })).toEqual([]);
    expect(
      await ids("builds", {
        ...main,
        filter: { "filter_boot.status": "none", "filter_test.status": "none" },
      }),
    ).toHaveLength(3);
  });
});
