/**
 * Asks one server for its position in the write-ahead log, again and again, on a connection of its own. A server that
 * does not answer in time, or whose connection breaks, is lost until it has answered again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { clientOptions, type Connection } from "./pool.ts";

const END_TIMEOUT_MS = 1000;

export interface WatchOptions {
  /** Finds out how to connect; asked anew for each connection. */
  connection: () => Promise<Connection>;
  /** A statement that gives one row: is it `in_recovery`, which `cluster` is it of, its `position`. */
  statement: { name: string; text: string };
  timeoutMs: number;
  /** Pause until the next question. */
  intervalMs: () => number;
  /** @param sentAt when the question was sent: the answer is not older (`performance.now()`) */
  onAnswer: (answer: PositionAnswer, sentAt: number, connection: Connection) => void;
  onLost: (error: unknown) => void;
}

export interface PositionAnswer {
  /** Bytes since the beginning of the log; undefined when the server has none of this kind. */
  position: bigint | undefined;
  inRecovery: boolean;
  /** Equal on a primary and its replicas. */
  cluster: string;
}

interface AnswerRow extends pg.QueryResultRow {
  position: string | null;
  in_recovery: boolean;
  cluster: string;
}

const ABOUT =
  "pg_is_in_recovery() as in_recovery, (select system_identifier::text from pg_control_system()) as cluster";

/** Everything that was committed is before this position, and a replica without anything to do gets as far. */
export const PRIMARY_POSITION = {
  name: "primary_position",
  text: `select case when not pg_is_in_recovery() then pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::text end as position, ${ABOUT}`,
};

/** Whoever asks now sees everything before this position. */
export const REPLICA_POSITION = {
  name: "replica_position",
  text: `select pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::text as position, ${ABOUT}`,
};

export class PositionWatch {
  readonly #options: WatchOptions;
  readonly #stop = new AbortController();
  #ended = Promise.resolve();
  #isAsked = false;
  #wake: (() => void) | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#ended = this.#keepWatching();
  }

  /** Asks now, or once more when a question is under way. */
  ask(): void {
    this.#isAsked = true;
    this.#wake?.();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake?.();
    await this.#ended;
  }

  async #keepWatching(): Promise<void> {
    while (!this.#hasStopped()) {
      try {
        await this.#watch();
      } catch (error) {
        if (this.#hasStopped()) break;
        this.#options.onLost(error);
        // Not sooner than usual, also when it was asked for.
        await sleep(this.#options.intervalMs(), undefined, { signal: this.#stop.signal }).catch(
          () => undefined,
        );
      }
    }
  }

  async #watch(): Promise<void> {
    const { statement, timeoutMs, intervalMs, onAnswer } = this.#options;
    const connection = await this.#options.connection();
    const client = new pg.Client({
      ...clientOptions(connection, "kernelboard positions"),
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    });
    let failure: Error | undefined;
    const onBroken = (error: Error): void => {
      failure ??= error;
      this.ask();
    };
    client.on("error", onBroken);
    client.on("end", () => {
      onBroken(new Error("the server ended the connection"));
    });
    try {
      await client.connect();
      while (!this.#hasStopped()) {
        if (failure !== undefined) throw failure;
        this.#isAsked = false;
        const sentAt = performance.now();
        const { rows } = await client.query<AnswerRow>(
          connection.isPooler ? { text: statement.text } : statement,
        );
        const row = rows[0];
        if (row === undefined) throw new Error("the server does not tell its position");
        if (this.#hasStopped()) return;
        const position = row.position === null ? undefined : BigInt(row.position);
        onAnswer({ position, inRecovery: row.in_recovery, cluster: row.cluster }, sentAt, connection);
        await this.#pause(intervalMs());
      }
    } finally {
      // A connection that does not answer does not end either.
      await Promise.race([
        client.end().catch(() => undefined),
        sleep(END_TIMEOUT_MS, undefined, { ref: false }),
      ]);
    }
  }

  #hasStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Waits, unless somebody asks or has asked meanwhile. */
  async #pause(milliseconds: number): Promise<void> {
    if (this.#isAsked || this.#hasStopped()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
