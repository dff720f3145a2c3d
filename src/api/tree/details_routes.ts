/** Details of a tree's commit: full, summary, builds, boots and tests, by tree and branch or by hash (chapter 04, section 6). */
import type { FastifyInstance, FastifyReply } from "fastify";
import { Type, type Static, type TSchema } from "typebox";
import { branchOfRepository, branchOfTree, REPEATED_ISSUE } from "../../cache/tags.ts";
import type { Pool } from "../../database/pool.ts";
import { parseQueryFilters } from "../../filters/parse.ts";
import { sendJson, sendJsonText, sendNothing } from "../../http/answers.ts";
import { lastValue, type CachePolicy } from "../../http/cache_policy.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { statementsOf, type Cost } from "../../http/overload.ts";
import { ALL_FILTERS, FILTERS_OF_BOOTS, FILTERS_OF_BUILDS, FILTERS_OF_TESTS } from "../filter_parameters.ts";
import { EnvironmentQuery } from "../items/shapes.ts";
import { DEFAULT_ORIGIN, ERROR_ANSWERS, foundOrNot } from "../shapes.ts";
import {
  commitBuilds,
  commitLists,
  commitSummary,
  commitTests,
  type CommitRequest,
  type Found,
} from "./details.ts";
import {
  CommitPath,
  DirectCommitPath,
  DirectQuery,
  ListQuery,
  SummaryQuery,
  TreeBoots,
  TreeBuilds,
  TreeFull,
  TreeSummary,
  TreeTests,
} from "./shapes.ts";

const NO_RESULTS = "No results available for this tree/branch/commit";
const NO_BUILDS = "No builds available for this tree/branch/commit";

/** One way to look at a commit; it exists by hash and by tree and branch. */
interface View {
  name: string;
  summary: string;
  cost: Cost;
  /** Which checkouts are meant, when it is asked by hash. */
  byHash: typeof ListQuery | typeof SummaryQuery;
  parseQuery: (query: RawQuery) => Static<typeof SummaryQuery>;
  more: Record<string, TSchema>;
  answer: TSchema;
  respond: (
    pool: Pool,
    reply: FastifyReply,
    request: CommitRequest,
    query: RawQuery,
  ) => Promise<FastifyReply>;
}

const VIEWS: View[] = [
  {
    name: "full",
    summary: "Builds, boots and tests of a commit, with their summary",
    cost: "expensive",
    byHash: SummaryQuery,
    parseQuery: (query) => parseParameters(SummaryQuery, query),
    more: ALL_FILTERS,
    answer: TreeFull,
    respond: sendFull,
  },
  {
    name: "summary",
    summary: "Counts of a commit's builds, boots and tests",
    cost: "moderate",
    byHash: SummaryQuery,
    parseQuery: (query) => parseParameters(SummaryQuery, query),
    more: ALL_FILTERS,
    answer: TreeSummary,
    respond: sendSummary,
  },
  {
    name: "builds",
    summary: "Builds of a commit",
    cost: "moderate",
    byHash: ListQuery,
    parseQuery: (query) => parseParameters(ListQuery, query),
    more: FILTERS_OF_BUILDS,
    answer: TreeBuilds,
    respond: sendBuilds,
  },
  {
    name: "boots",
    summary: "Boots of a commit",
    cost: "moderate",
    byHash: ListQuery,
    parseQuery: (query) => parseParameters(ListQuery, query),
    more: { ...EnvironmentQuery.properties, ...FILTERS_OF_BOOTS },
    answer: TreeBoots,
    respond: (pool, reply, request, query) => sendTests(pool, reply, request, query, "boots"),
  },
  {
    name: "tests",
    summary: "Tests of a commit that are no boots",
    cost: "expensive",
    byHash: ListQuery,
    parseQuery: (query) => parseParameters(ListQuery, query),
    more: { ...EnvironmentQuery.properties, ...FILTERS_OF_TESTS },
    answer: TreeTests,
    respond: (pool, reply, request, query) => sendTests(pool, reply, request, query, "tests"),
  },
];

/** Known issues are in the order in which they were taken in, and so are the items that have them. */
const BY_HASH: CachePolicy = {
  tags: (request) => [
    branchOfRepository(
      lastValue(request, "origin", DEFAULT_ORIGIN),
      lastValue(request, "git_url"),
      lastValue(request, "git_branch"),
    ),
    REPEATED_ISSUE,
  ],
};
const BY_TREE: CachePolicy = {
  tags: (request) => [
    branchOfTree(
      lastValue(request, "origin", DEFAULT_ORIGIN),
      request.params.tree_name ?? "",
      request.params.git_branch ?? "",
    ),
    REPEATED_ISSUE,
  ],
};

export function treeDetailsRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  for (const view of VIEWS) {
    const schema = { tags: ["tree"], response: { 200: foundOrNot(view.answer), ...ERROR_ANSWERS } };
    const byHashQuery = Type.Object({ ...view.byHash.properties, ...view.more });
    app.get<{ Querystring: RawQuery; Params: { commit_hash: string } }>(
      `/api/tree/:commit_hash/${view.name}`,
      {
        config: { cost: view.cost, cache: BY_HASH },
        schema: {
          ...schema,
          operationId: `tree_${view.name}_retrieve`,
          summary: `${view.summary}, by repository and branch`,
          params: CommitPath,
          querystring: byHashQuery,
        },
      },
      (request, reply) => {
        const { origin, git_url: url = "", git_branch: branch = "" } = view.parseQuery(request.query);
        const scope = { origin, branch, url, tree: undefined };
        const filters = parseQueryFilters(request.query);
        return view.respond(
          statementsOf(request, pool),
          reply,
          { scope, commit: request.params.commit_hash, filters },
          request.query,
        );
      },
    );
    const directQuery = Type.Object({ ...DirectQuery.properties, ...view.more });
    app.get<{
      Querystring: RawQuery;
      Params: { tree_name: string; git_branch: string; commit_hash: string };
    }>(
      `/api/tree/:tree_name/:git_branch/:commit_hash/${view.name}`,
      {
        config: { cost: view.cost, cache: BY_TREE },
        schema: {
          ...schema,
          operationId: `tree_${view.name}_retrieve_2`,
          summary: `${view.summary}, by tree and branch`,
          params: DirectCommitPath,
          querystring: directQuery,
        },
      },
      (request, reply) => {
        const { origin } = parseParameters(DirectQuery, request.query);
        const { tree_name: tree, git_branch: branch, commit_hash: commit } = request.params;
        const scope = { origin, branch, url: undefined, tree };
        const filters = parseQueryFilters(request.query);
        return view.respond(statementsOf(request, pool), reply, { scope, commit, filters }, request.query);
      },
    );
  }
}

/** The error text where there is nothing to show, whatever is filtered. */
function nothing({ hasCheckouts, hasBuilds }: Found): string | undefined {
  if (!hasCheckouts) return NO_RESULTS;
  return hasBuilds ? undefined : NO_BUILDS;
}

async function sendFull(pool: Pool, reply: FastifyReply, request: CommitRequest): Promise<FastifyReply> {
  const [counted, { builds, boots, tests }] = await Promise.all([
    commitSummary(pool, request),
    commitLists(pool, request),
  ]);
  const error = nothing(counted);
  if (error !== undefined) return sendNothing(reply, error);
  const summary = JSON.stringify(counted.summary).slice(0, -1);
  return sendJsonText(reply, `${summary},"tests":${tests},"boots":${boots},"builds":${builds}}`);
}

async function sendSummary(pool: Pool, reply: FastifyReply, request: CommitRequest): Promise<FastifyReply> {
  const counted = await commitSummary(pool, request);
  const error = nothing(counted);
  return error === undefined ? sendJson(reply, counted.summary) : sendNothing(reply, error);
}

async function sendBuilds(pool: Pool, reply: FastifyReply, request: CommitRequest): Promise<FastifyReply> {
  const { builds, ...found } = await commitBuilds(pool, request);
  const error = nothing(found);
  return error === undefined ? sendJsonText(reply, `{"builds":${builds}}`) : sendNothing(reply, error);
}

/** A commit without builds has no boots and tests, which is no error. */
async function sendTests(
  pool: Pool,
  reply: FastifyReply,
  request: CommitRequest,
  query: RawQuery,
  kind: "boots" | "tests",
): Promise<FastifyReply> {
  const { full_environment_misc: fullEnvironment } = parseParameters(EnvironmentQuery, query);
  const { items, hasCheckouts } = await commitTests(pool, request, kind, fullEnvironment);
  if (!hasCheckouts) return sendNothing(reply, NO_RESULTS);
  return sendJsonText(reply, `{"${kind}":${items}}`);
}
