/** The answers that are kept in memory: bounded in bytes, those go first that were used longest ago. */
import { LRUCache } from "lru-cache";
import type { Answer, Validity } from "./answer.ts";

/** An answer may take this part of the whole at most. */
const LARGEST_PART = 4;

export interface Entry extends Validity {
  key: string;
  answer: Answer;
  /** The position at which it was last found to be current, so that it is looked at once for each commit. */
  currentAt: number;
  /** It has every commit up to this moment, as `performance.now()` counts. Of one that is current this may be later. */
  completeUntil: number;
  /** When its reading began, as `performance.now()` counts. */
  readAt: number;
  /** Requests that it answered, less the readings ahead; see `ReadAhead`. */
  credit: number;
  /** Has a new one read in its place. */
  readAgain: () => Promise<unknown>;
  /** Other names under which it is found, see `HotPath`. */
  aliases: Set<string>;
  /** Pattern of the route, once it has an alias. */
  route?: string;
}

export class AnswerStore {
  readonly #entries: LRUCache<string, Entry>;
  readonly #aliases = new Map<string, Entry>();
  readonly #maxBytes: number;
  #evictions = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      dispose: (entry, _key, reason) => {
        if (reason === "evict") this.#evictions++;
        this.#dropAliases(entry);
      },
    });
  }

  get size(): { entries: number; bytes: number; evictions: number } {
    return {
      entries: this.#entries.size,
      bytes: this.#entries.calculatedSize,
      evictions: this.#evictions,
    };
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Without counting it as used. */
  peek(key: string): Entry | undefined {
    return this.#entries.peek(key);
  }

  /** By another name that was given to it. */
  getByAlias(alias: string): Entry | undefined {
    const entry = this.#aliases.get(alias);
    // So that it counts as used.
    return entry === undefined ? undefined : this.#entries.get(entry.key);
  }

  /** Keeps an entry. What the one before was found by, this one is found by. */
  set(entry: Entry): void {
    const before = this.#entries.peek(entry.key);
    const aliases = [...(before?.aliases ?? [])];
    if (before?.route !== undefined) entry.route ??= before.route;
    // Deleted first, because the size of an entry that is there already is not looked at.
    this.#entries.delete(entry.key);
    const bytes = entry.answer.bytes;
    if (bytes * LARGEST_PART > this.#maxBytes) return;
    this.#entries.set(entry.key, entry, { size: bytes });
    for (const alias of aliases) this.addAlias(entry, alias);
  }

  delete(entry: Entry): void {
    if (this.#entries.peek(entry.key) === entry) this.#entries.delete(entry.key);
  }

  /** Counts again how large an entry is, after a form of its body was made. */
  weigh(entry: Entry): void {
    if (this.#entries.peek(entry.key) === entry) this.set(entry);
  }

  /** Lets an entry be found by another name too, as long as it is kept. */
  addAlias(entry: Entry, alias: string, most = 16): void {
    if (entry.aliases.size >= most || this.#entries.peek(entry.key) !== entry) return;
    this.#aliases.get(alias)?.aliases.delete(alias);
    this.#aliases.set(alias, entry);
    entry.aliases.add(alias);
  }

  clear(): void {
    this.#entries.clear();
  }

  #dropAliases(entry: Entry): void {
    for (const alias of entry.aliases) if (this.#aliases.get(alias) === entry) this.#aliases.delete(alias);
    entry.aliases.clear();
  }
}
