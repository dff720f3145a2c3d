import { describe, expect, it } from "vitest";
import { formatAge, formatDuration, formatUtc, formatUtcClock, timeOf } from "./age.ts";

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("formatAge", () => {
  it.each([
    [0, "just now"],
    [59_999, "just now"],
    [MINUTE, "1 min ago"],
    [HOUR - 1, "59 min ago"],
    [HOUR, "1 h ago"],
    [2 * DAY - 1, "47 h ago"],
    [2 * DAY, "2 d ago"],
    [60 * DAY, "60 d ago"],
    [61 * DAY, "2 mo ago"],
    [364 * DAY, "11 mo ago"],
    [731 * DAY, "2 y ago"],
    [5000 * DAY, "13 y ago"],
  ])("of %d ms is %s", (age, expected) => {
    expect(formatAge(NOW - age, NOW)).toBe(expected);
  });

  it("knows times that are yet to come, as clocks differ", () => {
    expect(formatAge(NOW + 30_000, NOW)).toBe("just now");
    expect(formatAge(NOW + 3 * HOUR, NOW)).toBe("in 3 h");
  });
});

describe("timeOf", () => {
  it("reads the API's times, with and without a fraction", () => {
    expect(timeOf("2026-11-22T12:00:00Z")).toBe(NOW);
    expect(timeOf("2026-11-22T12:00:00.132000Z")).toBe(NOW + 132);
  });

  it("gives nothing for what is no time", () => {
    expect(timeOf(null)).toBeUndefined();
    expect(timeOf("")).toBeUndefined();
    expect(timeOf("12000-01-01T00:00:00Z")).toBeUndefined();
  });
});

it("writes exact times in UTC", () => {
  expect(formatUtc(NOW + 1999)).toBe("2026-11-22 12:00:01 UTC");
  expect(formatUtcClock(NOW)).toBe("12:00:00 UTC");
});

describe("formatDuration", () => {
  it.each([
    [0, "0 s"],
    [0.44, "0.4 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [59.6, "1 min 00 s"],
    [252, "4 min 12 s"],
    [3600, "1 h 00 min"],
    [3720.9, "1 h 02 min"],
    [90_000, "25 h 00 min"],
    [-3, "−3 s"],
  ])("of %d seconds is %s", (seconds, expected) => {
    expect(formatDuration(seconds)).toBe(expected);
  });
});
