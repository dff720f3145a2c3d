/** `/api/build/...` (chapter 06, section 4). */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ANY_COMMIT, ANY_ISSUE } from "../../cache/tags.ts";
import { sendJsonText, sendNothing } from "../../http/answers.ts";
import type { RouteContext } from "../../http/server.ts";
import { branchOfItem } from "../item_tags.ts";
import { itemIssues } from "../item_issues.ts";
import { queryBody } from "../query.ts";
import { CountedIssue, ERROR_ANSWERS, foundOrNot } from "../shapes.ts";
import { buildDetails } from "./details.ts";
import { BuildDetails, BuildPath, BuildTests } from "./shapes.ts";
import { buildTests } from "./tests.ts";

const BUILD_NOT_FOUND = "Build not found";
const NO_TESTS = "No tests found for this build";
const NO_ISSUES = "No issues found for this build";

interface BuildRequest {
  Params: { build_id: string };
}

/** Registers the routes of builds. */
export function buildRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<BuildRequest>(
    "/api/build/:build_id",
    {
      config: { cache: { tags: (_request, answer) => branchOfItem(answer) } },
      schema: {
        operationId: "build_retrieve",
        tags: ["build"],
        summary: "One build",
        params: BuildPath,
        response: { 200: foundOrNot(BuildDetails), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const body = await queryBody(pool, "build_details", buildDetails(request.params.build_id));
      return body === undefined ? sendNothing(reply, BUILD_NOT_FOUND) : sendJsonText(reply, body);
    },
  );

  app.get<BuildRequest>(
    "/api/build/:build_id/tests",
    {
      config: { cache: { tags: () => [ANY_COMMIT] } },
      schema: {
        operationId: "build_tests_retrieve",
        tags: ["build"],
        summary: "Boots and tests that ran on a build",
        params: BuildPath,
        response: { 200: foundOrNot(BuildTests), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const body = await queryBody(pool, "build_tests", buildTests(request.params.build_id));
      return body === undefined ? sendNothing(reply, NO_TESTS) : sendJsonText(reply, body);
    },
  );

  app.get<BuildRequest>(
    "/api/build/:build_id/issues",
    {
      // What changes a build or test changes the issues that it has.
      config: { cache: { tags: () => [ANY_ISSUE] } },
      schema: {
        operationId: "build_issues_retrieve",
        tags: ["build"],
        summary: "Known issues of a build",
        description:
          "One item per version of an issue, the earliest seen first. The build counts once in each.",
        params: BuildPath,
        response: { 200: foundOrNot(Type.Array(CountedIssue)), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const body = await queryBody(pool, "build_issues", itemIssues("build", request.params.build_id));
      return body === undefined ? sendNothing(reply, NO_ISSUES) : sendJsonText(reply, body);
    },
  );
}
