import { describe, expect, it } from "vitest";
import { isDateTime, isStorableDateTime, isUri } from "./formats.ts";

describe("isUri", () => {
  it.each([
    "s:",
    "http:",
    "https://",
    "mailto:a@b",
    "https://x/",
    "https://x:8080/a?b=c#d",
    "https://user:pw@x/",
    "https://[::1]/",
    "https://[::1]:80/",
    "https://[v7.a:b]/",
    "https://x/%20",
    "urn:a:b",
    "file:///a/b",
    "https://x//a//b",
    "https://x/a@b",
  ])("takes %s", (text) => {
    expect(isUri(text)).toBe(true);
  });

  it.each([
    "",
    "x",
    "/a",
    "//x/a",
    "https://x/a b",
    "https://x/é",
    "https://x/%zz",
    "https://x/[a]",
    "https://x/a|b",
    "https://x/a^b",
    "https://x/`",
    "https://x/<a",
    'https://x/"a',
    "https://x/\\a",
    "https://x/{a",
    "https://x/#a#b",
    "https://[::1:::]/",
    "https://[fe80::1%25eth0]/",
    "https://x:port/",
    "https://a@b@c/",
    "https://x/\n",
    "1s:a",
  ])("refuses %j", (text) => {
    expect(isUri(text)).toBe(false);
  });
});

describe("isDateTime", () => {
  it.each([
    "2025-07-19T00:48:21Z",
    "2025-07-19t00:48:21z",
    "2025-07-19T00:48:21.123456789+02:00",
    "2024-02-29T23:59:59-23:59",
    "0001-01-01T00:00:00Z",
  ])("takes %s", (text) => {
    expect(isDateTime(text)).toBe(true);
  });

  it.each([
    "2025-07-19 00:48:21Z",
    "2025-07-19T00:48:21",
    "2025-07-19T00:48:21+0000",
    "2025-07-19T00:48:21+00",
    "2025-07-19T24:00:00Z",
    "2025-07-19T00:60:00Z",
    "2016-12-31T23:59:60Z",
    "2025-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2025-13-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2025-07-19T00:48:21Z\n",
    "2025-07-19T00:48:21.Z",
    "２025-07-19T00:48:21Z",
  ])("refuses %j", (text) => {
    expect(isDateTime(text)).toBe(false);
  });
});

describe("isStorableDateTime", () => {
  it.each([
    ["2025-07-19T00:48:21+15:59", true],
    ["2025-07-19T00:48:21+16:00", false],
    ["2025-07-19T00:48:21-15:59", true],
    ["0001-01-01T00:00:00+01:00", false],
    ["0001-01-01T00:00:00Z", true],
    ["9999-12-31T23:59:59.999999Z", true],
    ["9999-12-31T23:59:59.9999995Z", false],
    ["9999-12-31T23:59:59-01:00", false],
  ])("%s: %s", (text, storable) => {
    expect(isStorableDateTime(text)).toBe(storable);
  });
});
