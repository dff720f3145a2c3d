/** The commit graph's counts (chapter 04, sections 8 and 9). */
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { ANY_COMMIT, branchOfRepository, branchOfTree } from "../../cache/tags.ts";
import { parseQueryFilters } from "../../filters/parse.ts";
import { sendJson, sendJsonText, sendNothing } from "../../http/answers.ts";
import { lastValue, withMovingWindow } from "../../http/cache_policy.ts";
import { fromUnixSeconds } from "../../http/datetime.ts";
import { ApiError, ParameterError } from "../../http/errors.ts";
import { parseParameters, wholeNumber, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { statementsOf } from "../../http/overload.ts";
import { ALL_FILTERS } from "../filter_parameters.ts";
import type { Kind } from "../items/counts.ts";
import { ERROR_ANSWERS, foundOrNot } from "../shapes.ts";
import { CommitList, commitList } from "./commit_list.ts";
import { historyOfCommit, historyOfHashes, type HistoryRequest } from "./history.ts";
import type { Scope } from "./scope.ts";
import {
  ChosenHistoryQuery,
  CommitHistory,
  CommitPath,
  DirectCommitPath,
  DirectHistoryQuery,
  HistoryQuery,
} from "./shapes.ts";

const NO_HISTORY = "History of tree commits not found";
const NO_HASHES = "commit_hashes query parameter is required";
const KINDS: readonly Kind[] = ["builds", "boots", "tests"];
/** As many as fit into a request line, and a bound. */
const MAX_HASHES = 1000;

export function treeHistoryRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Querystring: RawQuery; Params: { commit_hash: string } }>(
    "/api/tree/:commit_hash/commits",
    {
      config: {
        cost: "moderate",
        cache: {
          tags: (request) => [
            branchOfRepository(
              lastValue(request, "origin"),
              lastValue(request, "git_url"),
              lastValue(request, "git_branch"),
            ),
          ],
        },
      },
      schema: {
        operationId: "tree_commits_retrieve",
        tags: ["tree"],
        summary: "Counts of a commit and the five before it, by repository and branch",
        params: CommitPath,
        querystring: Type.Object({ ...HistoryQuery.properties, ...ALL_FILTERS }),
        response: { 200: foundOrNot(CommitHistory), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const query = parseParameters(HistoryQuery, request.query);
      const scope = { origin: query.origin, branch: query.git_branch, url: query.git_url, tree: undefined };
      const commits = await historyOfCommit(
        statementsOf(request, pool),
        request.params.commit_hash,
        historyRequest(scope, query, request.query),
      );
      return commits === undefined ? sendNothing(reply, NO_HISTORY) : sendJson(reply, commits);
    },
  );

  app.get<{ Querystring: RawQuery; Params: { tree_name: string; git_branch: string; commit_hash: string } }>(
    "/api/tree/:tree_name/:git_branch/:commit_hash/commits",
    {
      config: {
        cost: "moderate",
        cache: {
          // The hash may turn out to be the last part of the branch.
          tags: (request) => {
            const { tree_name: tree = "", git_branch: branch = "", commit_hash: last = "" } = request.params;
            const origin = lastValue(request, "origin");
            return [branchOfTree(origin, tree, branch), branchOfTree(origin, tree, `${branch}/${last}`)];
          },
        },
      },
      schema: {
        operationId: "tree_commits_retrieve_3",
        tags: ["tree"],
        summary: "Counts of a commit and the five before it, by tree and branch",
        description:
          "Where the branch has no such commit, the hash is taken as the last part of the branch's name, and the answer lists the commits of that branch.",
        params: DirectCommitPath,
        querystring: Type.Object({ ...DirectHistoryQuery.properties, ...ALL_FILTERS }),
        response: {
          200: foundOrNot(Type.Union([CommitHistory, CommitList])),
          ...ERROR_ANSWERS,
        },
      },
    },
    async (request, reply) => {
      const query = parseParameters(DirectHistoryQuery, request.query);
      const { tree_name: tree, git_branch: branch, commit_hash: commit } = request.params;
      const scope = { origin: query.origin, branch, url: undefined, tree };
      const commits = await historyOfCommit(
        statementsOf(request, pool),
        commit,
        historyRequest(scope, query, request.query),
      );
      if (commits !== undefined) return sendJson(reply, commits);
      const url = request.query.git_url?.at(-1) ?? "";
      const list = await commitList(pool, { origin: query.origin, tree, branch: `${branch}/${commit}`, url });
      return list === undefined ? sendNothing(reply, NO_HISTORY) : sendJsonText(reply, list);
    },
  );

  app.get<{ Querystring: RawQuery }>(
    "/api/tree/commits-history",
    {
      // For a hash that is not known the answer has the time of now.
      config: { cost: "expensive", cache: { tags: () => [ANY_COMMIT], until: withMovingWindow } },
      schema: {
        operationId: "tree_commits_history_retrieve",
        tags: ["tree"],
        summary: "Counts of chosen commits, in the order of their hashes",
        querystring: Type.Object({ ...ChosenHistoryQuery.properties, ...ALL_FILTERS }),
        response: { 200: foundOrNot(CommitHistory), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const query = parseParameters(ChosenHistoryQuery, request.query);
      const hashes = listed(query.commit_hashes ?? "");
      if (hashes.length === 0) throw new ApiError(400, NO_HASHES);
      if (hashes.length > MAX_HASHES)
        throw new ParameterError("commit_hashes", `must be at most ${MAX_HASHES} hashes`);
      const { origin, tree_name: tree, git_branch: branch, git_url: url } = query;
      const scope = {
        origin,
        branch,
        url: tree !== "" && branch !== "" ? undefined : url,
        tree: tree === "" ? undefined : tree,
      };
      const commits = await historyOfHashes(
        statementsOf(request, pool),
        hashes,
        historyRequest(scope, query, request.query),
      );
      return commits === undefined ? sendNothing(reply, NO_HISTORY) : sendJson(reply, commits);
    },
  );
}

/** Parts of a comma list, without blanks around them. */
function listed(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** @throws ParameterError, FilterError */
function historyRequest(
  scope: Scope,
  query: Static<typeof DirectHistoryQuery>,
  rawQuery: RawQuery,
): HistoryRequest {
  const kinds = listed(query.types);
  const unknown = kinds.find((kind) => !KINDS.some((known) => known === kind));
  if (unknown !== undefined) throw new ParameterError("types", `must be a comma list of ${KINDS.join(", ")}`);
  const { start_timestamp_in_seconds: start, end_timestamp_in_seconds: end } = query;
  return {
    scope,
    filters: parseQueryFilters(rawQuery),
    kinds: kinds.length === 0 ? KINDS : KINDS.filter((kind) => kinds.includes(kind)),
    window: windowOf(start, end),
    relatedBuildsOnly: query.builds_related_to_filtered_tests_only,
  };
}

/** A window needs two usable ends; anything else is silently none, as clients expect. */
function windowOf(start: string | undefined, end: string | undefined): HistoryRequest["window"] {
  const [from, to] = [start, end].map((text) => {
    const seconds = text === undefined ? undefined : wholeNumber(text);
    return seconds === undefined ? undefined : fromUnixSeconds(seconds);
  });
  return from === undefined || to === undefined ? undefined : { start: from, end: to };
}
