const WITH_SEPARATORS = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
/** From here on a count has no room in a narrow column. */
const LONG = 100_000;

/** A whole number with separators, as in "12,345". */
export function formatCount(value: number): string {
  return WITH_SEPARATORS.format(value);
}

/** A number of things, as in "1 tree" and "12 trees". */
export function formatCountOf(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}

/** A whole number in at most six characters, as in "12,345" and "123K". */
export function formatShortCount(value: number): string {
  return value < LONG ? formatCount(value) : SHORT.format(value);
}
