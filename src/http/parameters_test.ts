import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { ApiError } from "./errors.ts";
import { integerParameter, parseParameters, parseQueryString } from "./parameters.ts";

const schema = Type.Object({
  origin: Type.String({ default: "maestro" }),
  name: Type.Optional(Type.String()),
  days: integerParameter({ default: 7, minimum: 1, clamp: 700_000, description: "days" }),
});

const parse = (query: string): unknown => parseParameters(schema, parseQueryString(query));

describe("parseParameters", () => {
  it.each([
    ["", { origin: "maestro", days: 7 }],
    ["origin=", { origin: "", days: 7 }],
    ["origin=a&origin=b+c", { origin: "b c", days: 7 }],
    ["name=x&unknown=1", { origin: "maestro", days: 7, name: "x" }],
    ["days=%203%20", { origin: "maestro", days: 3 }],
    ["days=%2B1_000", { origin: "maestro", days: 1000 }],
    ["days=1.0", { origin: "maestro", days: 1 }],
    ["days=99999999999999999999", { origin: "maestro", days: 700_000 }],
    ["__proto__=x", { origin: "maestro", days: 7 }],
  ])("%j", (query, expected) => {
    expect(parse(query)).toEqual(expected);
  });

  it.each(["0", "-1", "", "abc", "1.5", "1e2", "0x1", "1.", "_1", "１"])(
    "refuses days=%j with a sentence that names it",
    (value) => {
      expect(() => parse(`days=${encodeURIComponent(value)}`)).toThrow(ApiError);
      expect(() => parse(`days=${encodeURIComponent(value)}`)).toThrow(/Invalid parameter 'days': must be/);
    },
  );

  it("asks for what is required", () => {
    const required = Type.Object({ url: Type.String() });
    expect(() => parseParameters(required, {})).toThrow("Invalid parameter 'url': it is required");
    expect(parseParameters(required, { url: [""] })).toEqual({ url: "" });
  });
});
