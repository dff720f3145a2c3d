/**
 * The string formats of the submission schema, written out: what the stock validators take for a URI or a date-time
 * differs from it (chapter 02, section 3).
 */
import { isIPv6 } from "node:net";

const UNRESERVED = "A-Za-z0-9\\-._~";
const SUB_DELIMITERS = "!$&'()*+,;=";
const ESCAPED = "%[0-9A-Fa-f]{2}";
const PATH_CHARACTER = `(?:[${UNRESERVED}${SUB_DELIMITERS}:@]|${ESCAPED})`;
const USER_INFO = `(?:[${UNRESERVED}${SUB_DELIMITERS}:]|${ESCAPED})*`;
const REGISTERED_NAME = `(?:[${UNRESERVED}${SUB_DELIMITERS}]|${ESCAPED})*`;
const IP_LITERAL = "\\[([0-9A-Fa-f:.]+|[vV][0-9A-Fa-f]+\\.[A-Za-z0-9\\-._~!$&'()*+,;=:]+)\\]";
const AUTHORITY = `//(?:${USER_INFO}@)?(?:${IP_LITERAL}|${REGISTERED_NAME})(?::[0-9]*)?(?:/${PATH_CHARACTER}*)*`;
const PATH = `(?:/?(?:${PATH_CHARACTER}+(?:/${PATH_CHARACTER}*)*)?)`;
const URI = new RegExp(
  `^[A-Za-z][A-Za-z0-9+.\\-]*:(?:${AUTHORITY}|${PATH})(?:\\?(?:${PATH_CHARACTER}|[/?])*)?(?:#(?:${PATH_CHARACTER}|[/?])*)?$`,
);

/** An absolute URI of RFC 3986: ASCII, a scheme, and no character outside the grammar. */
export function isUri(text: string): boolean {
  const match = URI.exec(text);
  if (match === null) return false;
  const literal = match[1];
  return literal === undefined || /^[vV]/.test(literal) || isIPv6(literal);
}

/** Anything with an @, as the format's own validator has it: real Message-IDs look like nothing in particular. */
export function isEmail(text: string): boolean {
  return text.includes("@");
}

const DATE_TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))$/;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface DateTimeParts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  fraction: string;
  /** Minutes east of Greenwich. */
  offset: number;
}

function dateTimeParts(text: string): DateTimeParts | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const number = (group: number): number => Number(match[group] ?? "0");
  const [offsetHour, offsetMinute] = [number(9), number(10)];
  const parts = {
    year: number(1),
    month: number(2),
    day: number(3),
    hour: number(4),
    minute: number(5),
    second: number(6),
    fraction: match[7] ?? "",
    offset: (match[8] === "-" ? -1 : 1) * (offsetHour * 60 + offsetMinute),
  };
  const leap = (parts.year % 4 === 0 && parts.year % 100 !== 0) || parts.year % 400 === 0;
  const days = parts.month === 2 && leap ? 29 : (DAYS_IN_MONTH[parts.month - 1] ?? 0);
  const real =
    parts.year >= 1 &&
    parts.day >= 1 &&
    parts.day <= days &&
    parts.hour <= 23 &&
    parts.minute <= 59 &&
    parts.second <= 59 &&
    offsetHour <= 23 &&
    offsetMinute <= 59;
  return real ? parts : undefined;
}

/** What nearly every date-time looks like: of a century not at the edge, on a day that every month has, and in UTC. */
const SURELY_DATE_TIME =
  /^[1-8][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[+-]00:00)$/;

/** A date-time of RFC 3339 with a zone, a real calendar date and no leap second. */
export function isDateTime(text: string): boolean {
  return SURELY_DATE_TIME.test(text) || dateTimeParts(text) !== undefined;
}

/** What nearly every date-time is: of a century not at the edge, and in UTC. */
const SURELY_STORABLE = /^[1-8][0-9]{3}-.*(?:[Zz]|[+-]00:00)$/;
/** The largest offset that PostgreSQL takes, in minutes. */
const MAX_OFFSET_MINUTES = 15 * 60 + 59;

/**
 * Whether a valid date-time can be stored: its offset within ±15:59, and in UTC, rounded to microseconds, within the
 * years 1 to 9999.
 */
export function isStorableDateTime(text: string): boolean {
  if (SURELY_STORABLE.test(text)) return true;
  const parts = dateTimeParts(text);
  if (parts === undefined || Math.abs(parts.offset) > MAX_OFFSET_MINUTES) return false;
  const instant = new Date(0);
  // setUTCFullYear, because Date.UTC takes years below 100 for 19xx.
  instant.setUTCFullYear(parts.year, parts.month - 1, parts.day);
  const roundsUp = /^9{6}[5-9]/.test(parts.fraction) ? 1 : 0;
  instant.setUTCHours(parts.hour, parts.minute - parts.offset, parts.second + roundsUp);
  const year = instant.getUTCFullYear();
  return year >= 1 && year <= 9999;
}
