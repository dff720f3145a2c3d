/** Labels whose values submitters choose: each value makes a series that is kept for good, so their number is bounded. */

/** Different values of one label. */
const MAX_VALUES = 1000;
/** UTF-16 units; a lab or platform has a few dozen. */
const MAX_CHARACTERS = 200;
/** What the reference writes where there is no value. */
const ABSENT = "None";
const OTHER = "other";

export class BoundedLabel {
  readonly #values = new Set<string>();

  /** The value as it is shown: `None` when there is none, `other` when it is one too many or too long. */
  of(value: string | undefined): string {
    if (value === undefined) return ABSENT;
    if (this.#values.has(value)) return value;
    if (this.#values.size >= MAX_VALUES || value.length > MAX_CHARACTERS) return OTHER;
    this.#values.add(value);
    return value;
  }
}
