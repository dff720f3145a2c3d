/** `/api/tree-report/` (chapter 04, section 11). */
import type { FastifyInstance } from "fastify";
import { ANY_COMMIT } from "../../cache/tags.ts";
import { sendJsonText, sendNothing } from "../../http/answers.ts";
import { withMovingWindow } from "../../http/cache_policy.ts";
import { ApiError } from "../../http/errors.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { statementsOf } from "../../http/overload.ts";
import { ERROR_ANSWERS, foundOrNot } from "../shapes.ts";
import { queryPart } from "../tree/latest.ts";
import { reportedCommit, type ReportedCommit, type ReportScope } from "./commit.ts";
import { changedTests } from "./history.ts";
import { TreeReport, TreeReportQuery } from "./shapes.ts";

const NOT_FOUND = "Tree not found in the given interval";
const NO_INTERVAL = "Minimum age can't be greater than or equal to the maximum age";

/**
 * The address of a commit's page, by tree and branch, or by hash where the tree has no name. Names are shown as they
 * are.
 */
function commitPage(dashboard: string, { origin, url, branch }: ReportScope, commit: ReportedCommit): string {
  const { tree, name } = commit;
  const hash = commit.hash ?? "";
  if (tree !== null && tree !== "") return `${dashboard}/tree/${tree}/${branch}/${hash}?o=${origin}`;
  return (
    `${dashboard}/tree/${hash}?ti%7Cc=${name ?? ""}&ti%7Cch=${hash}` +
    `&ti%7Cgb=${branch}&ti%7Cgu=${queryPart(url)}&ti%7Ct=${tree ?? ""}&o=${origin}`
  );
}

/** Registers the tree report. */
export function treeReportRoutes(app: FastifyInstance, { pool, settings }: RouteContext): void {
  app.get<{ Querystring: RawQuery }>(
    "/api/tree-report/",
    {
      config: { cost: "expensive", cache: { tags: () => [ANY_COMMIT], until: withMovingWindow } },
      schema: {
        operationId: "tree_report_retrieve",
        tags: ["tree-report"],
        summary: "What is new with the newest commit of a branch",
        description:
          "Counts of the newest commit, tests whose status changed within the latest runs on the branch, and known issues of failed builds",
        querystring: TreeReportQuery,
        response: { 200: foundOrNot(TreeReport), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const query = parseParameters(TreeReportQuery, request.query);
      if (query.min_age_in_hours >= query.max_age_in_hours) throw new ApiError(400, NO_INTERVAL);
      const scope: ReportScope = {
        origin: query.origin,
        url: query.git_url,
        branch: query.git_branch,
        tree: query.tree_name === "" ? undefined : query.tree_name,
        minimumAgeHours: query.min_age_in_hours,
        maximumAgeHours: query.max_age_in_hours,
      };
      const statements = statementsOf(request, pool);
      const commit = await reportedCommit(statements, scope);
      if (commit === undefined) return sendNothing(reply, NOT_FOUND);
      const changed = await changedTests(statements, scope, commit, {
        paths: query.path,
        groupSize: query.group_size,
      });
      return sendJsonText(
        reply,
        objectText({
          dashboard_url: JSON.stringify(commitPage(settings.dashboardUrl, scope, commit)),
          git_url: JSON.stringify(scope.url),
          git_branch: JSON.stringify(scope.branch),
          commit_hash: JSON.stringify(commit.hash),
          origin: JSON.stringify(scope.origin),
          checkout_start_time: JSON.stringify(commit.checkoutTime),
          build_status_summary: commit.builds,
          boot_status_summary: commit.boots,
          test_status_summary: commit.tests,
          ...changed,
          issues: `{"builds":${commit.buildIssues}}`,
        }),
      );
    },
  );
}

/** A JSON object of members that are JSON text already. */
function objectText(members: Record<string, string>): string {
  return `{${Object.entries(members)
    .map(([name, text]) => `${JSON.stringify(name)}:${text}`)
    .join(",")}}`;
}
