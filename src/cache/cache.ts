/** The cache of answers: `docs/caching.md` says what it promises and how. */
import { Answer, type Encoding, type Validity } from "./answer.ts";
import type { Follower } from "./follower.ts";
import type { SharedStore } from "./shared.ts";
import type { CacheStats } from "./stats.ts";
import { AnswerStore, type Entry } from "./store.ts";
import type { Tag } from "./tags.ts";

/** How often a request waits for another one's answer that then turns out to be too old. */
const MAX_WAITS = 2;

/** What was read for a request. */
export interface Read {
  body: Buffer;
  tags: readonly Tag[];
  /** When the clock alone may change it, as `Date.now()` counts. */
  until?: number | undefined;
}

export interface AnswerCacheOptions {
  follower: Follower;
  store: AnswerStore;
  stats: CacheStats;
  maxAgeMs: number;
  /** How many reads there were until now that may lack what the follower knows of. */
  unsureAnswers: () => number;
  /** What other processes share; none when absent. */
  shared?: SharedStore | undefined;
}

export class AnswerCache {
  readonly #options: AnswerCacheOptions;
  readonly #flights = new Map<string, Promise<void>>();

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
  }

  /**
   * A kept answer by another name, if it can be served in this encoding without waiting for anything.
   *
   * @param now as `performance.now()` counts
   */
  atHand(alias: string, encoding: Encoding, now: number): Entry | undefined {
    const { store, follower, stats } = this.#options;
    const entry = store.getByAlias(alias);
    if (entry?.answer.made(entry.answer.encodingFor(encoding)) === undefined) return undefined;
    if (!this.#isValid(entry) || !follower.isRecent(now)) return undefined;
    stats.hits++;
    return entry;
  }

  /** Lets a kept answer be found by `atHand`. */
  addAlias(entry: Entry, alias: string): void {
    this.#options.store.addAlias(entry, alias);
  }

  /**
   * The kept answer for a key; or one that another request, or process, is reading or has read. When there is none, the
   * caller has to read it, and to tell by `Reading`.
   */
  async find(key: string): Promise<Entry | Reading> {
    const { stats } = this.#options;
    for (let waits = 0; ; waits++) {
      const kept = await this.#kept(key);
      if (kept !== undefined) {
        if (waits === 0) stats.hits++;
        else stats.joined++;
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
    return this.#startReading(key, () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      resolve();
    });
  }

  /** To be called when a form of an answer's body was made. */
  weigh(entry: Entry): void {
    this.#options.store.weigh(entry);
  }

  async #kept(key: string): Promise<Entry | undefined> {
    const { store, follower } = this.#options;
    const entry = store.get(key);
    if (entry === undefined) return undefined;
    if (!(await follower.becomeRecent())) return undefined;
    return this.#isValid(entry) ? entry : undefined;
  }

  async #startReading(key: string, land: () => void): Promise<Entry | Reading> {
    const { follower, shared, stats, unsureAnswers } = this.#options;
    try {
      const sharedEntry = await this.#fromShared(key);
      if (sharedEntry !== undefined) {
        stats.sharedHits++;
        land();
        return sharedEntry;
      }
      // Noted before anything is read, so that a commit during the reading makes the answer an old one.
      let unsureBefore = 0;
      let asOf: number | undefined;
      const begin = async (): Promise<Entry | undefined> => {
        const kept = await this.#kept(key);
        if (kept === undefined) {
          stats.misses++;
          unsureBefore = unsureAnswers();
          asOf = await follower.position();
        } else {
          stats.joined++;
          land();
        }
        return kept;
      };
      const done = (read: Read): Entry | undefined => {
        const entry =
          asOf !== undefined && unsureAnswers() === unsureBefore ? this.#keep(key, asOf, read) : undefined;
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

  async #fromShared(key: string): Promise<Entry | undefined> {
    const { follower, shared, store } = this.#options;
    if (shared === undefined) return undefined;
    const found = await shared.get(key);
    if (found === undefined || !(await follower.becomeRecent())) return undefined;
    const entry = newEntry(key, found.answer, found);
    if (!this.#isValid(entry)) return undefined;
    store.set(entry);
    return entry;
  }

  #keep(key: string, asOf: number, { body, tags, until = Infinity }: Read): Entry | undefined {
    const createdAt = Date.now();
    const expiresAt = Math.min(until, createdAt + this.#options.maxAgeMs);
    const entry = newEntry(key, new Answer(body), { asOf, tags, createdAt, expiresAt });
    if (expiresAt <= createdAt) return undefined;
    this.#options.store.set(entry);
    return entry;
  }

  /** As far as is known; the log has to be looked into before. An entry that is none any more is dropped. */
  #isValid(entry: Entry): boolean {
    const { follower, store } = this.#options;
    if (Date.now() < entry.expiresAt) {
      const position = follower.knownPosition;
      if (entry.currentAt === position) return true;
      if (follower.isCurrent(entry.asOf, entry.tags)) {
        entry.currentAt = position;
        return true;
      }
    }
    store.delete(entry);
    return false;
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

function newEntry(key: string, answer: Answer, { asOf, tags, createdAt, expiresAt }: Validity): Entry {
  return { key, answer, asOf, tags, createdAt, expiresAt, currentAt: -1, aliases: new Set() };
}
