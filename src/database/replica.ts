/** One streaming replica: how far it is, whether it is well, and statements on it. */
import type pg from "pg";
import type { Log } from "../log.ts";
import type { ExternalDatabaseSettings, ReadSettings, ServerAddress } from "../settings.ts";
import { errorCode, errorMessage } from "./errors.ts";
import type { Connection, PoolLimits } from "./pool.ts";
import { PositionWatch, REPLICA_POSITION, type PositionAnswer } from "./position_watch.ts";
import { addressConnection, openPool, type CountedPool, type OpenPool } from "./server_pool.ts";

/** How long a replica is left alone that failed several statements in a row though it answers its checks. */
const REST_MS = 5000;
/** Pause between two looks at a replica that is about to catch up, and for how long it is looked at so often. */
const HURRY_INTERVAL_MS = 10;
const HURRY_MS = 1000;
const AHEAD = "it has replayed what the primary does not have";

export interface ReplicaOptions {
  address: ServerAddress;
  primary: ExternalDatabaseSettings;
  settings: ReadSettings;
  limits: PoolLimits;
  log: Log;
  /** The primary's cluster, when it is known. */
  cluster: () => string | undefined;
}

/** A statement was under way when its replica was lost. */
class ReplicaLost extends Error {
  override name = "ReplicaLost";
  /** SQLSTATE of a broken connection. */
  readonly code = "08006";
}

export class Replica implements CountedPool {
  readonly name: string;
  readonly #options: ReplicaOptions;
  readonly #watch: PositionWatch;
  #pool: OpenPool | undefined;
  #position: bigint | undefined;
  #answeredAt = 0;
  #problem: string | undefined = "it has not answered yet";
  #isAhead = false;
  #hurryUntil = 0;
  #failures = 0;
  #restUntil = 0;
  /** Called when it is lost, for the statements that run. */
  readonly #running = new Set<(error: Error) => void>();
  /** Statements that it has answered. */
  answered = 0;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    const { address, settings } = options;
    this.name = `${address.host}:${address.port}`;
    this.#watch = new PositionWatch({
      connection: () => addressConnection(address, options.primary),
      statement: REPLICA_POSITION,
      timeoutMs: settings.checkTimeoutMs,
      intervalMs: () =>
        performance.now() < this.#hurryUntil
          ? Math.min(HURRY_INTERVAL_MS, settings.checkIntervalMs)
          : settings.checkIntervalMs,
      onAnswer: (answer, _sentAt, connection) => {
        this.#answer(answer, connection);
      },
      onLost: (error) => {
        this.#lose(errorMessage(error));
      },
    });
  }

  start(): void {
    this.#watch.start();
  }

  async close(): Promise<void> {
    await this.#watch.close();
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end();
  }

  /** How far it has replayed, while it can be used; it only ever gets further. */
  get position(): bigint | undefined {
    if (this.#problem !== undefined || performance.now() < this.#restUntil) return undefined;
    return this.#position;
  }

  get running(): number {
    return this.#running.size;
  }

  get waitingCount(): number {
    return this.#pool?.waitingCount ?? 0;
  }

  /** Looks how far it is now, and often for a while if that is not far enough. */
  catchUpTo(position: bigint): void {
    if (this.#position !== undefined && this.#position >= position) return;
    this.#hurryUntil = performance.now() + HURRY_MS;
    this.#watch.ask();
  }

  /** Holds against it that the primary is not as far as it was before: it is of another history, since a promotion. */
  checkAgainst(position: bigint, askedAt: number): void {
    if (this.#position === undefined || this.#answeredAt >= askedAt) return;
    this.#isAhead = this.#position > position;
    if (this.#isAhead) this.#lose(AHEAD);
  }

  /** @throws the statement's error, or that the replica was lost meanwhile */
  async query<Row extends pg.QueryResultRow>(
    statement: pg.QueryConfig | string,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>> {
    const pool = this.#pool;
    if (pool === undefined) throw new ReplicaLost(`the replica ${this.name} is not connected`);
    let giveUp: ((error: Error) => void) | undefined;
    const lost = new Promise<never>((_resolve, reject) => {
      giveUp = reject;
      this.#running.add(reject);
    });
    try {
      const result = await Promise.race([pool.query<Row>(statement, values), lost]);
      this.answered++;
      this.#failures = 0;
      return result;
    } catch (error) {
      if (!isStatementsFault(error)) this.#fail();
      throw error;
    } finally {
      if (giveUp !== undefined) this.#running.delete(giveUp);
    }
  }

  #fail(): void {
    this.#failures++;
    if (this.#failures < this.#options.settings.maxFailures || this.#problem !== undefined) return;
    this.#failures = 0;
    this.#restUntil = performance.now() + REST_MS;
    this.#options.log.warn(
      { replica: this.name, seconds: REST_MS / 1000 },
      "a replica is left alone for a while",
    );
  }

  #answer({ position, inRecovery, cluster }: PositionAnswer, connection: Connection): void {
    const expected = this.#options.cluster();
    if (!inRecovery) {
      this.#lose("it is no replica, or not any more");
      return;
    }
    if (position === undefined) {
      this.#lose("it has not replayed anything");
      return;
    }
    if (expected !== undefined && cluster !== expected) {
      this.#lose("it is a replica of another server");
      return;
    }
    // What it had replayed of a history that it has left is not in it any more.
    if (this.#problem !== undefined || this.#position === undefined || position > this.#position)
      this.#position = position;
    this.#answeredAt = performance.now();
    if (this.#isAhead) {
      this.#lose(AHEAD);
      return;
    }
    this.#pool ??= openPool(connection, this.#options.address, this.#options.log, this.#options.limits);
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#options.log.info({ replica: this.name }, "a replica can be used");
  }

  #lose(problem: string): void {
    if (this.#problem !== problem)
      this.#options.log.warn({ replica: this.name, problem }, "a replica cannot be used");
    this.#problem = problem;
    for (const giveUp of [...this.#running])
      giveUp(new ReplicaLost(`the replica ${this.name} was lost: ${problem}`));
  }
}

/** Data exceptions, limits and cancelling: the same statement fails on the primary too, or is not to be run again. */
export function isStatementsFault(error: unknown): boolean {
  const code = errorCode(error) ?? "";
  return code === "57014" || ["22", "54"].includes(code.slice(0, 2));
}
