/**
 * Reads answers again that something was committed for, before somebody asks: while that goes on the answer before is
 * served, as long as it may be, so that requests for what many look at do not wait for the database.
 *
 * It costs no more than it saves: an answer is read ahead once at most for each request that was answered from memory.
 */
import type { AnswerStore, Entry } from "./store.ts";

/** Requests of an answer that count, so that one which was asked for much is not read for long once nobody does. */
const MOST_CREDIT = 4;
/** From the start of one reading to that of the next, so that an answer which each commit changes is not read for each. */
const PAUSE_MS = 300;
/** Beside each other; requests need the database too. */
const AT_ONCE = 1;
/** Answers that are looked at after each commit, or wait to be read. Of more, those are left to whoever asks that were used longest ago for the first time. */
const MOST = 1000;

/** Knows answers by their keys: those that the store has dropped are not to stay in memory because of this. */
export class ReadAhead {
  readonly #store: AnswerStore;
  readonly #isCurrent: (entry: Entry) => boolean;
  readonly #needsReading: (entry: Entry) => boolean;
  readonly #onError: (error: unknown) => void;
  /** Those that were used. */
  readonly #watched = new Set<string>();
  /** Those that wait for their time, and then for their turn. */
  readonly #scheduled = new Set<string>();
  #due: string[] = [];
  #reading = 0;
  #isClosed = false;

  /**
   * @param isCurrent whether an entry is as one that is read now, as far as is known
   * @param needsReading whether it is not, or will soon not be
   */
  constructor(
    store: AnswerStore,
    {
      isCurrent,
      needsReading,
      onError,
    }: {
      isCurrent: (entry: Entry) => boolean;
      needsReading: (entry: Entry) => boolean;
      onError: (error: unknown) => void;
    },
  ) {
    this.#store = store;
    this.#isCurrent = isCurrent;
    this.#needsReading = needsReading;
    this.#onError = onError;
  }

  /** To be called for each request that an entry answered, and for an entry that takes the place of one that was used. */
  used(entry: Entry, credit: number): void {
    entry.credit = Math.min(MOST_CREDIT, entry.credit + credit);
    if (this.#needsReading(entry)) this.#schedule(entry);
    const { key } = entry;
    if (this.#watched.has(key)) return;
    this.#watched.add(key);
    if (this.#watched.size > MOST)
      for (const oldest of this.#watched) return void this.#watched.delete(oldest);
  }

  /**
   * To be called after each change that was learned of.
   *
   * @param before the position before it
   * @param knownUntil moment up to which every commit was known then, as `performance.now()` counts
   */
  changed(before: number, knownUntil: number): void {
    for (const key of this.#watched) {
      const entry = this.#store.peek(key);
      if (entry !== undefined && this.#isCurrent(entry)) continue;
      this.#watched.delete(key);
      if (entry === undefined) continue;
      if (entry.currentAt === before) entry.completeUntil = knownUntil;
      this.#schedule(entry);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#due = [];
    this.#watched.clear();
  }

  /** Has an entry read again soon. */
  #schedule({ key, credit, readAt }: Entry): void {
    if (credit === 0 || this.#isClosed || this.#scheduled.has(key) || this.#scheduled.size >= MOST) return;
    this.#scheduled.add(key);
    const enqueue = (): void => {
      this.#due.push(key);
      this.#readNext();
    };
    const waitMs = readAt + PAUSE_MS - performance.now();
    if (waitMs > 0) setTimeout(enqueue, waitMs).unref();
    else enqueue();
  }

  #readNext(): void {
    while (this.#reading < AT_ONCE && !this.#isClosed) {
      const key = this.#due.shift();
      if (key === undefined) return;
      this.#scheduled.delete(key);
      const entry = this.#store.peek(key);
      // Whoever asked meanwhile may have read it.
      if (entry === undefined || entry.credit === 0 || !this.#needsReading(entry)) continue;
      this.#reading++;
      void this.#read(entry).finally(() => {
        this.#reading--;
        this.#readNext();
      });
    }
  }

  async #read(entry: Entry): Promise<void> {
    entry.credit--;
    try {
      await entry.readAgain();
      const { key, answer } = entry;
      const next = this.#store.peek(key);
      if (next === undefined || next === entry) return;
      // Whoever asks has it in the form that was asked for before.
      for (const encoding of answer.encodings) await next.answer.form(encoding);
      this.#store.weigh(next);
    } catch (error) {
      this.#onError(error);
    }
  }
}
