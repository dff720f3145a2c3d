/** What the bodies of the hardware endpoints have in common: a window and an origin (chapter 05, section 7). */
import { Type } from "typebox";
import { fromUnixSeconds } from "../../http/datetime.ts";
import { ApiError, parametersError } from "../../http/errors.ts";
import { wholeNumber } from "../../http/parameters.ts";
import { DEFAULT_ORIGIN } from "../shapes.ts";
import type { Window } from "./heads.ts";

const START = "startTimestampInSeconds";
const END = "endTimestampInSeconds";
const NOT_UNIX_TIMES = `${START} and ${END} must be a Unix Timestamp`;

const UnixSeconds = Type.Union([Type.Integer(), Type.String()], {
  description: "whole Unix seconds, as a number or as text",
  examples: [1741359600, "1741359600"],
});

/** Schemas of the keys that `parseWindow` reads. */
export const WINDOW_KEYS = {
  [START]: UnixSeconds,
  [END]: UnixSeconds,
  origin: Type.Optional(
    Type.String({ default: DEFAULT_ORIGIN, description: "CI system that submitted the tests" }),
  ),
};

/** A key of a body and what is wrong with its value. */
export type Problem = readonly [key: string, problem: string];

export const REQUIRED = "it is required";

/**
 * The window and the origin that a body names.
 *
 * @param problems what is wrong with the endpoint's own keys, so that one answer names every key
 * @throws ApiError 400 that names every key which is missing or of a wrong type; when there is none, 400 for
 *   timestamps that are no whole Unix seconds or outside of the years 1 to 9999
 */
export function parseWindow(
  body: Record<string, unknown>,
  problems: readonly Problem[] = [],
): Window & { origin: string } {
  const { [START]: start, [END]: end, origin = DEFAULT_ORIGIN } = body;
  const times = [start, end];
  if (!times.every(isTimeLike) || typeof origin !== "string" || problems.length > 0) {
    const own: Problem[] = [];
    for (const [key, value] of Object.entries({ [START]: start, [END]: end })) {
      if (!isTimeLike(value))
        own.push([key, value === undefined ? REQUIRED : "must be whole Unix seconds, a number or text"]);
    }
    if (typeof origin !== "string") own.push(["origin", "must be a text"]);
    throw parametersError([...own, ...problems]);
  }
  const [from, to] = times.map(isoTime);
  if (from === undefined || to === undefined) throw new ApiError(400, NOT_UNIX_TIMES);
  return { start: from, end: to, origin };
}

type TimeLike = string | number | boolean;

function isTimeLike(value: unknown): value is TimeLike {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** `true` is the number 1. */
function isoTime(value: TimeLike): string | undefined {
  const seconds = typeof value === "string" ? wholeNumber(value) : Number(value);
  return seconds !== undefined && Number.isInteger(seconds) ? fromUnixSeconds(seconds) : undefined;
}
