/** One build with its checkout (chapter 06, section 4.1). */
import {
  finiteNumber,
  isoTimestamp,
  jsonObjects,
  jsonObject,
  normalStatus,
  textArray,
} from "../../database/json.ts";
import { raw, sql, type Statement } from "../../database/sql.ts";

const DETAILS = raw(`json_build_object(
    'id', b.id, 'origin', c.origin, 'architecture', b.architecture, 'config_name', b.config_name,
    'misc', ${jsonObject("b.misc")}, 'config_url', b.config_url, 'compiler', b.compiler,
    'status', ${normalStatus("b.status")}, 'duration', ${finiteNumber("b.duration")}, 'log_url', b.log_url,
    'start_time', ${isoTimestamp("b.start_time")}, 'git_repository_url', c.git_repository_url,
    'git_repository_branch', c.git_repository_branch, 'checkout_id', b.checkout_id, 'command', b.command,
    'comment', b.comment, 'tree_name', c.tree_name, 'git_commit_hash', c.git_commit_hash,
    'git_commit_name', c.git_commit_name, 'git_commit_tags', ${textArray("c.git_commit_tags")},
    'log_excerpt', b.log_excerpt, 'input_files', ${jsonObjects("b.input_files")},
    'output_files', ${jsonObjects("b.output_files")}, 'build_origin', b.origin)`);

/** The statement that gives a build as JSON, by primary keys. */
export function buildDetails(id: string): Statement {
  return sql`
    select ${DETAILS}::text as body
    from builds b
    left join checkouts c on c.id = b.checkout_id
    where b.id = ${id}`;
}
