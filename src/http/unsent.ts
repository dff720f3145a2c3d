/** Answers that clients have not taken yet: how many bytes they are, and an end for those that are never taken. */
import type { ServerResponse } from "node:http";

/** When there is no room for the answers of others, a client that has been reading for so long is cut off. */
const PATIENCE_MS = 10_000;

interface Unsent {
  response: ServerResponse;
  bytes: number;
  since: number;
}

export class UnsentAnswers {
  readonly #maxBytes: number;
  readonly #timeoutMs: number;
  readonly #onRoom: () => void;
  /** The oldest first. */
  readonly #answers = new Set<Unsent>();
  #bytes = 0;

  /** @param onRoom called when there is room again */
  constructor(maxBytes: number, timeoutMs: number, onRoom: () => void) {
    this.#maxBytes = maxBytes;
    this.#timeoutMs = timeoutMs;
    this.#onRoom = onRoom;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there are as many bytes as there may be. */
  isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  /** An answer is about to be sent. */
  add(response: ServerResponse, bytes: number): void {
    if (response.destroyed || response.writableFinished) return;
    const answer: Unsent = { response, bytes, since: Date.now() };
    this.#answers.add(answer);
    this.#bytes += bytes;
    const timer = setTimeout(() => response.destroy(), this.#timeoutMs);
    response.once("close", () => {
      clearTimeout(timer);
      this.#answers.delete(answer);
      this.#bytes -= bytes;
      this.#onRoom();
    });
  }

  /** Cuts off those who take longest, until there is room or all are new enough. */
  makeRoom(): void {
    const before = Date.now() - PATIENCE_MS;
    for (const { response, since } of this.#answers) {
      if (!this.isFull() || since > before) return;
      response.destroy();
    }
  }
}
