/** `/api/tree/...` (chapter 04). */
import type { FastifyInstance, FastifyReply } from "fastify";
import { sendJson, sendJsonText, sendNothing } from "../../http/answers.ts";
import { ApiError } from "../../http/errors.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { DEFAULT_ORIGIN, ERROR_ANSWERS } from "../shapes.ts";
import { commitBuilds, type Scope } from "./builds.ts";
import { detailAddresses, latestCheckout } from "./latest.ts";
import { treeListing } from "./listing.ts";
import {
  TreeBuilds,
  TreeBuildsDirectPath,
  TreeBuildsDirectQuery,
  TreeBuildsPath,
  TreeBuildsQuery,
  TreeLatest,
  TreeLatestPath,
  TreeLatestQuery,
  TreeListing,
  TreeListingQuery,
} from "./shapes.ts";

const NO_TREES = "No trees were found";
const TREE_NOT_FOUND = "Tree not found.";
const TREE_DEFAULT_ORIGIN = ` No origin was provided so it was defaulted to ${DEFAULT_ORIGIN}`;
const NO_RESULTS = "No results available for this tree/branch/commit";
const NO_BUILDS = "No builds available for this tree/branch/commit";

export function treeRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Querystring: RawQuery }>(
    "/api/tree/",
    {
      schema: {
        operationId: "tree_retrieve",
        tags: ["tree"],
        summary: "Trees of an origin with their newest commit and its counts",
        querystring: TreeListingQuery,
        response: { 200: TreeListing, ...ERROR_ANSWERS },
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
      schema: {
        operationId: "tree_retrieve_2",
        tags: ["tree"],
        summary: "The newest checkout of a branch",
        params: TreeLatestPath,
        querystring: TreeLatestQuery,
        response: { 200: TreeLatest, ...ERROR_ANSWERS },
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

  app.get<{ Querystring: RawQuery; Params: { commit_hash: string } }>(
    "/api/tree/:commit_hash/builds",
    {
      schema: {
        operationId: "tree_builds_retrieve",
        tags: ["tree"],
        summary: "Builds of a commit, by repository and branch",
        params: TreeBuildsPath,
        querystring: TreeBuildsQuery,
        response: { 200: TreeBuilds, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { origin, git_url: url, git_branch: branch } = parseParameters(TreeBuildsQuery, request.query);
      return sendBuilds(
        reply,
        request.query,
        { origin, branch, url, tree: undefined },
        request.params.commit_hash,
      );
    },
  );

  app.get<{ Querystring: RawQuery; Params: { tree_name: string; git_branch: string; commit_hash: string } }>(
    "/api/tree/:tree_name/:git_branch/:commit_hash/builds",
    {
      schema: {
        operationId: "tree_builds_retrieve_2",
        tags: ["tree"],
        summary: "Builds of a commit, by tree and branch",
        params: TreeBuildsDirectPath,
        querystring: TreeBuildsDirectQuery,
        response: { 200: TreeBuilds, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { origin } = parseParameters(TreeBuildsDirectQuery, request.query);
      const { tree_name: tree, git_branch: branch, commit_hash: commit } = request.params;
      return sendBuilds(reply, request.query, { origin, branch, url: undefined, tree }, commit);
    },
  );

  async function sendBuilds(
    reply: FastifyReply,
    query: RawQuery,
    scope: Scope,
    commit: string,
  ): Promise<FastifyReply> {
    const filter = Object.keys(query).find((name) => name.startsWith("filter_"));
    if (filter !== undefined)
      throw new ApiError(400, `Invalid parameter '${filter}': this version does not filter builds yet`);
    const { hasCheckouts, hasBuilds, builds } = await commitBuilds(pool, scope, commit);
    if (!hasCheckouts) return sendNothing(reply, NO_RESULTS);
    if (!hasBuilds) return sendNothing(reply, NO_BUILDS);
    return sendJsonText(reply, `{"builds":${builds}}`);
  }
}
