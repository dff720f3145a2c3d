/**
 * Keeps work from a service that does not answer. After several failures in a row nothing is tried for a while; then
 * one attempt decides for all whether it is tried again, and each time that it fails the pause is longer.
 */

export interface BreakerLimits {
  /** Failures in a row after which nothing is tried any more. */
  failures: number;
  /** The first pause. Each one that follows without a success in between is twice as long. */
  pauseMs: number;
  maxPauseMs: number;
}

export interface BreakerOptions {
  limits: BreakerLimits;
  /** Called when a pause begins, with the failure that brought it. */
  onPause: (error: unknown, pauseMs: number) => void;
  /** Called for the first success after a pause. */
  onRecovery: () => void;
}

/** What `Breaker.run` gives for work that it does not try. */
export const PAUSED = Symbol("paused");

export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #pauseMs = 0;
  #pausedUntil = 0;
  /** The attempt that decides after a pause. */
  #trial: Promise<unknown> | undefined;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /**
   * Does a piece of work unless the service is left alone just now.
   *
   * @throws what the work throws
   */
  async run<T>(work: () => Promise<T>): Promise<T | typeof PAUSED> {
    while (this.#trial !== undefined) await this.#trial;
    if (this.#pauseMs === 0) return this.#attempt(work);
    if (performance.now() < this.#pausedUntil) return PAUSED;
    const attempt = this.#attempt(work);
    this.#trial = attempt.catch(() => undefined);
    try {
      return await attempt;
    } finally {
      this.#trial = undefined;
    }
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    const pause = this.#pauseMs;
    try {
      const result = await work();
      this.#failures = 0;
      if (this.#pauseMs > 0) this.#options.onRecovery();
      this.#pauseMs = 0;
      return result;
    } catch (error) {
      this.#failures++;
      // Of many that were under way when the pause began, none makes it longer.
      if (this.#pauseMs === pause && this.#failures >= this.#options.limits.failures) this.#pause(error);
      throw error;
    }
  }

  #pause(error: unknown): void {
    const { limits, onPause } = this.#options;
    this.#pauseMs = Math.min(this.#pauseMs === 0 ? limits.pauseMs : this.#pauseMs * 2, limits.maxPauseMs);
    this.#pausedUntil = performance.now() + this.#pauseMs;
    onPause(error, this.#pauseMs);
  }
}
