/** One connection that is made again whenever it breaks, and work on it that is tried again. */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Log } from "../log.ts";
import { databaseErrorKind, errorMessage } from "./errors.ts";
import { clientOptions, type Connection } from "./pool.ts";

/** Pauses between attempts; the last one repeats. */
const RETRY_PAUSES_MS = [100, 250, 500, 1000, 2000, 5000, 10_000];

/** Thrown when the database was away for longer than the session was told to wait. */
export class DatabaseUnavailable extends Error {
  override name = "DatabaseUnavailable";
}

export interface SessionOptions {
  connection: Connection;
  /** As it is shown in pg_stat_activity. */
  name: string;
  /** What every new connection begins with. */
  prepare: (client: pg.Client) => Promise<void>;
  log: Log;
  /** How long to try when the database is away; undefined for ever. */
  giveUpAfterMs?: number;
  /** Ends the waiting between attempts. */
  signal?: AbortSignal;
  /** Called when the connection breaks, in use or idle. */
  onLost?: () => void;
}

/** What to do with an error of the work: try again now, or after a pause, or give up with it. */
export type Verdict = "at once" | "after a pause" | "never";

export class Session {
  readonly #options: SessionOptions;
  #client: pg.Client | undefined;
  #connecting: Promise<pg.Client> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Runs work on the connection until it succeeds. What it began is rolled back when it fails.
   *
   * @param judge decides about an error; by default transient ones are tried again after a pause
   * @throws DatabaseUnavailable when the time is over, or the work's own error
   */
  async run<T>(
    work: (client: pg.Client) => Promise<T>,
    judge: (error: unknown) => Verdict = judgeByKind,
  ): Promise<T> {
    const { log, giveUpAfterMs, signal, name } = this.#options;
    const started = Date.now();
    for (let attempt = 0; ; attempt++) {
      let client: pg.Client | undefined;
      try {
        client = await this.#connected();
        return await work(client);
      } catch (error) {
        if (client !== undefined) await this.#abandon(client, error);
        const verdict = judge(error);
        if (verdict === "never") throw error;
        const waited = Date.now() - started;
        if (signal?.aborted || (giveUpAfterMs !== undefined && waited >= giveUpAfterMs)) {
          throw new DatabaseUnavailable(
            `the database could not be used for ${Math.round(waited / 1000)} s: ${errorMessage(error)}`,
          );
        }
        if (verdict === "at once") continue;
        const pauseMs = RETRY_PAUSES_MS[Math.min(attempt, RETRY_PAUSES_MS.length - 1)] ?? 0;
        log.warn(
          { session: name, error: errorMessage(error), attempt: attempt + 1, pauseMs },
          "work is tried again",
        );
        await sleep(pauseMs, undefined, signal ? { signal } : {}).catch(() => undefined);
      }
    }
  }

  async close(): Promise<void> {
    await this.#connecting?.catch(() => undefined);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** Rolls back, or drops a connection that cannot. */
  async #abandon(client: pg.Client, error: unknown): Promise<void> {
    try {
      if (databaseErrorKind(error) === "transient") throw error;
      await client.query("rollback");
    } catch {
      if (this.#client === client) this.#client = undefined;
      await client.end().catch(() => undefined);
    }
  }

  /** One connection, also for those who ask while it is being made: a second one could wait for what the first holds. */
  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<pg.Client> {
    const { connection, name, prepare, onLost } = this.#options;
    const client = new pg.Client(clientOptions(connection, name));
    // A break between statements; one within them shows in the statement too.
    client.on("error", () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      client.end().catch(() => undefined);
      onLost?.();
    });
    try {
      await client.connect();
      await prepare(client);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    return client;
  }
}

function judgeByKind(error: unknown): Verdict {
  return databaseErrorKind(error) === "transient" ? "after a pause" : "never";
}
