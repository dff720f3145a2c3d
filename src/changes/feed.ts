/**
 * Tells this process what each commit of submissions changed, soon after the commit and without a gap.
 *
 * One connection listens for the writers' notifications. A notification only says that there is something: the changes
 * themselves are read from the log, all behind the last one that was read. So one that was lost, with its connection
 * or otherwise, costs time and nothing else; the log is also looked at without being told to, now and then.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { errorMessage } from "../database/errors.ts";
import { clientOptions, type Client, type Connection } from "../database/pool.ts";
import type { Log } from "../log.ts";
import { CHANGES_CHANNEL } from "../rollups/changes.ts";
import { readChanges, type Change } from "./change.ts";

const POLL_MS = 15_000;
/** A connection that does not answer within this time is given up. */
const QUERY_TIMEOUT_MS = 10_000;
/** Pauses between attempts to connect; the last one repeats. */
const RETRY_PAUSES_MS = [100, 250, 500, 1000, 2000, 5000];
/** How long the connection is kept for the next subscriber. */
const LINGER_MS = 30_000;
const END_TIMEOUT_MS = 1000;
/** Changes read at a time. */
const PAGE = 50;

/** A change; or that some were missed, so that everything up to the newest may have changed. */
export type Notice = { kind: "change"; change: Change } | { kind: "reset"; newest: number };

/** Called with one notice after the other, in order. It must not wait. */
export type Listener = (notice: Notice) => void;

export interface ChangeFeedOptions {
  connection: Connection;
  log: Log;
}

/** The time from the first subscriber until there was none for a while. */
interface Life {
  /** Kept when the feed knows where the log ends. */
  ready: Promise<void>;
  stop: AbortController;
  ended: Promise<void>;
}

export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #listeners = new Set<{ tell: Listener }>();
  #life: Life | undefined;
  #linger: NodeJS.Timeout | undefined;
  #position: number | undefined;
  #knownUntil = -Infinity;
  /** Makes the connection that listens read; undefined while there is none. */
  #alarm: Alarm | undefined;
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #isClosed = false;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  /** Id of the last change that subscribers were told, 0 when the log was empty. Meaningful while there is one. */
  get position(): number {
    return this.#position ?? 0;
  }

  /** The moment, as `performance.now()` counts, up to which subscribers have been told every commit. */
  get knownUntil(): number {
    return this.#knownUntil;
  }

  /**
   * Looks into the log now, whether or not there was a notification. Kept when subscribers have been told everything
   * that was committed before the call.
   *
   * @throws when the log cannot be read, at once where there is no connection
   */
  async catchUp(): Promise<void> {
    const alarm = this.#alarm;
    if (alarm === undefined) throw new Error("changes are not listened for");
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      alarm.ring();
    });
  }

  /**
   * Tells a listener all changes from now on: those with an id behind `position`, as that is when the promise is kept.
   *
   * @returns ends the subscription
   * @throws the database's error when there is no connection yet and none can be made
   */
  async subscribe(tell: Listener): Promise<() => void> {
    if (this.#isClosed) throw new Error("the feed of changes is closed");
    clearTimeout(this.#linger);
    const listener = { tell };
    this.#listeners.add(listener);
    const unsubscribe = (): void => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#stopLater();
    };
    this.#life ??= this.#start();
    try {
      await this.#life.ready;
    } catch (error) {
      unsubscribe();
      throw error;
    }
    return unsubscribe;
  }

  /** Ends the feed and its connection for good. Its subscribers are told nothing any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listeners.clear();
    await this.#stop();
  }

  #stopLater(): void {
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => void this.#stop(), LINGER_MS).unref();
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#linger);
    const life = this.#life;
    this.#life = undefined;
    life?.stop.abort();
    await life?.ended;
  }

  #start(): Life {
    const stop = new AbortController();
    this.#position = undefined;
    let isReady = false;
    let ended = Promise.resolve();
    const ready = new Promise<void>((resolve, reject) => {
      const onReady = (): void => {
        isReady = true;
        resolve();
      };
      ended = this.#keepListening(stop.signal, onReady, (error) => {
        if (isReady) return true;
        // Nobody has been told anything, so the next subscriber starts anew.
        if (this.#life?.stop === stop) this.#life = undefined;
        reject(error);
        return false;
      });
    });
    // Whoever waits for it is told; when nobody does it must not count as unhandled.
    ready.catch(() => undefined);
    return { ready, stop, ended };
  }

  /** @param goesOn decides after a failure */
  async #keepListening(
    signal: AbortSignal,
    onReady: () => void,
    goesOn: (error: Error) => boolean,
  ): Promise<void> {
    let failures = 0;
    while (!isAborted(signal)) {
      try {
        await this.#listen(signal, () => {
          if (failures > 0) this.#options.log.info("changes are listened for again");
          failures = 0;
          onReady();
        });
      } catch (error) {
        if (isAborted(signal)) break;
        if (!goesOn(error instanceof Error ? error : new Error(String(error)))) return;
        const pauseMs = RETRY_PAUSES_MS[Math.min(failures, RETRY_PAUSES_MS.length - 1)] ?? 0;
        failures++;
        this.#options.log.warn(
          { error: errorMessage(error), pauseMs },
          "the connection that listens for changes broke",
        );
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
    goesOn(new Error("the feed of changes is closed"));
  }

  /** Listens on one connection until the signal. @throws when the connection fails */
  async #listen(signal: AbortSignal, onRead: () => void): Promise<void> {
    const client = new pg.Client({
      ...clientOptions(this.#options.connection, "kernelboard events"),
      query_timeout: QUERY_TIMEOUT_MS,
    });
    const alarm = new Alarm();
    let failure: Error | undefined;
    client.on("error", (error) => {
      failure ??= error;
      alarm.ring();
    });
    client.on("end", () => {
      failure ??= new Error("the server ended the connection");
      alarm.ring();
    });
    client.on("notification", () => {
      alarm.ring();
    });
    const done = new AbortController();
    const aborted = new Promise<void>((resolve) => {
      const onAbort = (): void => {
        alarm.ring();
        resolve();
      };
      signal.addEventListener("abort", onAbort, { signal: done.signal });
    });
    try {
      await Promise.race([client.connect(), aborted]);
      if (isAborted(signal)) return;
      await client.query(`listen ${CHANGES_CHANNEL}`);
      this.#alarm = alarm;
      while (!isAborted(signal)) {
        if (failure !== undefined) throw failure;
        await this.#readUpToNow(client, signal);
        onRead();
        await alarm.wait(POLL_MS);
      }
    } finally {
      done.abort();
      if (this.#alarm === alarm) this.#alarm = undefined;
      for (const { reject } of this.#waiting.splice(0)) reject(new Error("changes cannot be read"));
      // A connection that does not answer does not end either.
      await Promise.race([
        client.end().catch(() => undefined),
        sleep(END_TIMEOUT_MS, undefined, { ref: false }),
      ]);
    }
  }

  /** Reads what is new, and answers those who wait for what was committed until now. */
  async #readUpToNow(client: Client, signal: AbortSignal): Promise<void> {
    const waiting = this.#waiting.splice(0);
    const now = performance.now();
    try {
      await this.#readOn(client, signal);
    } catch (error) {
      this.#waiting.push(...waiting);
      throw error;
    }
    this.#knownUntil = now;
    for (const { resolve } of waiting) resolve();
  }

  /** Reads what is new and tells it; the first time, only where the log ends. */
  async #readOn(client: Client, signal: AbortSignal): Promise<void> {
    const isFirst = this.#position === undefined;
    for (;;) {
      const { newest, hasGap, changes } = await readChanges(client, this.position, isFirst ? 0 : PAGE);
      // Others may have subscribed anew by now.
      if (isAborted(signal)) return;
      if (isFirst) {
        this.#position = newest;
        return;
      }
      if (hasGap) {
        this.#position = newest;
        this.#tell({ kind: "reset", newest });
        return;
      }
      for (const change of changes) {
        this.#position = change.id;
        this.#tell({ kind: "change", change });
      }
      if (changes.length < PAGE) return;
    }
  }

  #tell(notice: Notice): void {
    for (const { tell } of this.#listeners) {
      try {
        tell(notice);
      } catch (error) {
        this.#options.log.error({ err: error }, "a listener for changes failed");
      }
    }
  }
}

/** A call, because the compiler believes that a property it has seen false stays so. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Ends a wait. A ring that nobody waits for ends the next one. */
class Alarm {
  #hasRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  async wait(milliseconds: number): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#hasRung = false;
  }
}
