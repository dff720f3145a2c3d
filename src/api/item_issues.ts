/** The known issues of one build or test (chapter 06, sections 4.3 and 5.2). */
import { normalStatus, singleStatusCount } from "../database/json.ts";
import { raw, sql, type Statement } from "../database/sql.ts";

/** The item's table, and the column of an incident that names it, which is indexed. */
const LINKS = {
  build: { table: raw("builds"), column: raw("build_id") },
  test: { table: raw("tests"), column: raw("test_id") },
};

/**
 * The statement that gives, as one JSON array, every issue version with a present incident on an item, in the order of
 * each one's first incident. The item counts once for each, under its status. Its body is null when there is none, or no
 * such item.
 */
export function itemIssues(kind: keyof typeof LINKS, id: string): Statement {
  const { table, column } = LINKS[kind];
  // indexes incidents_build_id_dfa49727 and incidents_of_test, then primary keys
  return sql`
    with firsts as materialized (
      select distinct on (n.issue_id, n.issue_version) n.issue_id, n.issue_version, n._timestamp, n.id
      from incidents n
      where n.${column} = ${id} and n.present is not false
      order by n.issue_id, n.issue_version, n._timestamp, n.id collate "C"
    )
    select json_agg(json_build_object(
        'id', i.id, 'version', i.version, 'comment', i.comment, 'report_url', i.report_url,
        'incidents_info', ${raw(singleStatusCount("item.status"))}
      ) order by f._timestamp, f.id collate "C")::text as body
    from (select ${raw(normalStatus("x.status"))} as status from ${table} x where x.id = ${id} offset 0) item
    cross join firsts f
    cross join lateral (
      select i.id, i.version, i.comment, i.report_url from issues i
      where i.id = f.issue_id and i.version = f.issue_version offset 0
    ) i`;
}
