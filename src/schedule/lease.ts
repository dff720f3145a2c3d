/**
 * The right to act, held by one session of the database at a time: an advisory lock that lives and dies with the
 * connection. Who holds it asks the server for a sign of life every two seconds and stops acting when none comes; the
 * server, for its part, ends the session when nothing is asked for ten, or when its packets are not acknowledged. So
 * the lock becomes free soon after its holder is killed, frozen or cut off, and never before the holder could know.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { errorMessage } from "../database/errors.ts";
import { clientOptions, type Connection } from "../database/pool.ts";
import type { Log } from "../log.ts";

const HEARTBEAT_MS = 2000;
/** A connection on which nothing is answered within this time is lost. */
const ANSWER_MS = 6000;
/** After this time without a statement the server ends the session. */
const IDLE_MS = 10_000;
/** How often who does not act looks whether it may. */
const ATTEMPT_MS = 1000;
const RETRY_PAUSES_MS = [250, 500, 1000, 2000];
const END_MS = 1000;

/** The server notices within ten seconds that the other side is gone without a word. */
const NOTICE_LOSS =
  "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=8000";

/** A session that is watched. */
export interface Lease {
  client: pg.Client;
  /** Aborted at once when the session is lost, or when the caller stops. */
  signal: AbortSignal;
}

export interface LeaseOptions {
  connection: Connection;
  log: Log;
  /** As it is shown in pg_stat_activity. */
  name: string;
  signal: AbortSignal;
}

/**
 * Runs work on a session of its own that is watched. What the work holds of the session's locks is free afterwards.
 *
 * @throws the database's error when it cannot connect; the work's own error
 */
export async function withLease<T>(options: LeaseOptions, work: (lease: Lease) => Promise<T>): Promise<T> {
  const base = clientOptions(options.connection, options.name);
  const client = new pg.Client({
    ...base,
    options: `${base.options ?? ""} ${NOTICE_LOSS}`,
    connectionTimeoutMillis: Math.min(base.connectionTimeoutMillis ?? ANSWER_MS, ANSWER_MS),
    query_timeout: ANSWER_MS,
  });
  const lost = new AbortController();
  const lose = (reason: string): void => {
    if (lost.signal.aborted) return;
    lost.abort(new Error(reason));
  };
  client.on("error", (error) => {
    lose(errorMessage(error));
  });
  client.on("end", () => {
    lose("the server ended the connection");
  });
  const done = new AbortController();
  try {
    await client.connect();
    // Servers before version 14 do not have it.
    await client.query(
      "select set_config(name, $1, false) from pg_settings where name = 'idle_session_timeout'",
      [String(IDLE_MS)],
    );
    void watch(client, done.signal, lose);
    return await work({ client, signal: AbortSignal.any([lost.signal, options.signal]) });
  } finally {
    done.abort();
    // A connection that does not answer does not end either.
    await Promise.race([client.end().catch(() => undefined), sleep(END_MS, undefined, { ref: false })]);
    // So that one that hangs keeps neither the process nor, once it is heard of again, the lock.
    client.connection.stream.destroy();
  }
}

/** Waits for the right to act under a name and acts, again and again until the signal. Never throws. */
export async function whenever(
  options: LeaseOptions,
  lockName: string,
  act: (lease: Lease) => Promise<void>,
): Promise<void> {
  const { log, signal, name } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await withLease(options, async (lease) => {
        while (!lease.signal.aborted && !(await tryLock(lease.client, lockName))) {
          failures = 0;
          await pause(ATTEMPT_MS, lease.signal);
        }
        if (lease.signal.aborted) return;
        failures = 0;
        await act(lease);
      });
    } catch (error) {
      if (isAborted(signal)) break;
      const pauseMs = RETRY_PAUSES_MS[Math.min(failures, RETRY_PAUSES_MS.length - 1)] ?? 0;
      failures++;
      log.warn({ session: name, error: errorMessage(error), pauseMs }, "the session of the scheduler failed");
      await pause(pauseMs, signal);
    }
  }
}

/** Takes an advisory lock for the session. A session that has it gets it again. @returns whether it is had */
export async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    "select pg_try_advisory_lock(hashtextextended('kernelboard ' || $1, 0)) as locked",
    [name],
  );
  return rows[0]?.locked === true;
}

/** Lets go of an advisory lock. */
export async function unlock(client: pg.Client, name: string): Promise<void> {
  await client.query("select pg_advisory_unlock(hashtextextended('kernelboard ' || $1, 0))", [name]);
}

/** A pause that ends with the signal. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** A call, because the compiler believes that a property it has seen false stays so. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function watch(client: pg.Client, done: AbortSignal, lose: (reason: string) => void): Promise<void> {
  while (!done.aborted) {
    await pause(HEARTBEAT_MS, done);
    if (isAborted(done)) return;
    try {
      await client.query("select 1");
    } catch (error) {
      lose(errorMessage(error));
      return;
    }
  }
}
