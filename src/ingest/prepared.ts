/**
 * Statements that a session parses and plans once. A batch runs some sixty of them under the writers' lock, and planning
 * them each time would take longer than storing a small batch.
 *
 * They are planned while the temporary tables are empty, which PostgreSQL takes for a few hundred rows each: good for a
 * batch of any size, as the planner's ways of reading row by row are written into the statements (`rollups/facts.ts`).
 */
import type pg from "pg";

const SEPARATOR = /;\s*(?:\n|$)/;
const COMMENT = /--.*$/gm;

/** What cannot be prepared, and is sent as it is. It also holds for the planning of what comes behind it. */
function isCommand(statement: string): boolean {
  return statement.replaceAll(COMMENT, "").trim().startsWith("set local");
}

export class PreparedStatements {
  readonly #texts: readonly string[];
  readonly #names = new Map<string, string>();

  /** @param texts in the order in which a batch runs them; each may be several statements */
  constructor(texts: readonly string[]) {
    this.#texts = texts;
    for (const statement of texts.flatMap(statementsOf)) {
      if (!isCommand(statement) && !this.#names.has(statement))
        this.#names.set(statement, `kernelboard_${this.#names.size + 1}`);
    }
  }

  /** Prepares and plans everything for a session whose temporary tables are there and empty. */
  async prepare(client: pg.Client): Promise<void> {
    const seen = new Set<string>();
    const commands = this.#texts.flatMap(statementsOf).flatMap((statement) => {
      if (isCommand(statement)) return [statement];
      const name = this.#names.get(statement);
      if (name === undefined || seen.has(name)) return [];
      seen.add(name);
      return [`prepare ${name} as ${statement}`, `explain execute ${name}`];
    });
    await client.query(["begin", ...commands, "commit"].join(";\n"));
  }

  /** The text that runs some of the texts. @throws TypeError when one of them is not prepared */
  run(texts: readonly string[]): string {
    return texts
      .flatMap(statementsOf)
      .map((statement) => {
        if (isCommand(statement)) return statement;
        const name = this.#names.get(statement);
        if (name === undefined) throw new TypeError(`this statement is not prepared: ${statement}`);
        return `execute ${name}`;
      })
      .join(";\n");
  }
}

function statementsOf(text: string): string[] {
  return text.split(SEPARATOR).filter((statement) => statement.trim() !== "");
}
