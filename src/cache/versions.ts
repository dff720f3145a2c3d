/**
 * Versions of what answers depend on. The version of a tag is the id of the last change in the database's log that
 * touched it, and the version of an answer is where this process was in the log before the answer was read: an answer
 * is as good as new when none of its tags was touched since.
 */
import type { Change } from "../changes/change.ts";
import { kindOf, touchedBy, type Tag } from "./tags.ts";

/** Of those that were touched; what is older is forgotten, and answers from before count as touched. */
const MAX_TAGS = 200_000;

export class Versions {
  readonly #maxTags: number;
  /** Of tags, the one that was touched longest ago is the first. */
  readonly #tags = new Map<Tag, number>();
  readonly #kinds = new Map<string, number>();
  #position: number;
  /** What was touched is known behind this id only. */
  #floor: number;

  /** @param position id of the change that is known to be the last one */
  constructor(position: number, maxTags = MAX_TAGS) {
    this.#position = this.#floor = position;
    this.#maxTags = maxTags;
  }

  /** Id of the last change that is known. */
  get position(): number {
    return this.#position;
  }

  /** Takes a change in. They come in order. */
  apply(change: Change): void {
    this.#position = change.id;
    const touched = touchedBy(change);
    if (touched === undefined) {
      this.#floor = change.id;
      return;
    }
    for (const kind of touched.kinds) this.#kinds.set(kind, change.id);
    for (const tag of touched.tags) {
      this.#tags.delete(tag);
      this.#tags.set(tag, change.id);
    }
    this.#forget();
  }

  /**
   * Whether an answer is as one that is read now.
   *
   * @param asOf the position before it was read
   */
  isCurrent(asOf: number, tags: readonly Tag[]): boolean {
    // From behind our position: another process is ahead, and we do not know what it knows.
    if (asOf < this.#floor || asOf > this.#position) return false;
    return tags.every(
      (tag) => (this.#tags.get(tag) ?? 0) <= asOf && (this.#kinds.get(kindOf(tag)) ?? 0) <= asOf,
    );
  }

  #forget(): void {
    for (const [tag, id] of this.#tags) {
      if (this.#tags.size <= this.#maxTags) return;
      this.#tags.delete(tag);
      this.#floor = Math.max(this.#floor, id);
    }
  }
}
