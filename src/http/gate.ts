/**
 * Lets a few in at a time; the others wait for their turn, some for some time, and are sent away when there are too
 * many. Clients take turns, so that one who asks for much keeps himself waiting, not the others.
 */

export interface GateLimits {
  /** Inside at once. */
  places: number;
  /** Waiting at once. */
  maxWaiting: number;
  /** How long each waits. */
  maxWaitMs: number;
}

/** Sent away: too many wait, or it took too long. */
export class GateBusy extends Error {
  override name = "GateBusy";
}

/** The one who waits has gone away. */
export class GateLeft extends Error {
  override name = "GateLeft";
}

interface Waiting {
  enter: () => void;
  refuse: (error: Error) => void;
}

export class Gate {
  readonly #limits: GateLimits;
  readonly #isClosed: () => boolean;
  /** Who waits, by client; the client whose turn is next comes first. */
  readonly #lines = new Map<string, Waiting[]>();
  #inside = 0;
  #waiting = 0;

  /** @param isClosed whether nobody may enter for now; `recheck` has to be called when that changes */
  constructor(limits: GateLimits, isClosed: () => boolean = () => false) {
    this.#limits = limits;
    this.#isClosed = isClosed;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Enters where there is a place and nobody waits. @returns gives the place back; to be called once */
  enterAtOnce(): (() => void) | undefined {
    if (!this.#hasPlace() || this.#waiting > 0) return undefined;
    this.#inside++;
    return this.#place();
  }

  /**
   * Waits for a place.
   *
   * @param gone aborted when the one who waits goes away
   * @returns gives the place back; to be called once
   * @throws GateBusy, or GateLeft
   */
  async enter(client: string, gone: AbortSignal): Promise<() => void> {
    if (gone.aborted) throw new GateLeft("gone before it was its turn");
    const place = this.enterAtOnce();
    if (place !== undefined) return place;
    await this.#wait(client, gone);
    return this.#place();
  }

  #place(): () => void {
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#inside--;
      this.recheck();
    };
  }

  /** Lets in who may enter by now. */
  recheck(): void {
    while (this.#hasPlace()) {
      const next = this.#lines.entries().next();
      if (next.done) return;
      const [client, line] = next.value;
      const [first] = line;
      // The next turn is another client's.
      this.#lines.delete(client);
      this.#lines.set(client, line);
      if (first === undefined) return;
      this.#remove(client, first);
      this.#inside++;
      first.enter();
    }
  }

  #hasPlace(): boolean {
    return this.#inside < this.#limits.places && !this.#isClosed();
  }

  async #wait(client: string, gone: AbortSignal): Promise<void> {
    const { maxWaiting, maxWaitMs } = this.#limits;
    if (this.#waiting >= maxWaiting && !this.#sendAwayLast(client))
      throw new GateBusy("too many requests of this kind wait");
    let timer: NodeJS.Timeout | undefined;
    let onGone: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const waiting: Waiting = { enter: resolve, refuse: reject };
        const leave = (error: Error): void => {
          if (this.#remove(client, waiting)) reject(error);
        };
        timer = setTimeout(() => {
          leave(new GateBusy("it was not its turn in time"));
        }, maxWaitMs);
        onGone = () => {
          leave(new GateLeft("gone before it was its turn"));
        };
        gone.addEventListener("abort", onGone, { once: true });
        const line = this.#lines.get(client);
        if (line === undefined) this.#lines.set(client, [waiting]);
        else line.push(waiting);
        this.#waiting++;
      });
    } finally {
      clearTimeout(timer);
      if (onGone !== undefined) gone.removeEventListener("abort", onGone);
    }
  }

  /** Sends away the last of the longest line, if it is longer than this client's. @returns whether it did */
  #sendAwayLast(client: string): boolean {
    let longest: [string, Waiting[]] | undefined;
    for (const entry of this.#lines) if (entry[1].length > (longest?.[1].length ?? 0)) longest = entry;
    const last = longest?.[1].at(-1);
    if (longest === undefined || last === undefined) return false;
    // With him the client's own line would be as long.
    if (longest[1].length <= (this.#lines.get(client)?.length ?? 0) + 1) return false;
    this.#remove(longest[0], last);
    last.refuse(new GateBusy("others, who ask for less, go first"));
    return true;
  }

  /** @returns whether he waited */
  #remove(client: string, waiting: Waiting): boolean {
    const line = this.#lines.get(client);
    const index = line?.indexOf(waiting) ?? -1;
    if (line === undefined || index < 0) return false;
    line.splice(index, 1);
    if (line.length === 0) this.#lines.delete(client);
    this.#waiting--;
    return true;
  }
}
