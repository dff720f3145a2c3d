/** Statements as tagged templates: text with `$1`, `$2`... and the bound values apart from it. */

/** A statement, or a part of one: parts are placed into others with the values that they bind. */
export class Statement {
  readonly text: string;
  readonly values: unknown[];
  constructor(text: string, values: unknown[]) {
    this.text = text;
    this.values = values;
  }
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
 * placed as text, and another statement, which is placed with its own values.
 *
 * @example sql`select id from builds where checkout_id = ${checkoutId}`
 */
export function sql(strings: TemplateStringsArray, ...parts: unknown[]): Statement {
  const values: unknown[] = [];
  let text = strings[0] ?? "";
  parts.forEach((part, index) => {
    if (part instanceof SqlFragment) text += part.text;
    else if (part instanceof Statement) text += placed(part, values);
    else text += `$${values.push(bindable(part))}`;
    text += strings[index + 1] ?? "";
  });
  return new Statement(text, values);
}

/** The text of a part, its parameters numbered on from those that there are already; adds its values to them. */
function placed(part: Statement, values: unknown[]): string {
  const before = values.length;
  values.push(...part.values);
  return part.text.replace(/\$(\d+)/g, (_all, number: string) => `$${Number(number) + before}`);
}

/** PostgreSQL has no NUL in text, so a value with one equals nothing that is stored: like NULL, like no value of a list. */
function bindable(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((element) => !hasNul(element));
  return hasNul(value) ? null : value;
}

function hasNul(value: unknown): boolean {
  return typeof value === "string" && value.includes("\0");
}

/** Marks text that is written in the sources, never input, for use inside `sql`. */
export function raw(text: string): SqlFragment {
  return new SqlFragment(text);
}

/** The same statement as a named one, which PostgreSQL parses and plans once a connection. */
export function named(name: string, statement: Statement): { name: string; text: string; values: unknown[] } {
  return { name, text: statement.text, values: statement.values };
}
