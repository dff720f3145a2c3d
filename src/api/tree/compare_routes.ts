/** `/api/tree/{tree}/{branch}/compare` and its lists (chapter 04, section 10). */
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { branchOfTree, REPEATED_BUILD, REPEATED_TEST } from "../../cache/tags.ts";
import { parseQueryFilters } from "../../filters/parse.ts";
import { sendJson, sendJsonText } from "../../http/answers.ts";
import { lastValue, type CachePolicy } from "../../http/cache_policy.ts";
import { ApiError } from "../../http/errors.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { statementsOf } from "../../http/overload.ts";
import { FILTERS_OF_BOOTS, FILTERS_OF_BUILDS, FILTERS_OF_TESTS } from "../filter_parameters.ts";
import { DEFAULT_ORIGIN, ERROR_ANSWERS } from "../shapes.ts";
import { compare, comparedBuilds, comparedTests, type Sides } from "./compare.ts";
import { BranchPath, CompareQuery, ComparedBuilds, ComparedTests, TreeCompare } from "./shapes.ts";

const NO_HASHES = "hash_a and hash_b are required";

/** Of several runs of a test that started at once the one that was taken in last is compared. */
const CACHE: CachePolicy = {
  tags: (request) => [
    branchOfTree(
      lastValue(request, "origin", DEFAULT_ORIGIN),
      request.params.tree_name ?? "",
      request.params.git_branch ?? "",
    ),
    REPEATED_BUILD,
    REPEATED_TEST,
  ],
};

type Params = Static<typeof BranchPath>;

export function treeCompareRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Querystring: RawQuery; Params: Params }>(
    "/api/tree/:tree_name/:git_branch/compare",
    {
      config: { cost: "moderate", cache: CACHE },
      schema: {
        operationId: "tree_compare_retrieve",
        tags: ["tree"],
        summary: "What changed between two commits of a branch, in numbers",
        params: BranchPath,
        querystring: CompareQuery,
        response: { 200: TreeCompare, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) =>
      sendJson(reply, await compare(statementsOf(request, pool), sidesOf(request.params, request.query))),
  );

  app.get<{ Querystring: RawQuery; Params: Params }>(
    "/api/tree/:tree_name/:git_branch/compare/builds",
    {
      config: { cost: "moderate", cache: CACHE },
      schema: {
        operationId: "tree_compare_builds_retrieve",
        tags: ["tree"],
        summary: "Builds that changed between two commits of a branch, or still fail",
        params: BranchPath,
        querystring: Type.Object({ ...CompareQuery.properties, ...FILTERS_OF_BUILDS }),
        response: { 200: ComparedBuilds, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const sides = sidesOf(request.params, request.query);
      return sendJsonText(
        reply,
        await comparedBuilds(statementsOf(request, pool), sides, parseQueryFilters(request.query)),
      );
    },
  );

  for (const kind of ["boots", "tests"] as const) {
    const filters = kind === "boots" ? FILTERS_OF_BOOTS : FILTERS_OF_TESTS;
    app.get<{ Querystring: RawQuery; Params: Params }>(
      `/api/tree/:tree_name/:git_branch/compare/${kind}`,
      {
        config: { cost: kind === "boots" ? "moderate" : "expensive", cache: CACHE },
        schema: {
          operationId: `tree_compare_${kind}_retrieve`,
          tags: ["tree"],
          summary: `${kind === "boots" ? "Boots" : "Tests"} that changed between two commits of a branch, or still fail`,
          params: BranchPath,
          querystring: Type.Object({ ...CompareQuery.properties, ...filters }),
          response: { 200: ComparedTests, ...ERROR_ANSWERS },
        },
      },
      async (request, reply) => {
        const sides = sidesOf(request.params, request.query);
        return sendJsonText(
          reply,
          await comparedTests(statementsOf(request, pool), sides, parseQueryFilters(request.query), kind),
        );
      },
    );
  }
}

/** @throws ApiError when a hash is missing */
function sidesOf({ tree_name: tree, git_branch: branch }: Params, rawQuery: RawQuery): Sides {
  const { origin, hash_a: hashA = "", hash_b: hashB = "" } = parseParameters(CompareQuery, rawQuery);
  if (hashA === "" || hashB === "") throw new ApiError(400, NO_HASHES);
  return { tree, branch, origin, hashA, hashB };
}
