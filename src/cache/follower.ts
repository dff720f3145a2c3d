/**
 * Follows the database's log of changes for a cache. What it says about an answer is not older than `MAX_LAG_MS`: a
 * notification only makes it faster, so nothing depends on one arriving. When the log cannot be read it says nothing,
 * and nothing is served that would need it.
 */
import type { ChangeFeed, Notice } from "../changes/feed.ts";
import { errorMessage } from "../database/errors.ts";
import type { Log } from "../log.ts";
import type { Tag } from "./tags.ts";
import { Versions } from "./versions.ts";

/** An answer is never older than a second behind the last commit; this leaves some of it for the way. */
export const MAX_LAG_MS = 800;
/** While there are requests the log is looked into this often, so that none of them has to wait for it. */
const LOOK_AFTER_MS = 250;
/** A look that takes longer is not waited for. */
const MAX_WAIT_MS = 500;
/** Between attempts to follow a log that could not be. */
const RETRY_MS = 1000;

export class Follower {
  readonly #feed: ChangeFeed;
  readonly #log: Log;
  readonly #onChange: (before: number) => void;
  readonly #onReset: () => void;
  #versions: Versions | undefined;
  #following: Promise<void> | undefined;
  #triedAt = -Infinity;
  #looking: Promise<boolean> | undefined;
  #unsubscribe: (() => void) | undefined;
  #isClosed = false;

  /**
   * @param onChange called after each change with the position before it; `knownUntil` is still what it was then
   * @param onReset called when changes were missed, so that nothing is known of any answer from before
   */
  constructor(
    feed: ChangeFeed,
    log: Log,
    { onChange, onReset }: { onChange: (before: number) => void; onReset: () => void },
  ) {
    this.#feed = feed;
    this.#log = log;
    this.#onChange = onChange;
    this.#onReset = onReset;
  }

  /**
   * The position in the log to be kept with an answer that is read from now on; undefined when there is none, and the
   * answer cannot be kept.
   */
  async position(): Promise<number | undefined> {
    if (this.#versions === undefined) await this.#follow();
    return this.#versions?.position;
  }

  /** Whether what is known is recent enough; looks into the log, without being waited for, before it is not. */
  isRecent(now = performance.now()): boolean {
    const lag = now - this.#feed.knownUntil;
    if (lag > LOOK_AFTER_MS && this.#versions !== undefined) void this.#look();
    return lag <= MAX_LAG_MS;
  }

  /** Makes what is known recent. @returns whether that was possible, soon */
  async becomeRecent(): Promise<boolean> {
    if (this.#versions === undefined) return false;
    return this.isRecent() || (await this.#look());
  }

  /** Whether nothing was committed since, as far as is known, that an answer depends on. See `isRecent`. */
  isCurrent(asOf: number, tags: readonly Tag[]): boolean {
    return this.#versions?.isCurrent(asOf, tags) ?? false;
  }

  /** The position that is known, whether or not it is recent. Equal ones mean that nothing was learned in between. */
  get knownPosition(): number {
    return this.#versions?.position ?? -1;
  }

  /** The moment, as `performance.now()` counts, up to which every commit is known. */
  get knownUntil(): number {
    return this.#feed.knownUntil;
  }

  close(): void {
    this.#isClosed = true;
    this.#unsubscribe?.();
    this.#versions = undefined;
  }

  #follow(): Promise<void> {
    if (this.#isClosed || performance.now() - this.#triedAt < RETRY_MS)
      return this.#following ?? Promise.resolve();
    this.#triedAt = performance.now();
    return (this.#following ??= this.#subscribe().finally(() => {
      this.#following = undefined;
    }));
  }

  async #subscribe(): Promise<void> {
    try {
      const unsubscribe = await this.#feed.subscribe((notice) => {
        this.#take(notice);
      });
      // Nothing is told between the moment when the promise is kept and this line.
      if (this.#isClosed) unsubscribe();
      else {
        this.#unsubscribe = unsubscribe;
        this.#versions = new Versions(this.#feed.position);
      }
    } catch (error) {
      if (!this.#isClosed)
        this.#log.warn({ error: errorMessage(error) }, "changes cannot be followed; answers are not cached");
    }
  }

  #take(notice: Notice): void {
    if (this.#versions === undefined) return;
    if (notice.kind === "change") {
      const before = this.#versions.position;
      this.#versions.apply(notice.change);
      this.#onChange(before);
    } else {
      this.#versions = new Versions(notice.newest);
      this.#onReset();
    }
  }

  #look(): Promise<boolean> {
    return (this.#looking ??= this.#catchUp().finally(() => {
      this.#looking = undefined;
    }));
  }

  async #catchUp(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, MAX_WAIT_MS, false);
    });
    try {
      return await Promise.race([this.#feed.catchUp().then(() => true), tooLate]);
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
