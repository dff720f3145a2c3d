import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { submission, temporaryDirectory } from "../../test/support/spool.ts";
import type { ObjectOutcome } from "../kcidb/submission.ts";
import { FileRefused } from "../kcidb/types.ts";
import { MAX_FILE_BYTES, readSubmission } from "./submission_file.ts";

let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
});

const KEPT = Number.MAX_SAFE_INTEGER;
const STREAMED = 0;

async function outcomes(path: string, smallFileBytes: number, wholeFileBytes = 0): Promise<ObjectOutcome[]> {
  const all: ObjectOutcome[] = [];
  for await (const some of readSubmission(path, {
    treeNames: new Map(),
    clock: () => "2026-01-01T00:00:00.000000Z",
    smallFileBytes,
    wholeFileBytes,
  })) {
    all.push(...some);
  }
  return all;
}

async function rule(path: string, smallFileBytes: number): Promise<string> {
  try {
    return `${(await outcomes(path, smallFileBytes)).length} objects`;
  } catch (error) {
    if (error instanceof FileRefused) return error.refusal.rule;
    throw error;
  }
}

const test = (index: number): object => ({
  id: `o:${index}`,
  build_id: "o:b",
  origin: "o",
  comment: `"]}\\ \u{1f427} ${"x".repeat(index % 50)}`,
});
const tests = Array.from({ length: 30_000 }, (_, index) => test(index));

describe("readSubmission", () => {
  it("gives the same whether a file is kept or read in chunks", async () => {
    const path = join(directory, "big.json");
    await writeFile(
      path,
      JSON.stringify(submission({ tests, builds: [{ id: 1 }], checkouts: [[]] }), null, 1),
    );
    const kept = await outcomes(path, KEPT);
    expect(kept).toHaveLength(tests.length + 2);
    expect(await outcomes(path, STREAMED)).toEqual(kept);
  });

  it.each([
    ["json", JSON.stringify(submission({ tests })).slice(0, -3)],
    ["json", JSON.stringify(submission({ tests })).replace('"o:29999"', "NaN")],
    ["json", `${JSON.stringify(submission({ tests }))}]`],
    ["version", JSON.stringify({ tests })],
    ["empty", ""],
    ["0 objects", JSON.stringify(submission({}))],
  ])("decides alike on a whole file: %s", async (expected, text) => {
    const path = join(directory, "whole.json");
    await writeFile(path, text);
    expect([await rule(path, KEPT), await rule(path, STREAMED)]).toEqual([expected, expected]);
  });

  const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  const one = (member: string): string =>
    `{"version":{"major":5,"minor":3},"tests":[{"id":"o:1","build_id":"o:b","origin":"o",${member}}]}`;
  it.each([
    JSON.stringify(
      submission({ tests: tests.slice(0, 50), builds: [{ id: 1 }, null, 5, "x"], checkouts: [[]] }),
    ),
    one(`"comment":"a\\n\\u0000b"`),
    one(`"comment":"\\ud800"`),
    one(`"comment":"\\ud83d\\udc27 \\u00e9 \\t\\\\"`),
    one(`"comment":"tab\tin it"`),
    one(`"misc":{"exact":12345678901234567890.5,"small":1}`),
    one(`"misc":{"exact":1e999,"deep":${nested(20)}}`),
    one(`"duration":1e999`),
    one(`"misc":{"__proto__":{"x":1},"constructor":2}`),
    one(`"__proto__":1`),
    ...[497, 498, 499, 500, 10_000].map((levels) => one(`"misc":${nested(levels)}`)),
    one(`"misc":{"a":1},"misc":{"b":2}`),
    `{"version":{"major":4,"minor":5},"tests":[{"id":"o:1","build_id":"o:b","origin":"o","waived":true},{"id":"o:2","build_id":"o:b","origin":"o","waived":true}]}`,
    `{"tests":[{"id":"o:1","build_id":"o:b","origin":"o"}],"version":{"major":5,"minor":3},"builds":[]}`,
    `{"version":{"major":5},"tests":[1],"tests":[{"id":"o:1","build_id":"o:b","origin":"o"}]}`,
    `{"version":{"major":5},"tests":[{"id":"o:1","build_id":"o:b","origin":"o"},]}`,
    `{"version":{"major":5},"tests":{}}`,
    `{"version":{"major":5},"others":[]}`,
    `\ufeff{"version":{"major":5}}`,
    `[]`,
    `5`,
    ` `,
    `{"version":{"major":9}}`,
  ])("gives the same whether it is parsed as one or cut: %#", async (text) => {
    const path = join(directory, `one-${String(Math.random()).slice(2)}.json`);
    await writeFile(path, text);
    const result = (wholeFileBytes: number): Promise<unknown> =>
      outcomes(path, KEPT, wholeFileBytes).catch((error: unknown) =>
        error instanceof FileRefused ? error.refusal : error,
      );
    expect(await result(KEPT)).toEqual(await result(0));
  });

  it("hands nothing on of a big file that ends badly", async () => {
    const path = join(directory, "bad-end.json");
    await writeFile(path, `${JSON.stringify(submission({ tests })).slice(0, -2)},{"id":}]}`);
    const seen: ObjectOutcome[] = [];
    await expect(async () => {
      for await (const some of readSubmission(path, {
        treeNames: new Map(),
        clock: () => "",
        smallFileBytes: STREAMED,
      }))
        seen.push(...some);
    }).rejects.toThrow(FileRefused);
    expect(seen).toEqual([]);
  });

  it("refuses a file beyond the receiver's limit by its size alone", async () => {
    const path = join(directory, "huge.json");
    const file = await open(path, "w");
    await file.truncate(MAX_FILE_BYTES + 1);
    await file.close();
    expect(await rule(path, KEPT)).toBe("too-large");
  });

  it("tells that a file has vanished", async () => {
    await expect(outcomes(join(directory, "gone.json"), KEPT)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
