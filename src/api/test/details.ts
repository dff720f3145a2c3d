/** One test with its build and checkout (chapter 06, section 5.1). */
import { isoTimestamp, jsonObjects, normalStatus, textArray } from "../../database/json.ts";
import { raw, sql, type Statement } from "../../database/sql.ts";

const DETAILS = raw(`json_build_object(
    'field_timestamp', ${isoTimestamp("t._timestamp")}, 'id', t.id, 'build_id', t.build_id,
    'status', ${normalStatus("t.status")}, 'path', t.path, 'log_excerpt', t.log_excerpt, 'log_url', t.log_url,
    'misc', t.misc, 'environment_misc', t.environment_misc, 'start_time', ${isoTimestamp("t.start_time")},
    'environment_compatible', ${textArray("t.environment_compatible")},
    'output_files', ${jsonObjects("t.output_files")}, 'input_files', ${jsonObjects("t.input_files")},
    'compiler', b.compiler, 'architecture', b.architecture, 'config_name', b.config_name,
    'git_commit_hash', c.git_commit_hash, 'git_repository_branch', c.git_repository_branch,
    'git_repository_url', c.git_repository_url, 'git_commit_tags', ${textArray("c.git_commit_tags")},
    'tree_name', c.tree_name, 'origin', c.origin, 'test_origin', t.origin)`);

/** The statement that gives a test as JSON, by primary keys. */
export function testDetails(id: string): Statement {
  return sql`
    select ${DETAILS}::text as body
    from tests t
    left join builds b on b.id = t.build_id
    left join checkouts c on c.id = b.checkout_id
    where t.id = ${id}`;
}
