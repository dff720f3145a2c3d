/** `/api/test/...` (chapter 06, section 5). */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ANY_ISSUE, branchOfRepository, REPEATED_TEST } from "../../cache/tags.ts";
import { sendJsonText, sendNothing } from "../../http/answers.ts";
import { lastValue } from "../../http/cache_policy.ts";
import { ApiError } from "../../http/errors.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { branchOfItem } from "../item_tags.ts";
import { itemIssues } from "../item_issues.ts";
import { queryBody } from "../query.ts";
import { CountedIssue, ERROR_ANSWERS, foundOrNot } from "../shapes.ts";
import { testDetails } from "./details.ts";
import { StatusHistory, StatusHistoryQuery, TestDetails, TestPath } from "./shapes.ts";
import { statusHistoryBody } from "./status_history.ts";

const TEST_NOT_FOUND = "Test not found";
const NO_ISSUES = "No issues were found for this test";
const NO_HISTORY = "Test status history not found";

interface TestRequest {
  Params: { test_id: string };
}

/** Registers the routes of tests. */
export function testRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<TestRequest>(
    "/api/test/:test_id",
    {
      config: { cache: { tags: (_request, answer) => [...branchOfItem(answer), REPEATED_TEST] } },
      schema: {
        operationId: "test_retrieve",
        tags: ["test"],
        summary: "One test",
        params: TestPath,
        response: { 200: foundOrNot(TestDetails), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const body = await queryBody(pool, "test_details", testDetails(request.params.test_id));
      return body === undefined ? sendNothing(reply, TEST_NOT_FOUND) : sendJsonText(reply, body);
    },
  );

  app.get<TestRequest>(
    "/api/test/:test_id/issues",
    {
      // What changes a build or test changes the issues that it has.
      config: { cache: { tags: () => [ANY_ISSUE] } },
      schema: {
        operationId: "test_issues_retrieve",
        tags: ["test"],
        summary: "Known issues of a test",
        description:
          "One item per version of an issue, the earliest seen first. The test counts once in each.",
        params: TestPath,
        response: { 200: foundOrNot(Type.Array(CountedIssue)), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const body = await queryBody(pool, "test_issues", itemIssues("test", request.params.test_id));
      return body === undefined ? sendNothing(reply, NO_ISSUES) : sendJsonText(reply, body);
    },
  );

  app.get<{ Querystring: RawQuery }>(
    "/api/test/status-history",
    {
      config: {
        cache: {
          // Of a test without a start time the time is taken at which it came in.
          tags: (request) => [
            branchOfRepository(
              lastValue(request, "origin"),
              lastValue(request, "git_repository_url"),
              lastValue(request, "git_repository_branch"),
            ),
            REPEATED_TEST,
          ],
        },
      },
      schema: {
        operationId: "test_status_history_retrieve",
        tags: ["test"],
        summary: "Earlier results of a test, and what they say together",
        description: "Without either time, only tests that have neither are found. An empty result is a 400.",
        querystring: StatusHistoryQuery,
        response: { 200: StatusHistory, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const body = await statusHistoryBody(pool, parseParameters(StatusHistoryQuery, request.query));
      if (body === undefined) throw new ApiError(400, NO_HISTORY);
      return sendJsonText(reply, body);
    },
  );
}
