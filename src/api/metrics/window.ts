/** The time that metrics are about. */
import { midnightDaysAgo } from "../calendar.ts";

/** A window of whole days in UTC, its end not in it, and the beginning of the equally long one before. */
export interface Window {
  previousStart: string;
  start: string;
  end: string;
}

/**
 * The window between two days.
 *
 * @throws ParameterError when it or the one before begins before the year 1
 */
export function metricsWindow(startDaysAgo: number, endDaysAgo: number): Window {
  return {
    previousStart: midnightDaysAgo(2 * startDaysAgo - endDaysAgo, "start_days_ago"),
    start: midnightDaysAgo(startDaysAgo, "start_days_ago"),
    end: midnightDaysAgo(endDaysAgo, "end_days_ago"),
  };
}
