/** The tests of one build (chapter 06, section 4.2). */
import { finiteNumber, isoTimestamp, normalStatus, textArray } from "../../database/json.ts";
import { raw, sql, type Statement } from "../../database/sql.ts";

const TEST = raw(`json_build_object(
    'id', t.id, 'status', ${normalStatus("t.status")}, 'duration', ${finiteNumber("t.duration")}, 'path', t.path,
    'start_time', ${isoTimestamp("t.start_time")},
    'environment_compatible', ${textArray("t.environment_compatible")},
    'environment_misc', t.environment_misc, 'lab', t.misc ->> 'runtime')`);

/** The statement that gives all tests which name a build as a JSON array; the build itself need not exist. */
export function buildTests(buildId: string): Statement {
  // index tests_build_id_551a24f9
  return sql`
    select json_agg(${TEST} order by t.start_time nulls last, t.id collate "C")::text as body
    from tests t
    where t.build_id = ${buildId}`;
}
