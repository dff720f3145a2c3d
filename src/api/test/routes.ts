/** `/api/test/...` (chapter 06, section 5). */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { isoTimestamp, jsonArray, normalStatus, textArray } from "../../database/json.ts";
import { raw, sql, type Statement } from "../../database/sql.ts";
import { sendJsonText, sendNothing } from "../../http/answers.ts";
import type { RouteContext } from "../../http/server.ts";
import { queryBody } from "../query.ts";
import {
  ERROR_ANSWERS,
  JsonValue,
  Nullable,
  NullableFiles,
  NullableString,
  NullableStrings,
  NullableTimestamp,
  Status,
} from "../shapes.ts";

const TEST_NOT_FOUND = "Test not found";

const TestPath = Type.Object({ test_id: Type.String() });

const TestDetails = Type.Object({
  field_timestamp: NullableTimestamp,
  id: Type.String(),
  build_id: Type.String(),
  status: Status,
  path: NullableString,
  log_excerpt: NullableString,
  log_url: NullableString,
  misc: JsonValue,
  environment_misc: JsonValue,
  start_time: NullableTimestamp,
  environment_compatible: NullableStrings,
  output_files: NullableFiles,
  input_files: NullableFiles,
  compiler: NullableString,
  architecture: NullableString,
  config_name: NullableString,
  git_commit_hash: NullableString,
  git_repository_branch: NullableString,
  git_repository_url: NullableString,
  git_commit_tags: NullableStrings,
  tree_name: NullableString,
  origin: Nullable(Type.String({ description: "origin of the checkout; null when that has not arrived" })),
  test_origin: Type.String({ description: "origin of the test itself" }),
});

const DETAILS = raw(`json_build_object(
    'field_timestamp', ${isoTimestamp("t._timestamp")}, 'id', t.id, 'build_id', t.build_id,
    'status', ${normalStatus("t.status")}, 'path', t.path, 'log_excerpt', t.log_excerpt, 'log_url', t.log_url,
    'misc', t.misc, 'environment_misc', t.environment_misc, 'start_time', ${isoTimestamp("t.start_time")},
    'environment_compatible', ${textArray("t.environment_compatible")},
    'output_files', ${jsonArray("t.output_files")}, 'input_files', ${jsonArray("t.input_files")},
    'compiler', b.compiler, 'architecture', b.architecture, 'config_name', b.config_name,
    'git_commit_hash', c.git_commit_hash, 'git_repository_branch', c.git_repository_branch,
    'git_repository_url', c.git_repository_url, 'git_commit_tags', ${textArray("c.git_commit_tags")},
    'tree_name', c.tree_name, 'origin', c.origin, 'test_origin', t.origin)`);

/** By primary keys. */
function testDetails(id: string): Statement {
  return sql`
    select ${DETAILS}::text as body
    from tests t
    left join builds b on b.id = t.build_id
    left join checkouts c on c.id = b.checkout_id
    where t.id = ${id}`;
}

export function testRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Params: { test_id: string } }>(
    "/api/test/:test_id",
    {
      schema: {
        operationId: "test_retrieve",
        tags: ["test"],
        summary: "One test",
        params: TestPath,
        response: { 200: TestDetails, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const body = await queryBody(pool, "test_details", testDetails(request.params.test_id));
      return body === undefined ? sendNothing(reply, TEST_NOT_FOUND) : sendJsonText(reply, body);
    },
  );
}
