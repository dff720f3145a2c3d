/** Times as readers see them. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH = 30.44 * DAY;
const YEAR = 365.25 * DAY;

/** Each unit with the age in seconds below which it is used. */
const UNITS: readonly { name: string; seconds: number; below: number }[] = [
  { name: "min", seconds: MINUTE, below: HOUR },
  { name: "h", seconds: HOUR, below: 2 * DAY },
  { name: "d", seconds: DAY, below: 2 * MONTH },
  { name: "mo", seconds: MONTH, below: 2 * YEAR },
  { name: "y", seconds: YEAR, below: Infinity },
];

/** Milliseconds since 1970 of an ISO time, undefined for null and for what no browser can read. */
export function timeOf(iso: string | null): number | undefined {
  const time = iso === null ? NaN : Date.parse(iso);
  return Number.isNaN(time) ? undefined : time;
}

/** How long ago something was, as in "3 h ago"; "in 3 h" when it is yet to come. */
export function formatAge(time: number, now: number): string {
  const seconds = Math.abs(now - time) / 1000;
  if (seconds < MINUTE) return "just now";
  const unit = UNITS.find(({ below }) => seconds < below);
  if (unit === undefined) return "long ago";
  const amount = `${Math.floor(seconds / unit.seconds)} ${unit.name}`;
  return time > now ? `in ${amount}` : `${amount} ago`;
}

/** Date and time to the second in UTC. */
export function formatUtc(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Time of the day to the second in UTC. */
export function formatUtcClock(time: number): string {
  return `${new Date(time).toISOString().slice(11, 19)} UTC`;
}

/** A duration in seconds, as in "1 h 02 min". */
export function formatDuration(seconds: number): string {
  if (seconds < 0) return `−${formatDuration(-seconds)}`;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${padded(whole % MINUTE)} s`;
  return `${Math.floor(whole / HOUR)} h ${padded(Math.floor((whole % HOUR) / MINUTE))} min`;
}

function padded(value: number): string {
  return String(value).padStart(2, "0");
}
