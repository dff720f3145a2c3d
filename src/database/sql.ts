/** Statements as tagged templates: text with `$1`, `$2`... and the bound values apart from it. */

export interface Statement {
  text: string;
  values: unknown[];
}

/** A piece of SQL text without values, trusted because it is written in the sources: a column list, an expression. */
export class SqlFragment {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A statement from a template. Every `${value}` becomes a bound parameter, except a fragment from `raw`, which is
 * placed as text.
 *
 * @example sql`select id from builds where checkout_id = ${checkoutId}`
 */
export function sql(strings: TemplateStringsArray, ...parts: unknown[]): Statement {
  const values: unknown[] = [];
  let text = strings[0] ?? "";
  parts.forEach((part, index) => {
    if (part instanceof SqlFragment) text += part.text;
    else text += `$${values.push(bindable(part))}`;
    text += strings[index + 1] ?? "";
  });
  return { text, values };
}

/** PostgreSQL has no NUL in text, so a value with one equals nothing that is stored, like NULL. */
function bindable(value: unknown): unknown {
  return typeof value === "string" && value.includes("\0") ? null : value;
}

/** Marks text that is written in the sources, never input, for use inside `sql`. */
export function raw(text: string): SqlFragment {
  return new SqlFragment(text);
}

/** The same statement as a named one, which PostgreSQL parses and plans once a connection. */
export function named(name: string, statement: Statement): Statement & { name: string } {
  return { name, ...statement };
}
