/** Ages as commands of the reference take them: `7 days` (chapter 08, section 3.1). */
import { CommandError } from "./context.ts";

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** Before the year 1 there is no time that could be stored. */
const EARLIEST_MS = Date.parse("0001-01-01T00:00:00Z");

/**
 * The length of an interval in milliseconds; negative ones are intervals too.
 *
 * @throws CommandError in the reference implementation's words
 */
export function intervalMs(text: string): number {
  const [amount, unit, ...more] = text.trim().split(/\s+/);
  if (amount === undefined || unit === undefined || more.length > 0)
    throw new CommandError(`Invalid interval format: ${text}`);
  if (!/^[+-]?\d+$/.test(amount))
    throw new CommandError(`invalid literal for int() with base 10: '${amount}'`);
  const name = unit.toLowerCase().replace(/s$/, "");
  const length = Object.hasOwn(UNIT_MS, name) ? UNIT_MS[name] : undefined;
  if (length === undefined) throw new CommandError(`Unsupported time unit: ${unit}`);
  return Number(amount) * length;
}

/** The time an interval ago. @throws CommandError when it is no interval, or longer than there is time */
export function intervalAgo(text: string, now = Date.now()): Date {
  const time = now - intervalMs(text);
  if (!(time >= EARLIEST_MS && time < 8.64e15)) throw new CommandError(`Interval out of range: ${text}`);
  return new Date(time);
}

/** A list of names separated by commas, without blanks and empty ones. */
export function commaList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
