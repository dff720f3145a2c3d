/** `/api/build/...` (chapter 06, section 4). */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import {
  finiteNumber,
  isoTimestamp,
  jsonArray,
  jsonObject,
  normalStatus,
  textArray,
} from "../../database/json.ts";
import { raw, sql, type Statement } from "../../database/sql.ts";
import { sendJsonText, sendNothing } from "../../http/answers.ts";
import type { RouteContext } from "../../http/server.ts";
import { queryBody } from "../query.ts";
import {
  ERROR_ANSWERS,
  Nullable,
  NullableFiles,
  NullableObject,
  NullableString,
  NullableStrings,
  NullableTimestamp,
  Status,
} from "../shapes.ts";

const BUILD_NOT_FOUND = "Build not found";

const BuildPath = Type.Object({ build_id: Type.String() });

const BuildDetails = Type.Object({
  id: Type.String(),
  origin: Nullable(
    Type.String({ description: "origin of the build's checkout; null when that has not arrived" }),
  ),
  architecture: NullableString,
  config_name: NullableString,
  misc: NullableObject,
  config_url: NullableString,
  compiler: NullableString,
  status: Status,
  duration: Nullable(Type.Number({ description: "seconds" })),
  log_url: NullableString,
  start_time: NullableTimestamp,
  git_repository_url: NullableString,
  git_repository_branch: NullableString,
  checkout_id: Type.String(),
  command: NullableString,
  comment: NullableString,
  tree_name: NullableString,
  git_commit_hash: NullableString,
  git_commit_name: NullableString,
  git_commit_tags: NullableStrings,
  log_excerpt: NullableString,
  input_files: NullableFiles,
  output_files: NullableFiles,
  build_origin: Type.String({ description: "origin of the build itself" }),
});

const DETAILS = raw(`json_build_object(
    'id', b.id, 'origin', c.origin, 'architecture', b.architecture, 'config_name', b.config_name,
    'misc', ${jsonObject("b.misc")}, 'config_url', b.config_url, 'compiler', b.compiler,
    'status', ${normalStatus("b.status")}, 'duration', ${finiteNumber("b.duration")}, 'log_url', b.log_url,
    'start_time', ${isoTimestamp("b.start_time")}, 'git_repository_url', c.git_repository_url,
    'git_repository_branch', c.git_repository_branch, 'checkout_id', b.checkout_id, 'command', b.command,
    'comment', b.comment, 'tree_name', c.tree_name, 'git_commit_hash', c.git_commit_hash,
    'git_commit_name', c.git_commit_name, 'git_commit_tags', ${textArray("c.git_commit_tags")},
    'log_excerpt', b.log_excerpt, 'input_files', ${jsonArray("b.input_files")},
    'output_files', ${jsonArray("b.output_files")}, 'build_origin', b.origin)`);

/** By primary keys. */
function buildDetails(id: string): Statement {
  return sql`
    select ${DETAILS}::text as body
    from builds b
    left join checkouts c on c.id = b.checkout_id
    where b.id = ${id}`;
}

export function buildRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Params: { build_id: string } }>(
    "/api/build/:build_id",
    {
      schema: {
        operationId: "build_retrieve",
        tags: ["build"],
        summary: "One build",
        params: BuildPath,
        response: { 200: BuildDetails, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const body = await queryBody(pool, "build_details", buildDetails(request.params.build_id));
      return body === undefined ? sendNothing(reply, BUILD_NOT_FOUND) : sendJsonText(reply, body);
    },
  );
}
