import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../../test/support/database.ts";
import type { OpenApi, Operation } from "../../test/support/openapi.ts";
import { testServer, type TestServer } from "../../test/support/server.ts";
import { PROJECT } from "../../test/support/shared.ts";

/** As in chapter 03, section 3.13. */
const OPERATIONS = `
  build_retrieve build_tests_retrieve build_issues_retrieve
  test_retrieve test_issues_retrieve test_status_history_retrieve
  tree_retrieve tree_retrieve_2
  tree_full_retrieve tree_summary_retrieve tree_builds_retrieve tree_boots_retrieve tree_tests_retrieve tree_commits_retrieve
  tree_full_retrieve_2 tree_summary_retrieve_2 tree_builds_retrieve_2 tree_boots_retrieve_2 tree_tests_retrieve_2 tree_commits_retrieve_3
  tree_commits_retrieve_2 tree_commits_history_retrieve
  tree_compare_retrieve tree_compare_builds_retrieve tree_compare_boots_retrieve tree_compare_tests_retrieve
  tree_report_retrieve
  hardware_retrieve hardware_by_revision_retrieve hardware_info_retrieve hardware_registry_retrieve hardware_selectors_retrieve
  hardware_create hardware_builds_create hardware_boots_create hardware_tests_create hardware_summary_create hardware_commit_history_create
  issue_retrieve issue_retrieve_2 issue_tests_retrieve issue_builds_retrieve issue_extras_create
  log_downloader_retrieve metrics_retrieve origins_retrieve proxy_retrieve schema_retrieve`;

let server: TestServer;
let document: OpenApi;
let operations: Operation[];
beforeAll(async () => {
  server = await testServer((await testDatabase()).pool);
  document = (await server.get("/api/schema/?format=json")).body as OpenApi;
  operations = Object.values(document.paths).flatMap((path) => Object.values(path));
});

describe("the description", () => {
  it("is valid OpenAPI 3.0.3 that uses every component it has", async () => {
    expect(document.openapi).toBe("3.0.3");
    expect(document.info).toEqual({
      title: "KernelCI Dashboard API",
      version: "0.9.0",
      description: "API for the KernelCI dashboard",
    });
    expect(
      await new Validator().validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>),
    ).toEqual({ valid: true });
    const text = JSON.stringify(document);
    expect(text).not.toMatch(/"type":"null"|"const":|"patternProperties":|"additionalItems":|"x-/);
    expect(text).not.toMatch(/"(schema|items)":\[/);
    const unused = Object.keys(document.components.schemas).filter(
      (name) => !text.includes(`"#/components/schemas/${name}"`),
    );
    expect(unused).toEqual([]);
  });

  it("has all operations, each under the first part of its path", () => {
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(
      OPERATIONS.trim().split(/\s+/).sort(),
    );
    for (const [path, methods] of Object.entries(document.paths)) {
      const tag = path.split("/")[2];
      for (const { tags } of Object.values(methods)) expect(tags).toEqual([tag]);
    }
  });

  it("explains every parameter and every answer", () => {
    const unexplained: string[] = [];
    for (const { operationId, summary, parameters = [], requestBody, responses } of operations) {
      const missing = (what: string): number => unexplained.push(`${operationId}: ${what}`);
      if (!summary) missing("summary");
      for (const { name, description, example, examples, schema } of parameters) {
        if (!description) missing(`description of ${name}`);
        const shows = [example, examples, schema.default, schema.enum].some((one) => one !== undefined);
        if (!shows && schema.type !== "boolean") missing(`example of ${name}`);
      }
      const statuses = ["200", "400", "500", ...(requestBody === undefined ? [] : ["413"])];
      for (const status of statuses) if (!(status in responses)) missing(status);
      for (const [status, { description, content }] of Object.entries(responses))
        if (description === "Default Response" || Object.keys(content).length === 0) missing(status);
    }
    expect(unexplained).toEqual([]);
  });

  it("says which parameters may be left out, with what stands in for them", () => {
    const listing = document.paths["/api/tree/"]?.get?.parameters ?? [];
    expect(listing.map(({ name, required, schema }) => [name, required, schema.default])).toEqual([
      ["origin", false, "maestro"],
      ["interval_in_days", false, 7],
    ]);
    const report = document.paths["/api/tree-report/"]?.get?.parameters ?? [];
    expect(report.filter(({ required }) => required).map(({ name }) => name)).toEqual([
      "git_branch",
      "git_url",
    ]);
  });

  it("is what schema.yml at the project's root holds", async () => {
    const { body } = await server.get("/api/schema/");
    const committed = await readFile(join(PROJECT, "schema.yml"), "utf8");
    expect(committed === body, "schema.yml is stale: run ./generate-schema.sh").toBe(true);
  });
});

describe("GET /api/schema/", () => {
  const typeOf = async (query: string, accept?: string): Promise<(string | number | null)[]> => {
    const { status, headers } = await server.get(
      `/api/schema/${query}`,
      accept === undefined ? {} : { accept },
    );
    return [status, headers.get("content-type"), headers.get("content-disposition")];
  };

  it("is YAML or JSON, as parameter and header ask", async () => {
    const yaml = 'inline; filename="KernelCI Dashboard API.yaml"';
    const json = 'inline; filename="KernelCI Dashboard API.json"';
    const openApi = "application/vnd.oai.openapi; charset=utf-8";
    expect(await typeOf("")).toEqual([200, openApi, yaml]);
    expect(await typeOf("?format=json")).toEqual([200, "application/vnd.oai.openapi+json", json]);
    expect(await typeOf("?format=yaml", "application/json")).toEqual([200, openApi, yaml]);
    expect(await typeOf("", "application/json")).toEqual([200, "application/json", json]);
    expect(await typeOf("", "application/yaml")).toEqual([200, "application/yaml; charset=utf-8", yaml]);
    expect(await typeOf("", "text/html,application/xhtml+xml,*/*;q=0.8")).toEqual([200, openApi, yaml]);
    expect(await typeOf("", "text/html")).toEqual([406, "application/json", null]);
    expect(await typeOf("", "application/json;q=0, text/html")).toEqual([406, "application/json", null]);
    expect(await typeOf("?format=xml")).toEqual([404, "application/json", null]);
    expect((await server.get("/api/schema/")).body).toMatch(/^openapi: 3\.0\.3\n/);
  });

  it("has pages that show it", async () => {
    for (const page of ["swagger-ui", "redoc"]) {
      const { status, headers, body } = await server.get(`/api/schema/${page}/`);
      expect([status, headers.get("content-type")?.split(";")[0]]).toEqual([200, "text/html"]);
      expect(body).toMatch(/<script/);
    }
  });
});
