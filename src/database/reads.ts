/**
 * Which server answers the statements of a request: a streaming replica that has everything it must have, else the
 * primary; and through which PgBouncer. `docs/architecture.md` tells why it is safe.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import type { Log } from "../log.ts";
import type { Settings } from "../settings.ts";
import { errorMessage, transientReason, databaseErrorKind } from "./errors.ts";
import type { Connection, Pool } from "./pool.ts";
import { PositionWatch, PRIMARY_POSITION, type PositionAnswer } from "./position_watch.ts";
import { PrimaryPositions } from "./primary_positions.ts";
import { isStatementsFault, Replica } from "./replica.ts";
import { addressConnection, openPool } from "./server_pool.ts";

export interface ReadsOptions {
  /** Connections to the primary. */
  pool: Pool;
  connection: Connection;
  settings: Pick<Settings, "database" | "reads">;
  log: Log;
}

export interface Reads {
  /** For statements that read what requests ask for. */
  pool: Pool;
  /** Always the primary: for what must not be older than the moment. */
  primary: Pool;
  /** All statements of `work` are answered by one server, while it can. */
  together: (work: () => void) => void;
  /** Something was committed that answers must have from now on. */
  demandNewest: () => void;
  close: () => Promise<void>;
}

/** What the settings ask for; without replicas and PgBouncer it is the pool that there is, and nothing else. */
export async function openReads(options: ReadsOptions): Promise<Reads> {
  const { settings, log } = options;
  const { pooler, replicas } = settings.reads;
  let primary = options.pool;
  let close = (): Promise<void> => Promise.resolve();
  if (pooler !== undefined && settings.database.kind === "external") {
    const pooled = openPool(await addressConnection(pooler, settings.database), pooler, log);
    primary = pooled;
    close = () => pooled.end();
  }
  if (replicas.length > 0) {
    const routed = new ReplicatedReads({ ...options, pool: primary });
    return {
      pool: routed,
      primary: routed.primary,
      together: (work) => {
        routed.together(work);
      },
      demandNewest: () => {
        routed.demandNewest();
      },
      close: async () => {
        await routed.close();
        await close();
      },
    };
  }
  return {
    pool: primary,
    primary,
    together: (work) => {
      work();
    },
    demandNewest: () => undefined,
    close,
  };
}

/** A primary that statements could not reach is tried by one statement at a time, this often. */
const PRIMARY_RETRY_MS = 1000;
/** When the primary has just gone, how long a replica is waited for that is about to have everything. */
const CATCH_UP_MS = 1000;
const CATCH_UP_PAUSE_MS = 10;

/** What the statements of one piece of work share. */
interface Work {
  server: Replica | "primary" | undefined;
}

export class ReplicatedReads implements Pool {
  /** The primary; who was told something by it finds it again in every later answer of this process. */
  readonly primary: Pool;
  readonly replicas: readonly Replica[];
  readonly #pool: Pool;
  readonly #log: Log;
  readonly #watch: PositionWatch;
  readonly #positions: PrimaryPositions;
  readonly #work = new AsyncLocalStorage<Work>();
  #cluster: string | undefined;
  /** Its watch cannot reach it. */
  #isPrimaryLost = false;
  /** Nor could a statement; when the next one may try. */
  #primaryRetryAt: number | undefined;
  #turn = 0;

  constructor({ pool, connection, settings: { database, reads }, log }: ReadsOptions) {
    if (database.kind !== "external") throw new Error("the embedded database has no replicas");
    this.#pool = pool;
    this.#log = log;
    this.#positions = new PrimaryPositions(reads.maxLagMs);
    this.replicas = reads.replicas.map(
      (address) =>
        new Replica({ address, primary: database, settings: reads, log, cluster: () => this.#cluster }),
    );
    this.#watch = new PositionWatch({
      connection: () => Promise.resolve(connection),
      statement: PRIMARY_POSITION,
      timeoutMs: reads.checkTimeoutMs,
      intervalMs: () => reads.checkIntervalMs,
      onAnswer: (answer, sentAt) => {
        this.#primaryAnswered(answer, sentAt);
      },
      onLost: (error) => {
        this.#losePrimary(error);
      },
    });
    this.primary = {
      query: async <Row extends pg.QueryResultRow>(
        statement: pg.QueryConfig | string,
        values?: unknown[],
      ) => {
        const result = await pool.query<Row>(statement, values);
        this.demandNewest();
        return result;
      },
    };
    this.demandNewest();
    this.#watch.start();
    for (const replica of this.replicas) replica.start();
  }

  /** From now on, answers have everything that is committed now. */
  demandNewest(): void {
    this.#positions.demandNewest(performance.now());
    this.#watch.ask();
  }

  together(work: () => void): void {
    this.#work.run({ server: undefined }, work);
  }

  async query<Row extends pg.QueryResultRow>(
    statement: pg.QueryConfig | string,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>> {
    const work = this.#work.getStore();
    const server = work?.server ?? this.#choose();
    if (work !== undefined) work.server = server;
    if (server === "primary") return this.#askPrimary<Row>(statement, values, work);
    try {
      return await server.query<Row>(statement, values);
    } catch (error) {
      if (isStatementsFault(error)) throw error;
      this.#log.warn(
        { replica: server.name, error: errorMessage(error) },
        "a statement failed on a replica and is repeated on the primary",
      );
      if (work !== undefined) work.server = "primary";
      return this.#pool.query<Row>(statement, values);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#watch.close(), ...this.replicas.map((replica) => replica.close())]);
  }

  /** The primary is asked; when it turns out to be away, a replica that has all that was known of it. */
  async #askPrimary<Row extends pg.QueryResultRow>(
    statement: pg.QueryConfig | string,
    values: unknown[] | undefined,
    work: Work | undefined,
  ): Promise<pg.QueryResult<Row>> {
    try {
      const result = await this.#pool.query<Row>(statement, values);
      this.#primaryRetryAt = undefined;
      return result;
    } catch (error) {
      if (databaseErrorKind(error) !== "transient" || transientReason(error) !== "connection") throw error;
      this.#primaryRetryAt ??= performance.now() + PRIMARY_RETRY_MS;
      const replica = await this.#replicaInstead();
      if (replica === undefined) throw error;
      this.#log.warn(
        { replica: replica.name, error: errorMessage(error) },
        "a statement failed on the primary and is repeated on a replica",
      );
      if (work !== undefined) work.server = replica;
      return replica.query<Row>(statement, values);
    }
  }

  /** A replica that has all that was known of the primary, or has got so far in a moment. */
  async #replicaInstead(): Promise<Replica | undefined> {
    const until = performance.now() + CATCH_UP_MS;
    for (;;) {
      const replica = this.#leastBusy((position) => this.#positions.hasAllKnown(position));
      const { newest } = this.#positions;
      if (replica !== undefined || newest === undefined || performance.now() > until) return replica;
      for (const behind of this.replicas) behind.catchUpTo(newest);
      await sleep(CATCH_UP_PAUSE_MS);
    }
  }

  #choose(): Replica | "primary" {
    const now = performance.now();
    if (!this.#isPrimaryLost)
      return this.#leastBusy((position) => this.#positions.isEnough(position, now)) ?? "primary";
    // Only when statements do not reach it either: how old a replica is cannot be told without it.
    if (this.#primaryRetryAt === undefined) return "primary";
    if (now >= this.#primaryRetryAt) {
      this.#primaryRetryAt = now + PRIMARY_RETRY_MS;
      return "primary";
    }
    return this.#leastBusy((position) => this.#positions.hasAllKnown(position)) ?? "primary";
  }

  /** Of those that are far enough, the one with the fewest statements; equal ones take turns. */
  #leastBusy(isEnough: (position: bigint) => boolean): Replica | undefined {
    this.#turn++;
    let best: Replica | undefined;
    for (let index = 0; index < this.replicas.length; index++) {
      const replica = this.replicas[(index + this.#turn) % this.replicas.length];
      if (replica?.position === undefined || !isEnough(replica.position)) continue;
      if (best === undefined || replica.running < best.running) best = replica;
    }
    return best;
  }

  #primaryAnswered({ position, cluster }: PositionAnswer, sentAt: number): void {
    if (position === undefined) {
      // A server in recovery: it becomes the primary, or the address is wrong.
      this.#losePrimary(new Error("the server is in recovery"));
      return;
    }
    if (this.#isPrimaryLost) this.#log.info("the primary answers again");
    this.#isPrimaryLost = false;
    this.#primaryRetryAt = undefined;
    this.#cluster = cluster;
    const isNewDemand = this.#positions.add(position, sentAt);
    for (const replica of this.replicas) {
      replica.checkAgainst(position, sentAt);
      if (isNewDemand) replica.catchUpTo(position);
    }
  }

  #losePrimary(error: unknown): void {
    if (!this.#isPrimaryLost)
      this.#log.warn({ error: errorMessage(error) }, "the primary does not tell its position");
    this.#isPrimaryLost = true;
    this.#positions.reset(performance.now());
  }
}
