/** Checks of what enters the page: an unknown JSON value becomes a typed one, or an error says where it is not. */

/** Gives the value as its type. @throws DecodeError */
export type Decode<T> = (value: unknown, path: string) => T;

export class DecodeError extends Error {
  override name = "DecodeError";
}

function mismatch(path: string, expected: string, value: unknown): DecodeError {
  const found = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
  return new DecodeError(`${path === "" ? "the answer" : path}: expected ${expected}, found ${found}`);
}

/** Any JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A string. */
export const text: Decode<string> = (value, path) => {
  if (typeof value !== "string") throw mismatch(path, "text", value);
  return value;
};

/** A finite number. */
export const number: Decode<number> = (value, path) => {
  if (typeof value !== "number" || !Number.isFinite(value)) throw mismatch(path, "a number", value);
  return value;
};

/** A whole number that is not negative. */
export const count: Decode<number> = (value, path) => {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw mismatch(path, "a count", value);
  return value;
};

/** One of some strings. */
export function oneOf<const T extends string>(options: readonly T[]): Decode<T> {
  return (value, path) => {
    const found = options.find((option) => option === value);
    if (found === undefined) throw mismatch(path, `one of ${options.join(", ")}`, value);
    return found;
  };
}

/** Something, or null. */
export function nullable<T>(inner: Decode<T>): Decode<T | null> {
  return (value, path) => (value === null ? null : inner(value, path));
}

/** A list of things of one kind. */
export function list<T>(item: Decode<T>): Decode<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw mismatch(path, "a list", value);
    return value.map((element, index) => item(element, `${path}[${index}]`));
  };
}

/** An object with certain fields; others are left out. */
export function fields<T extends object>(shape: { [Name in keyof T]: Decode<T[Name]> }): Decode<T> {
  return (value, path) => {
    if (!isObject(value)) throw mismatch(path, "an object", value);
    const result: Partial<T> = {};
    for (const name in shape) result[name] = shape[name](value[name], path === "" ? name : `${path}.${name}`);
    // The loop above has filled every field of the shape.
    return result as T;
  };
}
