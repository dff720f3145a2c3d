import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Splitter, type Element } from "./split.ts";
import { FileRefused } from "./types.ts";

function split(bytes: Buffer, chunkSize = bytes.length || 1): { frame: string; elements: Element[] } {
  const elements: Element[] = [];
  const splitter = new Splitter((element) => elements.push(element));
  for (let at = 0; at < bytes.length; at += chunkSize) splitter.write(bytes.subarray(at, at + chunkSize));
  return { frame: splitter.end(), elements };
}

const texts = (elements: Element[]): string[] => elements.map((element) => element.text.trim());

describe("Splitter", () => {
  it("cuts out the elements of the top-level arrays", () => {
    const { frame, elements } = split(
      Buffer.from('{"version":{"major":5},"tests":[{"a":[1]}, "x"],"builds":[]}'),
    );
    expect(texts(elements)).toEqual(['{"a":[1]}', '"x"']);
    expect(elements.map((element) => element.depth)).toEqual([2, 0]);
    expect(JSON.parse(frame)).toEqual({ version: { major: 5 }, tests: [0, 1], builds: [] });
  });

  it("is not misled by brackets, quotes and backslashes inside strings", () => {
    const test = { id: 'x]}",[{\\', path: '\\"', "k]": "\\\\" };
    const { elements } = split(Buffer.from(JSON.stringify({ tests: [test, test] })));
    expect(elements.map((element) => JSON.parse(element.text) as unknown)).toEqual([test, test]);
  });

  it("gives the same pieces however the bytes are chunked", () => {
    const value = fc.dictionary(fc.string(), fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()));
    fc.assert(
      fc.property(value, fc.integer({ min: 1, max: 7 }), (document, chunkSize) => {
        const bytes = Buffer.from(JSON.stringify(document));
        const whole = split(bytes);
        expect(split(bytes, chunkSize)).toEqual(whole);
        const restored = JSON.parse(whole.frame, (_key, item: unknown) => item) as Record<string, unknown>;
        for (const [name, section] of Object.entries(document)) {
          if (!Array.isArray(section)) continue;
          const numbers = restored[name] as number[];
          expect(numbers.map((number) => JSON.parse(whole.elements[number]?.text ?? "") as unknown)).toEqual(
            JSON.parse(JSON.stringify(section)),
          );
        }
      }),
    );
  });

  it("leaves a frame that is no JSON where the document is none", () => {
    for (const text of [
      '{"tests":[1,]}',
      '{"tests":[,1]}',
      '{"tests":[1',
      '{"tests":[1]',
      '{"tests":[1]}x',
      '{"tests":[1 ,, 2]}',
      "",
      "[1",
    ]) {
      expect(() => JSON.parse(split(Buffer.from(text)).frame) as unknown, text).toThrow(SyntaxError);
    }
  });

  it("refuses bytes that are no UTF-8, and a section that is closed by a brace", () => {
    expect(() =>
      split(Buffer.from([0x7b, 0x22, 0x74, 0x22, 0x3a, 0x5b, 0x22, 0xff, 0x22, 0x5d, 0x7d])),
    ).toThrow(FileRefused);
    expect(() => split(Buffer.from('{"tests":[{"a":1}}'))).toThrow(FileRefused);
  });

  it("refuses an element over the limit, whole or in chunks, and takes one at the limit", () => {
    const element = JSON.stringify({ id: "x".repeat(100) });
    const bytes = Buffer.from(`{"tests":[${element},${element}]}`);
    const write = (chunkSize: number, maxElementBytes: number): number => {
      let count = 0;
      const splitter = new Splitter(() => count++, { maxElementBytes });
      for (let at = 0; at < bytes.length; at += chunkSize) splitter.write(bytes.subarray(at, at + chunkSize));
      return count;
    };
    for (const chunkSize of [7, bytes.length]) {
      expect(write(chunkSize, element.length)).toBe(2);
      expect(() => write(chunkSize, element.length - 1)).toThrow(
        `an object is larger than ${element.length - 1} bytes`,
      );
    }
  });

  it("counts how deep an element is nested", () => {
    const { elements } = split(Buffer.from(`{"tests":[${"[".repeat(600)}${"]".repeat(600)},{}]}`));
    expect(elements.map((element) => element.depth)).toEqual([600, 1]);
  });
});
