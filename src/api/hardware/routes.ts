/** The hardware lists and the commit history (chapter 05, sections 4 to 6 and 10). */
import type { FastifyInstance } from "fastify";
import { ANY_CHECKOUT, ANY_COMMIT, commitOfHash, hardwareOf } from "../../cache/tags.ts";
import { sendJsonText, sendNothing } from "../../http/answers.ts";
import { parseObjectBody } from "../../http/body.ts";
import { lastValue, withMovingWindow } from "../../http/cache_policy.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { BODY_ERROR_ANSWERS, DEFAULT_ORIGIN, ERROR_ANSWERS, foundOrNot } from "../shapes.ts";
import { parseWindow, type Problem } from "./body.ts";
import { hardwareByRevision } from "./by_revision.ts";
import { commitHistory, parseCommitHeads } from "./commit_history.ts";
import { hardwareListing } from "./listing.ts";
import { hardwareSelectors } from "./selectors.ts";
import {
  CommitHistory,
  CommitHistoryBody,
  HardwareByRevision,
  HardwareByRevisionQuery,
  HardwareListing,
  HardwareListingQuery,
  HardwarePath,
  HardwareSelectors,
  HardwareSelectorsQuery,
} from "./shapes.ts";

const NO_HARDWARE = "No hardware found";
const NO_COMMITS = "Commit history not found";

export function hardwareRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Querystring: RawQuery }>(
    "/api/hardware/",
    {
      // A new checkout may be the head of its tree, on whatever hardware it was tested.
      config: {
        cache: {
          tags: (request) => [hardwareOf(lastValue(request, "origin", DEFAULT_ORIGIN)), ANY_CHECKOUT],
        },
      },
      schema: {
        operationId: "hardware_retrieve",
        tags: ["hardware"],
        summary: "Platforms that the newest commits of all trees, or given commits, were tested on",
        querystring: HardwareListingQuery,
        response: { 200: foundOrNot(HardwareListing), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const query = parseParameters(HardwareListingQuery, request.query);
      const window = { start: query.startTimestampInSeconds, end: query.endTimestampInSeconds };
      const body = await hardwareListing(pool, window, query.origin, listed(query.commitsList));
      return body === undefined ? sendNothing(reply, NO_HARDWARE) : sendJsonText(reply, body);
    },
  );

  app.get<{ Querystring: RawQuery }>(
    "/api/hardware-by-revision/",
    {
      config: { cache: { tags: (request) => [commitOfHash(lastValue(request, "git_commit_hash"))] } },
      schema: {
        operationId: "hardware_by_revision_retrieve",
        tags: ["hardware-by-revision"],
        summary: "Platforms that one commit of a tree was tested on",
        querystring: HardwareByRevisionQuery,
        response: { 200: HardwareByRevision, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { origin, ...revision } = parseParameters(HardwareByRevisionQuery, request.query);
      return sendJsonText(reply, await hardwareByRevision(pool, origin, revision));
    },
  );

  app.get<{ Querystring: RawQuery }>(
    "/api/hardware/selectors/",
    {
      config: { cache: { tags: () => [ANY_COMMIT], until: withMovingWindow } },
      schema: {
        operationId: "hardware_selectors_retrieve",
        tags: ["hardware"],
        summary: "Trees, branches and commits of the last 30 days",
        querystring: HardwareSelectorsQuery,
        response: { 200: HardwareSelectors, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { origin } = parseParameters(HardwareSelectorsQuery, request.query);
      return sendJsonText(reply, await hardwareSelectors(pool, origin));
    },
  );

  app.post(
    "/api/hardware/:hardware_id/commit-history",
    {
      config: { cache: { tags: () => [ANY_CHECKOUT] } },
      schema: {
        operationId: "hardware_commit_history_create",
        tags: ["hardware"],
        summary: "Earlier commits of trees, for selection",
        description: "The commits do not depend on the hardware.",
        params: HardwarePath,
        body: CommitHistoryBody,
        response: { 200: foundOrNot(CommitHistory), ...BODY_ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const fields = parseObjectBody(request.body);
      const problems: Problem[] = [];
      const heads = parseCommitHeads(fields, problems);
      const body = await commitHistory(pool, parseWindow(fields, problems), heads);
      return body === undefined ? sendNothing(reply, NO_COMMITS) : sendJsonText(reply, body);
    },
  );
}

/** The parts of a list that is separated by commas. */
function listed(text = ""): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
