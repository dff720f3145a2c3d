import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { oneOfOr, parseSearch, stringifySearch, textOr } from "./search.ts";

describe("search strings", () => {
  it("are plain text on both sides, numbers included", () => {
    expect(parseSearch("?q=6.12&days=7&origin=a+b")).toEqual({ q: "6.12", days: "7", origin: "a b" });
    expect(stringifySearch({ q: "6.12 & more", days: "7" })).toBe("?q=6.12+%26+more&days=7");
  });

  it("of a repeated parameter keep the last", () => {
    expect(parseSearch("?q=1&q=2")).toEqual({ q: "2" });
  });

  it("leave out what has no value", () => {
    expect(stringifySearch({ q: undefined })).toBe("");
    expect(stringifySearch({})).toBe("");
  });

  it("come back as they were", () => {
    const parameters = fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(parameters, (search) => {
        expect(Object.entries(parseSearch(stringifySearch(search)))).toEqual(Object.entries(search));
      }),
    );
  });
});

it("takes a fallback for a value of another kind", () => {
  expect(textOr(undefined, "x")).toBe("x");
  expect(textOr(7, "x")).toBe("x");
  expect(textOr("", "x")).toBe("");
  expect(oneOfOr("b", ["a", "b"], "a")).toBe("b");
  expect(oneOfOr("c", ["a", "b"], "a")).toBe("a");
  expect(oneOfOr(["b"], ["a", "b"], "a")).toBe("a");
});
