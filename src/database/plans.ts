/** The statements that go through a pool, and the plans that PostgreSQL runs them by. */
import type { Client, OwnPool } from "./pool.ts";

export interface RecordedStatement {
  name?: string;
  text: string;
  values: unknown[];
}

/** The same pool, which keeps the statements that go through it until they are taken. */
export function recordingPool(pool: OwnPool): { pool: OwnPool; take: () => RecordedStatement[] } {
  let statements: RecordedStatement[] = [];
  const recorded = new Proxy(pool, {
    get: (target, name) => {
      if (name !== "query") return Reflect.get(target, name) as unknown;
      return (query: Partial<RecordedStatement> | string, values?: unknown[]): unknown => {
        if (typeof query === "string") statements.push({ text: query, values: values ?? [] });
        else
          statements.push({
            ...(query.name === undefined ? {} : { name: query.name }),
            text: query.text ?? "",
            values: query.values ?? [],
          });
        return (target.query as (...all: unknown[]) => unknown)(query, ...(values ? [values] : []));
      };
    },
  });
  const take = (): RecordedStatement[] => {
    const taken = statements;
    statements = [];
    return taken;
  };
  return { pool: recorded, take };
}

export interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  Plans?: Plan[];
}

/**
 * What EXPLAIN says of a statement as requests run it: prepared, with the plan that does not depend on values.
 *
 * @param client of a pool for requests, whose options choose such plans
 * @param options of EXPLAIN
 * @param values as they are bound; NULL for each when they do not matter
 */
export async function explainPrepared<Row>(
  client: Client,
  options: string,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  await client.query(`prepare kernelboard_explained as ${text}`);
  try {
    // EXECUTE takes no bound values, so they are written as literals, quoted by the server itself.
    const literals: string[] = [];
    for (const value of values) literals.push(await literal(client, value));
    const list = literals.length === 0 ? "" : `(${literals.join(", ")})`;
    const { rows } = await client.query<{ "QUERY PLAN": Row }>(
      `explain (${options}) execute kernelboard_explained${list}`,
    );
    return rows.map((row) => row["QUERY PLAN"]);
  } finally {
    await client.query("deallocate kernelboard_explained").catch(() => undefined);
  }
}

async function literal(client: Client, value: unknown): Promise<string> {
  if (value === null || value === undefined) return "null";
  // A list is bound in PostgreSQL's own notation for arrays, whatever the type of its elements.
  const type = Array.isArray(value) ? "text[]" : "text";
  const bound = Array.isArray(value)
    ? value.map((element) => (element === null ? null : textOf(element)))
    : textOf(value);
  const { rows } = await client.query<{ literal: string }>(
    `select quote_literal($1::${type}::text) as literal`,
    [bound],
  );
  return rows[0]?.literal ?? "null";
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "string" ? value : JSON.stringify(value);
}
