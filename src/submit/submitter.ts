/** Who submits: the origins whose objects somebody may submit. */
const ANY_ORIGIN = "*";
/** What a refusal says of a token's origins. */
const MAX_NAMED = 10;

/** An origin as the submission format has it, or `*`. */
export function isOrigin(text: string): boolean {
  return text === ANY_ORIGIN || /^[a-z0-9_]+$/.test(text);
}

/** What a token says of its holder. */
export class Submitter {
  readonly origins: readonly string[];
  /** When the token ends to be good; undefined for never. */
  readonly expires: Date | undefined;
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[], expires?: Date) {
    this.origins = origins;
    this.expires = expires;
    this.#origins = new Set(origins);
  }

  maySubmitFor(origin: string): boolean {
    return this.#origins.has(origin) || this.#origins.has(ANY_ORIGIN);
  }

  /** The origins for people. */
  get description(): string {
    const named = this.origins.slice(0, MAX_NAMED).join(", ");
    return this.origins.length > MAX_NAMED ? `${named} and ${this.origins.length - MAX_NAMED} more` : named;
  }
}
