import { describe, expect, it } from "vitest";
import { textFilter } from "./match.ts";

describe("textFilter", () => {
  it("lets everything through without words", () => {
    expect(textFilter("")).toBeUndefined();
    expect(textFilter(" \t")).toBeUndefined();
  });

  it("wants each word in one of the values, in any case", () => {
    const passes = textFilter(" Main  rc1 ");
    expect(passes?.(["mainline", "v6.18-RC1"])).toBe(true);
    expect(passes?.(["mainline", "v6.18-rc2"])).toBe(false);
    expect(passes?.(["mai", "n", "rc1"])).toBe(false);
  });

  it("finds nothing in values that are absent", () => {
    expect(textFilter("null")?.([null])).toBe(false);
  });
});
