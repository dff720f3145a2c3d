/**
 * Which known rows a batch changes: those of which the merge fills something (chapter 02, section 9.3). That a row is
 * delivered again moves its `_timestamp` and is no change, except for a checkout without a start time, whose time that
 * is.
 */
import { LAB_KEY } from "../kcidb/standardise.ts";
import { TABLES } from "../kcidb/rows.ts";
import type { Kind } from "../kcidb/types.ts";
import { KEEP_TREES_BEFORE } from "../rollups/changes.ts";
import { lookup } from "../rollups/facts.ts";
import { MERGED_OUTPUT_FILES } from "./merge_sql.ts";

function keysEqual(kind: Kind, a: string, b: string): string {
  return TABLES[kind].key.map((name) => `${a}.${name} = ${b}.${name}`).join(" and ");
}

/** Whether the merge of the staged row `s` changes a column of the stored row `t`. */
function changes(kind: Kind, column: string): string {
  const labKey = LAB_KEY[kind];
  if (column === "misc" && labKey !== undefined) {
    return `(s.misc is not null and t.misc is distinct from s.misc
      and (t.misc is null or t.misc = jsonb_build_object('${labKey}', t.origin)))`;
  }
  if (column === "output_files") return `(${MERGED_OUTPUT_FILES} is distinct from t.output_files)`;
  // Adopted rows may hold an empty status for NULL.
  if (column === "status") return "(coalesce(t.status, '') = '' and s.status is not null)";
  return `(t.${column} is null and s.${column} is not null)`;
}

/**
 * Remembers the rows of a kind that the merge will change, and the trees that changed checkouts are of. To run before
 * the merge, under the writers' lock.
 */
export function findChanged(kind: Kind): string {
  const conditions = TABLES[kind].columns
    .filter((column) => !column.immutable)
    .map((column) => changes(kind, column.name));
  if (kind === "checkouts") {
    conditions.push("(coalesce(t.start_time, s.start_time) is null and s._timestamp > t._timestamp)");
  }
  const found = `
  insert into changed_rows (kind, id, version)
  select '${kind}', s.id, ${kind === "issues" ? "s.version" : "null"}
  from (
    select * from staged_${kind} s
    where not exists (select from new_${kind} n where ${keysEqual(kind, "n", "s")})
  ) s
  ${lookup(kind, "t", `${keysEqual(kind, "t", "s")} and (${conditions.join(" or ")})`)}`;
  return kind === "checkouts" ? `${found};\n${KEEP_TREES_BEFORE}` : found;
}
