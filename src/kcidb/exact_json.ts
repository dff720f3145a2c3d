/**
 * JSON in and out without losing digits. `JSON.parse` turns every number into a double, but what stands in `misc` is
 * kept exactly (chapter 02, section 8). Numbers that a double cannot hold become `ExactNumber`; all others, which are
 * nearly all, stay plain numbers.
 */
import { randomUUID } from "node:crypto";

/** A number that is not exactly a double, by its digits as they were sent. */
export class ExactNumber {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }

  /** For `stringifyExactJson`, which puts the digits in the place of this text. */
  toJSON(): string {
    return MARK + this.digits;
  }
}

/**
 * A number with an exponent or with 16 characters and more, between the punctuation of JSON. Fewer than 16 digits
 * survive the way through a double and back. May also hit text inside a string; then the slow way finds nothing.
 */
const MAY_LOSE_DIGITS = /[:,[\s]-?(?:\d+(?:\.\d+)?[eE][+-]?\d+|(?=[\d.]{16})\d+(?:\.\d+)?)\s*[,\]}]/;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Stands before the digits in a string of its own. Unguessable, so that no sender's string can be taken for one. */
const MARK = `exact-number:${randomUUID()}:`;

/**
 * Parses a JSON text. Inside the value of a key `misc` numbers keep their digits; elsewhere they are doubles, as the
 * columns that they go to (Infinity when beyond).
 *
 * @throws SyntaxError as `JSON.parse` does
 */
export function parseExactJson(text: string): unknown {
  return parseKeepingDigits(text).value;
}

/**
 * The same, and whether there may be an `ExactNumber` in it, and whether it is known to have no more than `LEVELS_LOOKED_AT`
 * levels.
 */
export function parseKeepingDigits(text: string): {
  value: unknown;
  mayBeExact: boolean;
  isShallow: boolean;
} {
  const plain = JSON.parse(text) as unknown;
  const isShallow = !mayHaveNumberInMisc(plain, false, 0);
  if (isShallow || !MAY_LOSE_DIGITS.test(text)) return { value: plain, mayBeExact: false, isShallow };
  return { value: revive(JSON.parse(markNumbers(text))), mayBeExact: true, isShallow };
}

/** Whether arrays and objects are nested more deeply than this in a value, itself included. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}

/** The JSON text of a value from `parseExactJson`. */
export function stringifyExactJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes(MARK) ? text.replace(new RegExp(`"${MARK}([^"]+)"`, "g"), "$1") : text;
}

/** Levels that are looked at for numbers; the nesting is the sender's. */
const LEVELS_LOOKED_AT = 10;

/** Whether there is a number inside the value of a key `misc`, or too far down to be looked for. Most objects have none. */
function mayHaveNumberInMisc(value: unknown, inMisc: boolean, level: number): boolean {
  if (typeof value === "number") return inMisc;
  if (typeof value !== "object" || value === null) return false;
  if (level === LEVELS_LOOKED_AT) return true;
  if (Array.isArray(value)) return value.some((item) => mayHaveNumberInMisc(item, inMisc, level + 1));
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (mayHaveNumberInMisc(item, inMisc || key === "misc", level + 1)) return true;
  }
  return false;
}

/** Puts every number that a double would change into a marked string. The text is known to be valid JSON. */
function markNumbers(text: string): string {
  let out = "";
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const stop = quote < 0 ? text.length : quote;
    out += text
      .slice(at, stop)
      .replace(NUMBER, (digits) => (isExact(digits) ? digits : `"${MARK}${digits}"`));
    if (quote < 0) break;
    at = endOfString(text, quote);
    out += text.slice(quote, at);
  }
  return out;
}

function endOfString(text: string, quote: number): number {
  let at = quote;
  for (;;) {
    at = text.indexOf('"', at + 1);
    let backslashes = 0;
    while (text[at - backslashes - 1] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}

/** Whether a number written with these digits is the same after a double. */
function isExact(digits: string): boolean {
  if (!/[eE]/.test(digits) && digits.replace(/[-.]/g, "").length <= 15) return true;
  const value = Number(digits);
  return Number.isFinite(value) && sameNumber(digits, JSON.stringify(value));
}

function sameNumber(a: string, b: string): boolean {
  const [x, y] = [canonical(a), canonical(b)];
  return x.sign === y.sign && x.digits === y.digits && x.exponent === y.exponent;
}

/** Sign, significant digits without outer zeros, and the power of ten of the last one. */
function canonical(text: string): { sign: string; digits: string; exponent: number } {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const [, sign = "", whole = "", fraction = "", power = "0"] = match ?? [];
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  if (digits === "") return { sign: "", digits: "", exponent: 0 };
  return { sign, digits, exponent: Number(power) - fraction.length + (all.length - digits.length) };
}

/** Turns marked strings back, without recursion: the nesting is the sender's. */
function revive(root: unknown): unknown {
  const box = { root };
  const open: { container: object; exact: boolean }[] = [{ container: box, exact: false }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [key, item] of Object.entries(next.container) as [string, unknown][]) {
      if (typeof item === "string" && item.startsWith(MARK)) {
        const digits = item.slice(MARK.length);
        // defineProperty: a key may be `__proto__`.
        const value = next.exact ? new ExactNumber(digits) : Number(digits);
        Object.defineProperty(next.container, key, {
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      } else if (typeof item === "object" && item !== null) {
        open.push({ container: item, exact: next.exact || key === "misc" });
      }
    }
  }
  return box.root;
}
