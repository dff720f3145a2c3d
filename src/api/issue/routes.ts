/** `/api/issue/...` (chapter 06, section 3). */
import type { FastifyInstance } from "fastify";
import { ANY_ISSUE, FILLED_CHECKOUT, issueOf } from "../../cache/tags.ts";
import { parseQueryFilters } from "../../filters/parse.ts";
import { sendJsonText, sendNothing } from "../../http/answers.ts";
import { lastValue, withMovingWindow, type CachePolicy } from "../../http/cache_policy.ts";
import { ParameterError } from "../../http/errors.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { BODY_ERROR_ANSWERS, ERROR_ANSWERS, foundOrNot } from "../shapes.ts";
import { issueDetails } from "./details.ts";
import { requestedExtras } from "./extras.ts";
import { parseExtrasBody } from "./extras_body.ts";
import { parseInterval } from "./interval.ts";
import { issueBuilds, issueTests } from "./items.ts";
import { issueListing } from "./listing.ts";
import {
  IssueBuilds,
  IssueDetails,
  IssueExtrasAnswer,
  IssueExtrasBody,
  IssueListing,
  IssueListingQuery,
  IssuePath,
  IssueQuery,
  IssueTests,
} from "./shapes.ts";

const NO_ISSUES = "No issues found";
const NO_EXTRAS = "No extra details found. Issue id has no incident or doesn't exist.";
const ISSUE_NOT_FOUND = "Issue not found";
const NO_BUILDS = "No builds found for this issue";
const NO_TESTS = "No tests found for this issue";

/** An answer about more issues than these counts as one about all. */
const MOST_TAGS = 100;

/** Checkouts are shown, and no issue counts as changed when one of them is. */
const ONE_ISSUE: CachePolicy = {
  tags: ({ params }) => [issueOf(params.issue_id ?? ""), FILLED_CHECKOUT],
};

interface IssueRequest {
  Params: { issue_id: string };
  Querystring: RawQuery;
}

/** Registers the routes of issues. */
export function issueRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Querystring: RawQuery }>(
    "/api/issue/",
    {
      config: {
        cache: {
          tags: () => [ANY_ISSUE, FILLED_CHECKOUT],
          until: (request) =>
            lastValue(request, "endTimestampInSeconds") === "" ? withMovingWindow() : Infinity,
        },
      },
      schema: {
        operationId: "issue_retrieve",
        tags: ["issue"],
        summary: "Issues that were taken in lately, with their first incidents",
        querystring: IssueListingQuery,
        response: { 200: foundOrNot(IssueListing), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const interval = parseInterval(parseParameters(IssueListingQuery, request.query));
      if (request.query.filter !== undefined)
        throw new ParameterError("filter", "a query has its filters in parameters named filter_...");
      const { issueList } = parseQueryFilters(request.query);
      const body = await issueListing(pool, interval, issueList);
      return body === undefined ? sendNothing(reply, NO_ISSUES) : sendJsonText(reply, body);
    },
  );

  app.post(
    "/api/issue/extras/",
    {
      config: {
        cache: {
          tags: ({ body }) => {
            const versions = parseExtrasBody(body);
            const issues = versions.length > MOST_TAGS ? [ANY_ISSUE] : versions.map(({ id }) => issueOf(id));
            return [...issues, FILLED_CHECKOUT];
          },
        },
      },
      schema: {
        operationId: "issue_extras_create",
        tags: ["issue"],
        summary: "Where versions of issues were seen: first and last incident, trees, tags",
        body: IssueExtrasBody,
        response: { 200: foundOrNot(IssueExtrasAnswer), ...BODY_ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const body = await requestedExtras(pool, parseExtrasBody(request.body));
      return body === undefined ? sendNothing(reply, NO_EXTRAS) : sendJsonText(reply, body);
    },
  );

  app.get<IssueRequest>(
    "/api/issue/:issue_id",
    {
      config: { cache: ONE_ISSUE },
      schema: {
        operationId: "issue_retrieve_2",
        tags: ["issue"],
        summary: "One version of an issue",
        params: IssuePath,
        querystring: IssueQuery,
        response: { 200: foundOrNot(IssueDetails), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { version } = parseParameters(IssueQuery, request.query);
      const body = await issueDetails(pool, request.params.issue_id, version);
      return body === undefined ? sendNothing(reply, ISSUE_NOT_FOUND) : sendJsonText(reply, body);
    },
  );

  app.get<IssueRequest>(
    "/api/issue/:issue_id/builds",
    {
      config: { cache: ONE_ISSUE },
      schema: {
        operationId: "issue_builds_retrieve",
        tags: ["issue"],
        summary: "Builds that a version of an issue was seen on",
        params: IssuePath,
        querystring: IssueQuery,
        response: { 200: foundOrNot(IssueBuilds), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { version } = parseParameters(IssueQuery, request.query);
      const body = await issueBuilds(pool, request.params.issue_id, version);
      return body === undefined ? sendNothing(reply, NO_BUILDS) : sendJsonText(reply, body);
    },
  );

  app.get<IssueRequest>(
    "/api/issue/:issue_id/tests",
    {
      config: { cache: ONE_ISSUE },
      schema: {
        operationId: "issue_tests_retrieve",
        tags: ["issue"],
        summary: "Tests that a version of an issue was seen on",
        params: IssuePath,
        querystring: IssueQuery,
        response: { 200: foundOrNot(IssueTests), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { version } = parseParameters(IssueQuery, request.query);
      const body = await issueTests(pool, request.params.issue_id, version);
      return body === undefined ? sendNothing(reply, NO_TESTS) : sendJsonText(reply, body);
    },
  );
}
