/**
 * What is known of how far the primary's write-ahead log reaches: at which position a replica must be at least to have
 * everything that was committed a while ago, and everything that this process was told of.
 */
interface Sample {
  position: bigint;
  /** Everything committed before this moment is before the position. */
  at: number;
}

export class PrimaryPositions {
  readonly #maxLagMs: number;
  /** Those within the time that a replica may be behind, and the last one at least. */
  #samples: Sample[] = [];
  #required: bigint | undefined;
  #demandedAt: number | undefined;

  constructor(maxLagMs: number) {
    this.#maxLagMs = maxLagMs;
  }

  /** The newest position that is known. */
  get newest(): bigint | undefined {
    return this.#samples.at(-1)?.position;
  }

  /** From now on, only what has everything that is committed now will do. */
  demandNewest(now: number): void {
    this.#demandedAt = now;
  }

  /** @returns whether a demand is met by it: from now on it is known what a replica must have */
  add(position: bigint, at: number): boolean {
    this.#samples.push({ position, at });
    this.#forget(at);
    if (this.#demandedAt === undefined || at < this.#demandedAt) return false;
    this.#demandedAt = undefined;
    this.#required = position;
    return true;
  }

  /**
   * The connection to the primary was lost: the next one may lead to another server, promoted meanwhile, whose log counts
   * differently. What was demanded is demanded of it.
   */
  reset(now: number): void {
    const last = this.#samples.at(-1);
    this.#samples = last === undefined ? [] : [last];
    this.#required = undefined;
    this.#demandedAt = now;
  }

  /** Whether a server that has replayed this far has all that it must have. */
  isEnough(position: bigint, now: number): boolean {
    if (this.#demandedAt !== undefined) return false;
    if (this.#required !== undefined && position < this.#required) return false;
    this.#forget(now);
    const oldest = this.#samples[0];
    return oldest !== undefined && oldest.at >= now - this.#maxLagMs && position >= oldest.position;
  }

  /** Whether it has all that was known of a primary that does not answer any more. */
  hasAllKnown(position: bigint): boolean {
    return this.newest !== undefined && position >= this.newest;
  }

  #forget(now: number): void {
    let first = 0;
    while (first < this.#samples.length - 1 && (this.#samples[first]?.at ?? 0) < now - this.#maxLagMs)
      first++;
    if (first > 0) this.#samples.splice(0, first);
  }
}
