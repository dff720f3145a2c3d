/** The interval of the issue listing (chapter 06, section 3.1; chapter 03, section 2.9). */
import { fromUnixSeconds } from "../../http/datetime.ts";
import { ApiError, ParameterError } from "../../http/errors.ts";

const INVALID_TIMESTAMP = "startTimestampInSeconds and endTimestampInSeconds must be a Unix Timestamp";
const INVALID_ORDER = "start_date must be before end_date";
const SECONDS_A_DAY = 86_400;

/** Two points in time as ISO text, both inclusive. */
export interface Interval {
  start: string;
  end: string;
}

export interface IntervalQuery {
  startTimestampInSeconds?: string;
  endTimestampInSeconds?: string;
  interval_in_days: number;
}

/**
 * The interval that a query asks for: up to now, and as many days long as it says, unless it gives an end or a start.
 *
 * @throws ApiError 400 for a timestamp that is none, a start after the end, and what is outside of the years 1 to 9999
 */
export function parseInterval(query: IntervalQuery): Interval {
  const endSeconds = unixSeconds(query.endTimestampInSeconds) ?? Date.now() / 1000;
  const startSeconds =
    unixSeconds(query.startTimestampInSeconds) ?? endSeconds - query.interval_in_days * SECONDS_A_DAY;
  const end = fromUnixSeconds(endSeconds);
  const start = fromUnixSeconds(startSeconds);
  if (end === undefined) throw new ApiError(400, INVALID_TIMESTAMP);
  if (start === undefined) {
    if (query.startTimestampInSeconds !== undefined) throw new ApiError(400, INVALID_TIMESTAMP);
    throw new ParameterError("interval_in_days", "it reaches back to before the year 1");
  }
  if (startSeconds > endSeconds) throw new ApiError(400, INVALID_ORDER);
  return { start, end };
}

const DECIMAL = /^\s*[+-]?(\d+(_\d+)*(\.(\d+(_\d+)*)?)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?\s*$/i;

/** A number of seconds as text: fractions, exponents, underscores and blanks are fine. */
function unixSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!DECIMAL.test(text)) throw new ApiError(400, INVALID_TIMESTAMP);
  return Number(text.replaceAll("_", ""));
}
