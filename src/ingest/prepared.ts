/**
 * Statements that a session parses and plans once. A batch runs some sixty of them under the writers' lock, and planning
 * them each time would take longer than storing a small batch.
 *
 * Each is prepared when it is run for the first time. The plan is made for the temporary tables as they are then, of which
 * PostgreSQL never expects less than a few hundred rows each: good for a batch of any size, as the ways of reading row by
 * row are written into the statements (`rollups/facts.ts`).
 */
import type pg from "pg";

const SEPARATOR = /;\s*(?:\n|$)/;
const COMMENT = /--.*$/gm;
/** Commands of ours among the results. */
const OWN_COMMANDS = new Set(["PREPARE", "DEALLOCATE"]);

/** What cannot be prepared, and is sent as it is. It also holds for the planning of what comes behind it. */
function isCommand(statement: string): boolean {
  return /^(?:set local|commit|rollback)\b/.test(statement.replaceAll(COMMENT, "").trim());
}

export class PreparedStatements {
  readonly #names = new Map<string, string>();
  /** Names that are prepared, by session; absent where it is not known. */
  readonly #prepared = new WeakMap<pg.Client, Set<string>>();

  /**
   * Runs texts of one or several statements each as one message.
   *
   * @returns the result of each statement
   */
  run(client: pg.Client, texts: readonly string[]): Promise<pg.QueryResult[]> {
    return this.#send(client, texts, "execute");
  }

  /** Plans the same without running it, so that the first run need not. */
  async plan(client: pg.Client, texts: readonly string[]): Promise<void> {
    await this.#send(client, texts, "explain (costs off) execute");
  }

  async #send(client: pg.Client, texts: readonly string[], execute: string): Promise<pg.QueryResult[]> {
    const known = this.#prepared.get(client);
    const prepared = new Set(known);
    const message = known === undefined ? ["deallocate all"] : [];
    for (const statement of texts.flatMap(statementsOf)) {
      if (isCommand(statement)) {
        message.push(statement);
        continue;
      }
      const name = this.#nameOf(statement);
      if (!prepared.has(name)) message.push(`prepare ${name} as ${statement}`);
      prepared.add(name);
      message.push(`${execute} ${name}`);
    }
    if (message.length === 0) return [];
    // When it fails half-way, nobody knows how far it came.
    this.#prepared.delete(client);
    const results: unknown = await client.query(message.join(";\n"));
    this.#prepared.set(client, prepared);
    const all = (Array.isArray(results) ? results : [results]) as pg.QueryResult[];
    return all.filter(({ command }) => !OWN_COMMANDS.has(command));
  }

  #nameOf(statement: string): string {
    const known = this.#names.get(statement);
    if (known !== undefined) return known;
    const name = `kernelboard_${this.#names.size + 1}`;
    this.#names.set(statement, name);
    return name;
  }
}

function statementsOf(text: string): string[] {
  return text.split(SEPARATOR).filter((statement) => statement.trim() !== "");
}
