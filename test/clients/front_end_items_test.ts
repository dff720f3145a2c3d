/** What the React front end reads of single issues, builds and tests (chapter 06, section 8.1). */
import { Type } from "typebox";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../support/database.ts";
import { testServer } from "../support/server.ts";
import * as fields from "./fields.ts";
import { frontEnd, reads, type FrontEnd } from "./requests.ts";
import { CODE_ISSUE, FAILED_BOOT, FAILED_BUILD, HEAD, insertResults, PREVIOUS } from "./results.ts";

let page: FrontEnd;

beforeAll(async () => {
  const database = await testDatabase();
  await insertResults(database);
  page = frontEnd((await testServer(database.pool)).base);
});

describe("the pages of an issue, a build and a test", () => {
  it("list issues with where they were seen first", async () => {
    const now = Math.floor(Date.now() / 1000);
    const { issues, extras } = await reads<{
      issues: { id: string; version: number }[];
      extras: Record<string, unknown>;
    }>(
      Type.Object({
        issues: Type.Array(
          Type.Object({
            id: fields.Text,
            version: Type.Integer(),
            origin: fields.Text,
            comment: fields.TextOrNull,
            culprit_code: fields.BooleanOrNull,
            culprit_tool: fields.BooleanOrNull,
            culprit_harness: fields.BooleanOrNull,
            categories: fields.TextsOrNull,
            field_timestamp: fields.TimeOrNull,
          }),
        ),
        extras: Type.Record(Type.String(), fields.IncidentPlace),
        filters: Type.Object({
          origins: Type.Array(fields.Text),
          culprits: Type.Array(fields.Text),
          categories: Type.Array(fields.Text),
        }),
      }),
      page.get("/api/issue/", {
        startTimestampInSeconds: now - 4 * 86_400,
        endTimestampInSeconds: now + 86_400,
        "filter_issue.culprit": ["code"],
        "filter_issue.options": ["hasIncident"],
      }),
    );
    expect(issues.map(({ id, version }) => [id, version])).toEqual([
      [CODE_ISSUE, 2],
      [CODE_ISSUE, 1],
    ]);
    expect(extras[CODE_ISSUE]).toMatchObject({ tree_name: "mainline", git_commit_hash: PREVIOUS });
    const [early, late] = [now - 400 * 86_400, now - 399 * 86_400];
    await expect(
      page.get("/api/issue/", { startTimestampInSeconds: early, endTimestampInSeconds: late }),
    ).rejects.toThrow("200:No issues found");
  });

  it("show an issue, and the builds and tests it was seen on", async () => {
    const shown = await reads<{ extra: Record<string, { versions: Record<string, { tags: string[] }> }> }>(
      fields.IssueDetails,
      page.get(`/api/issue/${CODE_ISSUE}`, { version: undefined }),
    );
    expect(shown).toMatchObject({ version: 2, misc: { logspec: { parser: "kbuild" } } });
    expect(Object.values(shown.extra[CODE_ISSUE]?.versions ?? {})[0]?.tags).toEqual(["mainline"]);
    const { config_url: _, ...listed } = fields.BuildItem.properties;
    const OrNull = Type.Object({
      ...listed,
      ...fields.texts("config_name", "architecture", "compiler", "tree_name").properties,
    });
    expect(
      await reads(Type.Array(OrNull), page.get(`/api/issue/${CODE_ISSUE}/builds`, { version: 2 })),
    ).toMatchObject([{ id: FAILED_BUILD, tree_name: "mainline", misc: null }]);
    await expect(page.get(`/api/issue/${CODE_ISSUE}/tests`, { version: 2 })).rejects.toThrow(
      "200:No tests found for this issue",
    );
    await expect(page.get("/api/issue/unknown")).rejects.toThrow("200:Issue not found");
  });

  it("show a build with its issues and tests", async () => {
    const names = ["id", "origin", "build_origin", "architecture", "config_name", "config_url", "compiler"];
    const more = [
      "log_url",
      "git_repository_url",
      "git_repository_branch",
      "command",
      "comment",
      "tree_name",
    ];
    const commit = ["git_commit_hash", "git_commit_name", "log_excerpt"];
    const build = await reads<{ output_files: { name: string; url: string }[]; misc: unknown }>(
      Type.Object({
        ...fields.texts(...names, ...more, ...commit).properties,
        start_time: fields.TimeOrNull,
        duration: fields.NumberOrNull,
        git_commit_tags: fields.TextsOrNull,
        status: fields.Text,
        misc: Type.Object({ platform: fields.Text }),
        input_files: Type.Null(),
      }),
      page.get("/api/build/maestro:b-pass"),
    );
    expect(build.output_files.find(({ name }) => name === "log_excerpt")?.url).toMatch(/excerpt\.gz$/);
    expect(
      await reads(Type.Array(fields.Issue), page.get(`/api/build/${FAILED_BUILD}/issues`)),
    ).toMatchObject([{ id: CODE_ISSUE, version: 2 }]);
    expect(await page.get("/api/build/maestro:b-pass/tests")).toHaveLength(15);
    await expect(page.get("/api/build/maestro:b-pass/issues")).rejects.toThrow(
      "200:No issues found for this build",
    );
    await expect(page.get("/api/build/unknown")).rejects.toThrow("200:Build not found");
    await expect(page.get("/api/build/maestro:b-null/tests")).rejects.toThrow(
      "200:No tests found for this build",
    );
  });

  it("show a test with its issues, and its history out of its own fields", async () => {
    const read = [
      "id",
      "build_id",
      "path",
      "log_excerpt",
      "log_url",
      "compiler",
      "architecture",
      "config_name",
    ];
    const where = ["git_commit_hash", "git_repository_branch", "git_repository_url", "tree_name"];
    const test = await reads<Record<string, string> & { environment_misc: { platform: string } }>(
      Type.Object({
        ...fields.texts(...read, ...where, "origin", "test_origin").properties,
        field_timestamp: fields.TimeOrNull,
        start_time: fields.TimeOrNull,
        environment_misc: Type.Object({ platform: fields.Text }),
        environment_compatible: fields.TextsOrNull,
        git_commit_tags: fields.TextsOrNull,
      }),
      page.get(`/api/test/${FAILED_BOOT}`),
    );
    expect(await reads(Type.Array(fields.Issue), page.get(`/api/test/${FAILED_BOOT}/issues`))).toMatchObject([
      { version: 1731922995, incidents_info: { FAIL: 1 } },
    ]);
    const asked = {
      path: test.path,
      origin: test.origin,
      git_repository_url: test.git_repository_url,
      git_repository_branch: test.git_repository_branch,
      platform: test.environment_misc.platform,
      current_test_start_time: test.start_time,
      config_name: test.config_name,
    };
    expect(await page.get("/api/test/status-history", asked)).toMatchObject({
      regression_type: "fail",
      status_history: [
        { id: FAILED_BOOT, status: "FAIL", start_time: test.start_time, git_commit_hash: HEAD },
      ],
    });
    // The page knows this one by its status.
    await expect(page.get("/api/test/status-history", { ...asked, path: "unknown" })).rejects.toThrow(
      "400:Test status history not found",
    );
    await expect(page.get("/api/test/maestro:boot-pass/issues")).rejects.toThrow(
      "200:No issues were found for this test",
    );
    await expect(page.get("/api/test/unknown")).rejects.toThrow("200:Test not found");
  });

  it("do not forget who has results: origins of checkouts and of tests, maestro among them", async () => {
    const origins = await reads<Record<string, string[]>>(
      Type.Object({ checkout_origins: Type.Array(fields.Text), test_origins: Type.Array(fields.Text) }),
      page.get("/api/origins/"),
    );
    expect(origins.checkout_origins).toEqual(["maestro", "redhat"]);
    expect(origins.test_origins).toContain("maestro");
  });

  it("read metrics of whole weeks, and logs through the proxy", async () => {
    const end = (new Date().getUTCDay() + 1) % 7;
    const numbers = ["n_trees", "n_checkouts", "n_builds", "n_tests"];
    const counts = Object.fromEntries(
      [...numbers, ...numbers.map((name) => `prev_${name}`)].map((name) => [name, Type.Integer()]),
    );
    const top = Type.Record(
      Type.String(),
      Type.Array(
        Type.Object({
          id: fields.Text,
          version: Type.Integer(),
          comment: fields.Text,
          total_incidents: Type.Integer(),
        }),
      ),
    );
    await reads(
      Type.Object({
        ...counts,
        build_incidents_by_origin: Type.Record(Type.String(), Type.Object({ n_new_issues: Type.Integer() })),
        top_issues_by_origin: top,
        new_issues_by_origin: top,
        lab_maps: Type.Record(Type.String(), Type.Object({ builds: Type.Integer() })),
        prev_lab_maps: Type.Record(Type.String(), Type.Object({ builds: Type.Integer() })),
      }),
      page.get("/api/metrics/", { start_days_ago: end + 7, end_days_ago: end }),
    );
    await expect(page.get("/api/proxy/", { url: "https://example.org/log" })).rejects.toThrow("403:");
  });
});
