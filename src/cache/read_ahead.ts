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
/** Answers that are looked at after each commit. Of more, those are left out that were used longest ago for the first time. */
const MOST_WATCHED = 1000;

export class ReadAhead {
  readonly #store: AnswerStore;
  readonly #isCurrent: (entry: Entry) => boolean;
  readonly #onError: (error: unknown) => void;
  /** Those that were used and are current, as far as is known. */
  readonly #watched = new Set<Entry>();
  /** Those that wait for their time, and then for their turn. */
  readonly #scheduled = new Set<Entry>();
  #due: Entry[] = [];
  #reading = 0;
  #isClosed = false;

  /** @param isCurrent whether an entry is as one that is read now, as far as is known */
  constructor(store: AnswerStore, isCurrent: (entry: Entry) => boolean, onError: (error: unknown) => void) {
    this.#store = store;
    this.#isCurrent = isCurrent;
    this.#onError = onError;
  }

  /** To be called for each request that an entry answered, and for an entry that takes the place of one that was used. */
  used(entry: Entry, credit: number, isCurrent: boolean): void {
    entry.credit = Math.min(MOST_CREDIT, entry.credit + credit);
    if (!isCurrent) this.schedule(entry);
    else if (!this.#watched.has(entry)) this.#watch(entry);
  }

  /**
   * To be called after each change that was learned of, so that all that are watched were current until then.
   *
   * @param knownUntil moment up to which every commit was known before, as `performance.now()` counts
   */
  changed(knownUntil: number): void {
    for (const entry of this.#watched) {
      if (this.#isCurrent(entry)) continue;
      entry.completeUntil = knownUntil;
      this.#watched.delete(entry);
      this.schedule(entry);
    }
  }

  /** Has an entry read again soon. */
  schedule(entry: Entry): void {
    if (this.#scheduled.has(entry) || entry.credit === 0 || this.#isClosed) return;
    this.#scheduled.add(entry);
    const enqueue = (): void => {
      this.#due.push(entry);
      this.#readNext();
    };
    const waitMs = entry.readAt + PAUSE_MS - performance.now();
    if (waitMs > 0) setTimeout(enqueue, waitMs).unref();
    else enqueue();
  }

  close(): void {
    this.#isClosed = true;
    this.#due = [];
    this.#watched.clear();
  }

  #watch(entry: Entry): void {
    if (this.#watched.size >= MOST_WATCHED)
      for (const oldest of this.#watched) {
        this.#watched.delete(oldest);
        break;
      }
    this.#watched.add(entry);
  }

  #readNext(): void {
    while (this.#reading < AT_ONCE && !this.#isClosed) {
      const entry = this.#due.shift();
      if (entry === undefined) return;
      this.#scheduled.delete(entry);
      if (this.#store.peek(entry.key) !== entry) continue;
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
