/** Points in time as requests may give them (chapter 05, section 4; chapter 06, section 1.4). */

/** Numbers with a greater magnitude are milliseconds. */
const LARGEST_SECONDS = 2e10;

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?$/;

/**
 * A point in time as ISO text with microseconds, in UTC.
 *
 * @param text a date, a date with time (UTC unless it has an offset), or a Unix number: seconds, or milliseconds when
 *   it is greater than 2e10
 * @returns undefined when it is none, or outside of the years 1 to 9999
 */
export function parseDatetime(text: string): string | undefined {
  const trimmed = text.trim();
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(trimmed)) {
    const number = Number(trimmed);
    return fromUnixSeconds(Math.abs(number) > LARGEST_SECONDS ? number / 1000 : number);
  }
  const date = DATE.exec(trimmed);
  if (date !== null) return fromParts(date.slice(1, 4).map(Number), [0, 0, 0], "0", 0);
  const match = DATE_TIME.exec(trimmed);
  if (match === null) return undefined;
  const [hour = 0, minute = 0, second = 0] = match.slice(4, 7).map((part) => Number(part || 0));
  return fromParts(
    match.slice(1, 4).map(Number),
    [hour, minute, second],
    match[7] ?? "0",
    offsetMinutes(match[8]),
  );
}

/** A Unix time in seconds as ISO text with microseconds; undefined outside of the years 1 to 9999. */
export function fromUnixSeconds(seconds: number): string | undefined {
  if (!Number.isFinite(seconds)) return undefined;
  const whole = Math.floor(seconds);
  return isoText(whole * 1000, Math.round((seconds - whole) * 1e6));
}

function offsetMinutes(offset: string | undefined): number | undefined {
  if (offset === undefined || /^z$/i.test(offset)) return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(":", "") || 0);
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

function fromParts(
  [year = 0, month = 0, day = 0]: number[],
  [hour = 0, minute = 0, second = 0]: number[],
  fraction: string,
  offset: number | undefined,
): string | undefined {
  if (offset === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month - 1, day);
  // A day that the month does not have has become one of the next month.
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return undefined;
  const milliseconds = midnight.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000;
  return isoText(milliseconds, Number(fraction.padEnd(6, "0").slice(0, 6)));
}

function isoText(milliseconds: number, microseconds: number): string | undefined {
  const carried = microseconds === 1_000_000 ? 1000 : 0;
  const date = new Date(milliseconds + carried);
  const year = date.getUTCFullYear();
  if (Number.isNaN(year) || year < 1 || year > 9999) return undefined;
  const fraction = String(carried === 0 ? microseconds : 0).padStart(6, "0");
  return `${date.toISOString().slice(0, 19)}.${fraction}Z`;
}
