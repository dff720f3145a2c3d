/** Parsers of command-line values; a bad one ends with a usage error, exit code 2. */
import { InvalidArgumentError } from "commander";

/** A whole number within bounds. */
export function wholeNumber(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    if (!/^[+-]?\d+$/.test(text)) throw new InvalidArgumentError(`'${text}' is not a whole number`);
    const value = Number(text);
    if (value < minimum)
      throw new InvalidArgumentError(
        minimum === 1 ? `${value} has to be greater than 0` : `${value} is below ${minimum}`,
      );
    if (value > maximum) throw new InvalidArgumentError(`${value} is above ${maximum}`);
    return value;
  };
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time in the past: `2d`, `12h` or `30m` ago, or a date or date-time of ISO 8601, UTC where it names no zone. */
export function pointInTime(text: string): Date {
  const age = /^(\d{1,6})([mhd])$/.exec(text);
  if (age !== null) return new Date(Date.now() - Number(age[1]) * UNIT_MS[age[2] as keyof typeof UNIT_MS]);
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const time = new Date(match === null ? NaN : `${match[1]}T${match[2] ?? "00:00"}${match[3] ?? "Z"}`);
  // A day that its month does not have would silently be one of the next month.
  const noon = new Date(`${match?.[1] ?? ""}T12:00Z`);
  if (match === null || Number.isNaN(time.getTime()) || !isoDay(noon, match[1]))
    throw new InvalidArgumentError(`'${text}' is neither an age such as 2d nor a date such as 2026-11-01`);
  return time;
}

function isoDay(time: Date, day: string | undefined): boolean {
  return !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 10) === day;
}
