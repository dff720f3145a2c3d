/**
 * Which log excerpts lie in the storage: the latest in memory, all of them in the table `uploaded_log_excerpts`, which
 * the nodes share. It is a cache: where the table cannot be asked, an excerpt is uploaded once more.
 */
import pg from "pg";
import { errorMessage } from "../database/errors.ts";
import { clientOptions, type Connection } from "../database/pool.ts";
import type { Log } from "../log.ts";

/** For one statement on the table: a look-up by key, or an insertion, of some thousand rows. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** An idle session is closed after this time. */
const IDLE_MS = 10_000;
/** Part of the hashes in memory that is forgotten when there are too many. */
const FORGOTTEN_SHARE = 0.1;

export interface KnownOptions {
  /** Sessions of its own, so that it never becomes a part of a writer's transaction. */
  connection: Connection;
  log: Log;
  /** Hashes kept in memory. */
  limit: number;
  /** Where the text of a hash belongs. One that is stored elsewhere, under an earlier address, is not known. */
  urlOf: (hash: string) => string;
}

export class KnownExcerpts {
  readonly #options: KnownOptions;
  readonly #pool: pg.Pool;
  /** The one used longest ago comes first. */
  readonly #recent = new Set<string>();

  constructor(options: KnownOptions) {
    this.#options = options;
    this.#pool = new pg.Pool({
      ...clientOptions(options.connection, "kernelboard excerpts"),
      max: 1,
      idleTimeoutMillis: IDLE_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS,
    });
    this.#pool.on("error", () => undefined);
  }

  /** Those of the hashes that are known; at most one statement. */
  async find(hashes: string[]): Promise<Set<string>> {
    const found = new Set(hashes.filter((hash) => this.#recent.has(hash)));
    for (const hash of found) this.remember(hash);
    const unknown = hashes.filter((hash) => !found.has(hash));
    if (unknown.length === 0) return found;
    try {
      // index uploaded_log_excerpts_pkey
      const { rows } = await this.#pool.query<{ hash: string; url: string }>(
        "select encode(hash, 'hex') as hash, url from uploaded_log_excerpts where hash = any($1::bytea[])",
        [bytes(unknown)],
      );
      for (const { hash, url } of rows) {
        if (url !== this.#options.urlOf(hash)) continue;
        found.add(hash);
        this.remember(hash);
      }
    } catch (error) {
      this.#options.log.warn({ error: errorMessage(error) }, "uploaded log excerpts could not be looked up");
    }
    return found;
  }

  /** Whether it is known without asking the database. */
  isRemembered(hash: string): boolean {
    return this.#recent.has(hash);
  }

  /** Remembers in the database what was uploaded; one statement. */
  async add(hashes: string[]): Promise<void> {
    if (hashes.length === 0) return;
    try {
      // In the order of the key, so that nodes that add the same do not wait for each other in a circle.
      await this.#pool.query(
        `insert into uploaded_log_excerpts as known (hash, url)
        select hash, url from unnest($1::bytea[], $2::text[]) as added (hash, url) order by hash
        on conflict (hash) do update set url = excluded.url, uploaded_at = now() where known.url <> excluded.url`,
        [bytes(hashes), hashes.map(this.#options.urlOf)],
      );
    } catch (error) {
      this.#options.log.warn(
        { error: errorMessage(error) },
        "uploaded log excerpts could not be remembered in the database",
      );
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Remembers one in memory that was uploaded, before it is added to the database with others. */
  remember(hash: string): void {
    this.#recent.delete(hash);
    this.#recent.add(hash);
    const { limit } = this.#options;
    if (this.#recent.size <= limit) return;
    // Many at once: to find the first of a set gets slower with each one that was removed before it.
    let surplus = Math.max(1, Math.ceil(limit * FORGOTTEN_SHARE));
    for (const oldest of this.#recent) {
      if (surplus-- === 0) return;
      this.#recent.delete(oldest);
    }
  }
}

function bytes(hashes: string[]): Buffer[] {
  return hashes.map((hash) => Buffer.from(hash, "hex"));
}
