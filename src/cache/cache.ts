/** The cache of answers: `docs/caching.md` says what it promises and how. */
import { Answer, type Encoding, type Validity } from "./answer.ts";
import { MAX_LAG_MS, type Follower } from "./follower.ts";
import { ReadAhead } from "./read_ahead.ts";
import type { SharedStore } from "./shared.ts";
import type { CacheStats } from "./stats.ts";
import { AnswerStore, type Entry } from "./store.ts";
import type { Tag } from "./tags.ts";

/** How often a request waits for another one's answer that then turns out to be too old. */
const MAX_WAITS = 2;
/** An answer that the clock is about to end is read ahead when it is asked for so late. */
const NEAR_END_MS = 400;

/** What was read for a request. */
export interface Read {
  body: Buffer;
  tags: readonly Tag[];
  /** When the clock alone may change it, as `Date.now()` counts. */
  until?: number | undefined;
}

/**
 * How new a kept answer has to be:
 *
 * - `recent`: it may lack what was committed within the last `MAX_LAG_MS`, while that is being read.
 * - `current`: it may lack nothing that is known to be committed.
 * - `new`: newer than the one that is kept. It is read ahead, and is not counted as a request.
 */
export type Demand = "recent" | "current" | "new";

export interface Asking {
  demand: Demand;
  /** Asks once more, with the demand `new`. */
  readAgain: () => Promise<unknown>;
}

export interface AnswerCacheOptions {
  follower: Follower;
  store: AnswerStore;
  stats: CacheStats;
  maxAgeMs: number;
  /** How many reads there were until now that may lack what the follower knows of. */
  unsureAnswers: () => number;
  /** Told when something cannot be read ahead. */
  onError: (error: unknown) => void;
  /** What other processes share; none when absent. */
  shared?: SharedStore | undefined;
}

export class AnswerCache {
  readonly #options: AnswerCacheOptions;
  readonly #ahead: ReadAhead;
  readonly #flights = new Map<string, Promise<void>>();

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
    this.#ahead = new ReadAhead(options.store, {
      isCurrent: (entry) => this.#isCurrent(entry),
      needsReading: (entry) => !this.#isCurrent(entry) || entry.expiresAt - Date.now() < NEAR_END_MS,
      onError: options.onError,
    });
  }

  /**
   * A kept answer by another name, if it can be served in this encoding without waiting for anything.
   *
   * @param now as `performance.now()` counts
   */
  atHand(alias: string, encoding: Encoding, demand: Demand, now: number): Entry | undefined {
    const { store, follower } = this.#options;
    const entry = store.getByAlias(alias);
    if (entry?.answer.made(entry.answer.encodingFor(encoding)) === undefined) return undefined;
    if (!follower.isRecent(now) || !this.#isGood(entry, demand, now)) return undefined;
    this.#used(entry, "hits", demand);
    return entry;
  }

  /** Lets a kept answer be found by `atHand`. */
  addAlias(entry: Entry, alias: string): void {
    this.#options.store.addAlias(entry, alias);
  }

  /** To be called after each change that was learned of. @param before the position before it */
  changed(before: number): void {
    this.#ahead.changed(before, this.#options.follower.knownUntil);
  }

  /** From now on nothing is read ahead. */
  close(): void {
    this.#ahead.close();
  }

  /**
   * The kept answer for a key; or one that another request, or process, is reading or has read. When there is none, the
   * caller has to read it, and to tell by `Reading`.
   */
  async find(key: string, asking: Asking): Promise<Entry | Reading> {
    const { demand } = asking;
    const before = this.#options.store.peek(key);
    for (let waits = 0; ; waits++) {
      const kept = await this.#kept(key, demand, before);
      if (kept !== undefined) {
        this.#used(kept, waits === 0 ? "hits" : "joined", demand);
        return kept;
      }
      const flight = waits < MAX_WAITS ? this.#flights.get(key) : undefined;
      if (flight === undefined) break;
      await flight;
    }
    // From here to the entry in #flights nothing is waited for, so that equal requests meet.
    let resolve: () => void = () => undefined;
    const flight = new Promise<void>((landed) => {
      resolve = landed;
    });
    this.#flights.set(key, flight);
    const land = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      resolve();
    };
    return this.#startReading(key, asking, { before, land });
  }

  /** To be called when a form of an answer's body was made. */
  weigh(entry: Entry): void {
    this.#options.store.weigh(entry);
  }

  async #kept(key: string, demand: Demand, before: Entry | undefined): Promise<Entry | undefined> {
    const { store, follower } = this.#options;
    const entry = store.get(key);
    if (entry === undefined || (demand === "new" && entry === before)) return undefined;
    if (!(await follower.becomeRecent())) return undefined;
    return this.#isGood(entry, demand) ? entry : undefined;
  }

  async #startReading(
    key: string,
    { demand, readAgain }: Asking,
    { before, land }: { before: Entry | undefined; land: () => void },
  ): Promise<Entry | Reading> {
    const { follower, shared, stats, unsureAnswers } = this.#options;
    try {
      const sharedEntry = await this.#fromShared(
        key,
        readAgain,
        demand === "new" ? before?.createdAt : undefined,
      );
      if (sharedEntry !== undefined) {
        this.#used(sharedEntry, "sharedHits", demand);
        land();
        return sharedEntry;
      }
      // Noted before anything is read, so that a commit during the reading makes the answer an old one.
      let unsureBefore = 0;
      let asOf: number | undefined;
      let completeUntil = -Infinity;
      let readAt = 0;
      const begin = async (): Promise<Entry | undefined> => {
        const kept = await this.#kept(key, demand, before);
        if (kept === undefined) {
          stats[demand === "new" ? "ahead" : "misses"]++;
          unsureBefore = unsureAnswers();
          asOf = await follower.position();
          completeUntil = follower.knownUntil;
          readAt = performance.now();
        } else {
          this.#used(kept, "joined", demand);
          land();
        }
        return kept;
      };
      const done = (read: Read): Entry | undefined => {
        const entry =
          asOf !== undefined && unsureAnswers() === unsureBefore
            ? this.#keep(key, read, { asOf, completeUntil, readAt, readAgain })
            : undefined;
        land();
        if (entry !== undefined) shared?.set(key, entry);
        return entry;
      };
      return new Reading({ begin, done, failed: land });
    } catch (error) {
      land();
      throw error;
    }
  }

  /** @param newerThan only one that was made after this, as `Date.now()` counts */
  async #fromShared(
    key: string,
    readAgain: Entry["readAgain"],
    newerThan = -Infinity,
  ): Promise<Entry | undefined> {
    const { follower, shared } = this.#options;
    if (shared === undefined) return undefined;
    const found = await shared.get(key);
    if (found === undefined || found.createdAt <= newerThan || !(await follower.becomeRecent()))
      return undefined;
    const { answer, ...validity } = found;
    const { knownUntil: completeUntil } = follower;
    const entry = newEntry(key, answer, { ...validity, completeUntil, readAt: performance.now(), readAgain });
    // Until when one that was touched since was complete is not known.
    if (!this.#isGood(entry, "current")) return undefined;
    this.#set(entry);
    return entry;
  }

  #keep(
    key: string,
    { body, tags, until = Infinity }: Read,
    reading: Pick<Entry, "asOf" | "completeUntil" | "readAt" | "readAgain">,
  ): Entry | undefined {
    const createdAt = Date.now();
    const expiresAt = Math.min(until, createdAt + this.#options.maxAgeMs);
    const entry = newEntry(key, new Answer(body), { ...reading, tags, createdAt, expiresAt });
    if (expiresAt <= createdAt) return undefined;
    this.#set(entry);
    return entry;
  }

  /** Puts an entry into the place of the one before, whose credit it has. */
  #set(entry: Entry): void {
    const { store } = this.#options;
    const credit = store.peek(entry.key)?.credit ?? 0;
    store.set(entry);
    if (credit > 0) this.#ahead.used(entry, credit);
  }

  #used(entry: Entry, how: "hits" | "joined" | "sharedHits", demand: Demand): void {
    if (demand === "new") return;
    this.#options.stats[how]++;
    this.#ahead.used(entry, 1);
  }

  /** Whether an entry can be served; the log has to be looked into before. One that the clock has ended is dropped. */
  #isGood(entry: Entry, demand: Demand, now = performance.now()): boolean {
    if (Date.now() >= entry.expiresAt) {
      this.#options.store.delete(entry);
      return false;
    }
    return this.#isCurrent(entry) || (demand !== "current" && now - entry.completeUntil <= MAX_LAG_MS);
  }

  /** Whether nothing is known to have been committed since that it depends on. */
  #isCurrent(entry: Entry): boolean {
    const { follower } = this.#options;
    const position = follower.knownPosition;
    if (entry.currentAt === position) return true;
    if (!follower.isCurrent(entry.asOf, entry.tags)) return false;
    entry.currentAt = position;
    return true;
  }
}

interface ReadingSteps {
  begin: () => Promise<Entry | undefined>;
  done: (read: Read) => Entry | undefined;
  failed: () => void;
}

/** A request that has to read its answer itself, while others wait for it. `done` or `failed` has to be called. */
export class Reading {
  /**
   * To be called just before it reads, when it has waited for whatever it waits for: an answer is as old as what is read, not as
   * the request. What was not begun is not kept.
   *
   * @returns an answer that another request has read meanwhile; there is nothing left to do then
   */
  readonly begin: () => Promise<Entry | undefined>;
  /** Keeps the answer. @returns undefined when it cannot be kept */
  readonly done: (read: Read) => Entry | undefined;
  /** There is no answer to keep: others read for themselves. */
  readonly failed: () => void;

  constructor({ begin, done, failed }: ReadingSteps) {
    this.begin = begin;
    this.done = done;
    this.failed = failed;
  }
}

function newEntry(
  key: string,
  answer: Answer,
  reading: Validity & Pick<Entry, "completeUntil" | "readAt" | "readAgain">,
): Entry {
  return { ...reading, key, answer, currentAt: -1, credit: 0, aliases: new Set() };
}
