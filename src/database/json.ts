/** Values as the API shows them, as SQL expressions: JSON is built by PostgreSQL and sent on as text. */

/** ISO 8601 in UTC with `Z`, with six digits of fraction or none. */
export function isoTimestamp(expression: string): string {
  return `to_char(${expression} at time zone 'UTC', case when date_trunc('second', ${expression}) = ${expression}
      then 'YYYY-MM-DD"T"HH24:MI:SS"Z"' else 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' end)`;
}

/** One of the six statuses, upper-case, or `NULL`. */
export function normalStatus(expression: string): string {
  const known = "('PASS', 'FAIL', 'SKIP', 'ERROR', 'MISS', 'DONE')";
  // upper() is slow, and hardly ever needed.
  return `case when ${expression} in ${known} then ${expression}::text when upper(${expression}) in ${known} then upper(${expression}) else 'NULL' end`;
}

/** A number that JSON can hold, or NULL. */
export function finiteNumber(expression: string): string {
  return `nullif(nullif(nullif(${expression}, 'NaN'), 'Infinity'), '-Infinity')`;
}

/** A JSON column that should hold an array of objects: those that are some, or NULL. */
export function jsonObjects(expression: string): string {
  return `case when jsonb_typeof(${expression}) <> 'array' then null
      -- hardly any list has anything else in it, and is sent on as it is
      when ${expression} @? 'strict $[*] ? (@.type() != "object")'
      then jsonb_path_query_array(${expression}, 'strict $[*] ? (@.type() == "object")')
      else ${expression} end`;
}

/** A JSON column that should hold an object; a JSON text of one is parsed. */
export function jsonObject(expression: string): string {
  return `case jsonb_typeof(${expression}) when 'object' then ${expression}
      when 'string' then kernelboard_json_object(${expression}) end`;
}

/** A text[] without its NULL elements; one of several dimensions as one list. */
export function textArray(expression: string): string {
  return `case when array_ndims(${expression}) > 1
      then array(select element from unnest(${expression}) element where element is not null)
      else array_remove(${expression}, null) end`;
}

/** Counts by status of one item, whose normal status an expression gives: all 0 but one. */
export function singleStatusCount(expression: string): string {
  const counts = ["PASS", "ERROR", "FAIL", "SKIP", "MISS", "DONE", "NULL"].map(
    (status) => `'${status}', (${expression} = '${status}')::integer`,
  );
  return `json_build_object(${counts.join(", ")})`;
}

/** A JSON column that should hold an object, with `platform` in it: `Unknown` unless it has one. */
export function objectWithPlatform(expression: string): string {
  return `'{"platform": "Unknown"}'::jsonb || (${jsonObject(expression)})`;
}

/** A member of a JSON object that is a text with something in it, or NULL. */
export function jsonTextMember(expression: string, member: string): string {
  return `case when jsonb_typeof(${expression} -> '${member}') = 'string' then nullif(${expression} ->> '${member}', '') end`;
}
