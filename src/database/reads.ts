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
import { addressConnection, openPool, type CountedPool } from "./server_pool.ts";

export interface ReadsOptions {
  /** Connections to the primary. */
  pool: CountedPool;
  connection: Connection;
  settings: Pick<Settings, "database" | "reads" | "overload">;
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
  /** From now on `demandNewest` is called for every commit that this process is told of; until then the primary answers. */
  useReplicas: () => void;
  /**
   * Statements that a replica was given because the primary is away: it may lack what was told of. Whoever keeps what
   * was read must not, when there were some meanwhile.
   */
  readonly unsureAnswers: number;
  /** Statements that wait for a connection, where most do. */
  readonly waitingCount: number;
  close: () => Promise<void>;
}

/** What the settings ask for; without replicas and PgBouncer it is the pool that there is, and nothing else. */
export async function openReads(options: ReadsOptions): Promise<Reads> {
  const { settings, log } = options;
  const { pooler, replicas } = settings.reads;
  let primary: CountedPool = options.pool;
  let close = (): Promise<void> => Promise.resolve();
  if (pooler !== undefined && settings.database.kind === "external") {
    const pooled = openPool(
      await addressConnection(pooler, settings.database),
      pooler,
      log,
      settings.overload,
    );
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
      useReplicas: () => {
        routed.useReplicas();
      },
      get unsureAnswers() {
        return routed.unsureAnswers;
      },
      get waitingCount() {
        return routed.waitingCount;
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
    useReplicas: () => undefined,
    unsureAnswers: 0,
    get waitingCount() {
      return primary.waitingCount;
    },
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

export class ReplicatedReads implements CountedPool {
  /** The primary; who was told something by it finds it again in every later answer of this process. */
  readonly primary: Pool;
  readonly replicas: readonly Replica[];
  readonly #pool: CountedPool;
  readonly #log: Log;
  readonly #watch: PositionWatch;
  readonly #positions: PrimaryPositions;
  readonly #work = new AsyncLocalStorage<Work>();
  #cluster: string | undefined;
  #mayUseReplicas = false;
  #unsureAnswers = 0;
  /** Its watch cannot reach it. */
  #isPrimaryLost = false;
  /** Nor could a statement; when the next one may try. */
  #primaryRetryAt: number | undefined;
  #turn = 0;

  constructor({ pool, connection, settings: { database, reads, overload }, log }: ReadsOptions) {
    if (database.kind !== "external") throw new Error("the embedded database has no replicas");
    this.#pool = pool;
    this.#log = log;
    this.#positions = new PrimaryPositions(reads.maxLagMs);
    this.replicas = reads.replicas.map(
      (address) =>
        new Replica({
          address,
          primary: database,
          settings: reads,
          limits: overload,
          log,
          cluster: () => this.#cluster,
        }),
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

  /** What was committed before is not told, so it is demanded. */
  useReplicas(): void {
    this.demandNewest();
    this.#mayUseReplicas = true;
  }

  get unsureAnswers(): number {
    return this.#unsureAnswers;
  }

  /** The most of any server: a request may go to each of them. */
  get waitingCount(): number {
    return Math.max(this.#pool.waitingCount, ...this.replicas.map((replica) => replica.waitingCount));
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
      const replica = this.#lastResort();
      const { newest } = this.#positions;
      if (replica !== undefined || newest === undefined || performance.now() > until) return replica;
      for (const behind of this.replicas) behind.catchUpTo(newest);
      await sleep(CATCH_UP_PAUSE_MS);
    }
  }

  #choose(): Replica | "primary" {
    const now = performance.now();
    if (!this.#mayUseReplicas) return "primary";
    if (!this.#isPrimaryLost)
      return this.#leastBusy((position) => this.#positions.isEnough(position, now)) ?? "primary";
    // Only when statements do not reach it either: how old a replica is cannot be told without it.
    if (this.#primaryRetryAt === undefined) return "primary";
    if (now >= this.#primaryRetryAt) {
      this.#primaryRetryAt = now + PRIMARY_RETRY_MS;
      return "primary";
    }
    return this.#lastResort() ?? "primary";
  }

  /**
   * While the primary is away, a replica that is as far as the primary was when it last told. A commit that was told of
   * later is not in that.
   */
  #lastResort(): Replica | undefined {
    const replica = this.#leastBusy((position) => this.#positions.hasAllKnown(position));
    if (replica !== undefined) this.#unsureAnswers++;
    return replica;
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
