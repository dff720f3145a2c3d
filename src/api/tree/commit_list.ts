/** All commits of a tree's branch (chapter 04, section 7). */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { branchOfTree } from "../../cache/tags.ts";
import { isoTimestamp } from "../../database/json.ts";
import { raw, sql } from "../../database/sql.ts";
import type { Pool } from "../../database/pool.ts";
import { sendJsonText, sendNothing } from "../../http/answers.ts";
import { lastValue } from "../../http/cache_policy.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { queryBody } from "../query.ts";
import {
  DEFAULT_ORIGIN,
  ERROR_ANSWERS,
  foundOrNot,
  NullableString,
  NullableTimestamp,
  TreeName,
} from "../shapes.ts";

const NO_COMMITS = "History of tree commits not found";

const CommitListPath = Type.Object({
  tree_name: TreeName,
  git_branch: Type.String({
    description: "branch of the tree; slashes in it are written `%2F`",
    examples: ["master"],
  }),
});

const CommitListQuery = Type.Object({
  origin: Type.String({
    default: DEFAULT_ORIGIN,
    description: "CI system that submitted the checkouts",
  }),
  git_url: Type.String({ default: "", description: "repository of the tree; any when absent or empty" }),
});

export const CommitList = Type.Array(
  Type.Object({
    git_commit_hash: NullableString,
    last_checkout: NullableTimestamp,
    git_commit_name: NullableString,
    git_commit_tags: Type.Array(Type.String(), { description: "of all checkouts of the commit, sorted" }),
  }),
  { description: "the commit that was checked out last is the first" },
);

/** Whose commits are listed. */
export interface CommitListScope {
  origin: string;
  tree: string;
  branch: string;
  /** Empty for any repository. */
  url: string;
}

/**
 * All commits ever seen of a branch, the one checked out last first, as JSON text.
 *
 * @returns undefined when there is none
 */
export function commitList(
  pool: Pool,
  { origin, tree, branch, url }: CommitListScope,
): Promise<string | undefined> {
  return queryBody(
    pool,
    "tree_commit_list",
    // index checkouts_tree_head
    sql`
      with commits as (
        select c.git_commit_hash, max(coalesce(c.start_time, c._timestamp)) as last_checkout,
          max(c.git_commit_name collate "C") as git_commit_name,
          json_agg(distinct tag collate "C" order by tag collate "C") filter (where tag is not null) as tags
        from checkouts c
        left join lateral unnest(c.git_commit_tags) tag on true
        where c.origin = ${origin} and c.git_repository_branch = ${branch} and c.tree_name = ${tree}
          and (${url}::text = '' or c.git_repository_url = ${url})
        group by c.git_commit_hash
      )
      select json_agg(json_build_object(
          'git_commit_hash', git_commit_hash,
          'last_checkout', ${raw(isoTimestamp("last_checkout"))},
          'git_commit_name', git_commit_name,
          'git_commit_tags', coalesce(tags, '[]'))
        order by last_checkout desc nulls last, git_commit_hash collate "C")::text as body
      from commits`,
  );
}

/** Registers `/api/tree/{tree}/{branch}/commits`. */
export function commitListRoute(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Querystring: RawQuery; Params: { tree_name: string; git_branch: string } }>(
    "/api/tree/:tree_name/:git_branch/commits",
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
        operationId: "tree_commits_retrieve_2",
        tags: ["tree"],
        summary: "All commits of a branch",
        params: CommitListPath,
        querystring: CommitListQuery,
        response: { 200: foundOrNot(CommitList), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { origin, git_url: url } = parseParameters(CommitListQuery, request.query);
      const { tree_name: tree, git_branch: branch } = request.params;
      const body = await commitList(pool, { origin, tree, branch, url });
      return body === undefined ? sendNothing(reply, NO_COMMITS) : sendJsonText(reply, body);
    },
  );
}
