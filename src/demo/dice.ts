/**
 * Chance that is the same every time: each throw is named, and its outcome is a function of the seed and the name
 * alone. So no decision depends on the order in which decisions are made.
 */
import { createHash } from "node:crypto";

const ALPHANUMERICS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export class Dice {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** A number from 0 to below 1. */
  roll(name: string): number {
    // FNV-1a, and the last step of MurmurHash3 so that similar names fall far apart.
    let hash = 0x811c9dc5 ^ this.#seed;
    for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
  }

  /** True with a probability. */
  chance(probability: number, name: string): boolean {
    return this.roll(name) < probability;
  }

  /** A number between two bounds. */
  between(minimum: number, maximum: number, name: string): number {
    return minimum + this.roll(name) * (maximum - minimum);
  }

  /** An item of a list that is not empty. */
  pick<T>(list: readonly T[], name: string): T {
    const item = list[Math.floor(this.roll(name) * list.length)];
    if (item === undefined) throw new Error(`nothing to pick from: ${name}`);
    return item;
  }

  /** Hexadecimal digits, at most 64. */
  hex(length: number, name: string): string {
    return this.#digest(name).toString("hex").slice(0, length);
  }

  /** Digits and letters, at most 32. */
  alphanumeric(length: number, name: string): string {
    return Array.from(this.#digest(name).subarray(0, length), (byte) =>
      ALPHANUMERICS.charAt(byte % ALPHANUMERICS.length),
    ).join("");
  }

  #digest(name: string): Buffer {
    return createHash("sha256").update(`${this.#seed} ${name}`).digest();
  }
}
