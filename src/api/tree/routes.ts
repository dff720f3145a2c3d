/** The tree listing, and the newest checkout of a branch (chapter 04, sections 4 and 5). */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { branchOfTree, treesOf } from "../../cache/tags.ts";
import { sendJson, sendJsonText, sendNothing } from "../../http/answers.ts";
import { lastValue } from "../../http/cache_policy.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { DEFAULT_ORIGIN, ERROR_ANSWERS, foundOrNot } from "../shapes.ts";
import { detailAddresses, latestCheckout } from "./latest.ts";
import { treeListing } from "./listing.ts";
import {
  BranchPath,
  TreeLatest,
  TreeLatestQuery,
  TreeListing,
  TreeListingQuery,
  TreeNotFound,
} from "./shapes.ts";

const NO_TREES = "No trees were found";
const TREE_NOT_FOUND = "Tree not found.";
const TREE_DEFAULT_ORIGIN = ` No origin was provided so it was defaulted to ${DEFAULT_ORIGIN}`;

export function treeRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Querystring: RawQuery }>(
    "/api/tree/",
    {
      config: {
        cache: {
          tags: (request) => [treesOf(lastValue(request, "origin", DEFAULT_ORIGIN))],
          until: (request, answer) =>
            untilOneLeaves(parseParameters(TreeListingQuery, request.query), answer),
        },
      },
      schema: {
        operationId: "tree_retrieve",
        tags: ["tree"],
        summary: "Trees of an origin with their newest commit and its counts",
        querystring: TreeListingQuery,
        response: { 200: foundOrNot(TreeListing), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const query = parseParameters(TreeListingQuery, request.query);
      const body = await treeListing(pool, query.origin, query.interval_in_days);
      return body === undefined ? sendNothing(reply, NO_TREES) : sendJsonText(reply, body);
    },
  );

  app.get<{ Querystring: RawQuery; Params: { tree_name: string; git_branch: string } }>(
    "/api/tree/:tree_name/:git_branch",
    {
      config: {
        cache: {
          tags: (request) => [
            branchOfTree(
              lastValue(request, "origin", DEFAULT_ORIGIN),
              request.params.tree_name ?? "",
              request.params.git_branch ?? "",
            ),
          ],
        },
      },
      schema: {
        operationId: "tree_retrieve_2",
        tags: ["tree"],
        summary: "The newest checkout of a branch",
        params: BranchPath,
        querystring: TreeLatestQuery,
        response: { 200: Type.Union([TreeLatest, TreeNotFound]), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { tree_name: name, git_branch: branch } = request.params;
      const { origin = DEFAULT_ORIGIN, commit_hash: commit } = parseParameters(
        TreeLatestQuery,
        request.query,
      );
      const checkout = await latestCheckout(pool, { origin, name, branch }, commit);
      if (checkout !== undefined) return sendJson(reply, { ...checkout, ...detailAddresses(checkout) });
      const hint = request.query.origin === undefined ? TREE_DEFAULT_ORIGIN : "";
      return sendNothing(reply, TREE_NOT_FOUND + hint, {
        params: { tree_name: name, git_branch: branch, origin, commit_hash: commit ?? null },
      });
    },
  );
}

/** When the oldest tree of a listing, its last, is too old for it. */
function untilOneLeaves({ interval_in_days: days }: { interval_in_days: number }, answer: Buffer): number {
  const start = /"start_time" : "([^"]+)"\}\]$/.exec(
    answer.toString("latin1", Math.max(0, answer.length - 200)),
  )?.[1];
  return start === undefined ? Infinity : Date.parse(start) + days * 86_400_000;
}
