import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExactNumber, parseExactJson, stringifyExactJson } from "./exact_json.ts";

describe("parseExactJson", () => {
  it("keeps every digit inside misc", () => {
    const text =
      '{"misc":{"a":12345678901234567890,"b":[0.1234567890123456789,1e400],"c":1.5,"s":"12345678901234567890, 1e5 "}}';
    expect(stringifyExactJson(parseExactJson(text))).toBe(text);
  });

  it("gives doubles outside of misc", () => {
    expect(parseExactJson('{"duration":1e400,"n":[12345678901234567890]}')).toEqual({
      duration: Infinity,
      n: [12345678901234567000],
    });
  });

  it("keeps keys that objects have of their own", () => {
    const text = '{"misc":{"__proto__":12345678901234567890,"constructor":{"x":1}}}';
    expect(stringifyExactJson(parseExactJson(text))).toBe(text);
  });

  it("agrees with JSON.parse on any value", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(stringifyExactJson(parseExactJson(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it("takes a number for exact only when a double holds it", () => {
    const digits = fc.tuple(fc.bigInt(), fc.nat(400)).map(([whole, exponent]) => `${whole}e${exponent}`);
    fc.assert(
      fc.property(digits, (text) => {
        const parsed = parseExactJson(`{"misc":{"n":${text}}}`) as { misc: { n: number | ExactNumber } };
        const [whole, exponent] = text.split("e");
        const value = BigInt(whole ?? 0) * 10n ** BigInt(exponent ?? 0);
        if (parsed.misc.n instanceof ExactNumber) expect(parsed.misc.n.digits).toBe(text);
        else expect(BigInt(decimal(parsed.misc.n))).toBe(value);
      }),
    );
  });
});

/** The digits that JSON.stringify writes for a whole number, without an exponent. */
function decimal(value: number): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e\+(\d+))?$/.exec(JSON.stringify(value)) ?? [];
  return sign + whole + fraction.padEnd(Number(exponent), "0");
}
