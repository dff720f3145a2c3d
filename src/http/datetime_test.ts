import { describe, expect, it } from "vitest";
import { fromUnixSeconds, parseDatetime } from "./datetime.ts";

describe("parseDatetime", () => {
  it.each([
    ["2024-02-29", "2024-02-29T00:00:00.000000Z"],
    ["2026-11-22T09:08:28.442769Z", "2026-11-22T09:08:28.442769Z"],
    ["2026-11-22t09:08z", "2026-11-22T09:08:00.000000Z"],
    ["2026-11-22 09:08:28", "2026-11-22T09:08:28.000000Z"],
    ["2026-11-22T01:00:00+05:30", "2026-11-21T19:30:00.000000Z"],
    ["2026-11-22T01:00:00-0130", "2026-11-22T02:30:00.000000Z"],
    ["2026-11-22T01:00:00.1234567Z", "2026-11-22T01:00:00.123456Z"],
    ["0001-01-01", "0001-01-01T00:00:00.000000Z"],
    ["0", "1970-01-01T00:00:00.000000Z"],
    [" 1741359600 ", "2025-03-07T15:00:00.000000Z"],
    ["1741359600.5", "2025-03-07T15:00:00.500000Z"],
    ["1741359600250", "2025-03-07T15:00:00.250000Z"],
    ["-1", "1969-12-31T23:59:59.000000Z"],
  ])("%j", (text, expected) => {
    expect(parseDatetime(text)).toBe(expected);
  });

  it.each([
    "",
    " ",
    "x",
    "2024-02-30",
    "2023-13-01",
    "2024-01-01T24:00:00",
    "2024-01-01T10:60",
    "1e9",
    "9999999999999999",
    "10000-01-01",
    "2024-1-1",
    "2024-01-01T00:00:00+99:00",
    "nan",
    "infinity",
  ])("%j is none", (text) => {
    expect(parseDatetime(text)).toBeUndefined();
  });
});

describe("fromUnixSeconds", () => {
  it("carries a fraction that rounds up, and knows the calendar's ends", () => {
    expect(fromUnixSeconds(1.9999999)).toBe("1970-01-01T00:00:02.000000Z");
    expect(fromUnixSeconds(253_402_300_799)).toBe("9999-12-31T23:59:59.000000Z");
    expect(fromUnixSeconds(253_402_300_800)).toBeUndefined();
    expect(fromUnixSeconds(Number.NaN)).toBeUndefined();
  });
});
