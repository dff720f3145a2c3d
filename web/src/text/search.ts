/** Search parameters of the page's addresses: plain text on both sides, so that addresses are easy to read and write. */

export type RawSearch = Record<string, unknown>;

/** The parameters of a search string. Of a repeated one the last counts. */
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

/** The search string of parameters; those without a value are left out. */
export function stringifySearch(search: RawSearch): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === "string") parameters.set(name, value);
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** A text parameter, a fallback when it is absent. */
export function textOr(value: unknown, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

/** A parameter that is one of some values, a fallback when it is none of them. */
export function oneOfOr<const T extends string>(value: unknown, options: readonly T[], fallback: T): T {
  return options.find((option) => option === value) ?? fallback;
}
