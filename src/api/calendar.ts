/** Days back from today, as parameters name them. */
import { fromUnixSeconds } from "../http/datetime.ts";
import { ParameterError } from "../http/errors.ts";

const SECONDS_PER_DAY = 86_400;

/**
 * Midnight UTC of today or of an earlier day, as ISO text.
 *
 * @param parameter what an error names when that is before the year 1
 * @throws ParameterError then
 */
export function midnightDaysAgo(days: number, parameter: string): string {
  const today = Math.floor(Date.now() / 1000 / SECONDS_PER_DAY);
  const midnight = fromUnixSeconds((today - days) * SECONDS_PER_DAY);
  if (midnight === undefined) throw new ParameterError(parameter, "must not reach back before the year 1");
  return midnight;
}
