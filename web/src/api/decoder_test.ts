import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBuilds, decodeCommit } from "./commits.ts";
import { DecodeError, count, fields, list, nullable, number, oneOf, text, type Decode } from "./decoder.ts";
import { decodeOrigins } from "./origins.ts";
import { decodeTrees } from "./trees.ts";

const COUNTS = { PASS: 6, FAIL: 1, INCONCLUSIVE: 0 };
const TREE = {
  id: "maestro:1",
  origin: "maestro",
  tree_name: null,
  git_repository_url: null,
  git_repository_branch: "master",
  git_commit_hash: "abc",
  git_commit_name: "v6.18",
  git_commit_tags: ["v6.18"],
  start_time: "2026-11-01T00:00:00Z",
  build_status: COUNTS,
  boot_status: COUNTS,
  test_status: COUNTS,
};
const BUILD = {
  id: "maestro:2",
  origin: "maestro",
  architecture: "arm64",
  config_name: "defconfig",
  config_url: null,
  compiler: "gcc-14",
  status: "PASS",
  duration: 12.5,
  log_url: null,
  start_time: null,
  git_repository_url: null,
  git_repository_branch: null,
};

/** The message of the error that a decoder throws. */
function complaint<T>(decode: Decode<T>, value: unknown): string {
  try {
    decode(value, "");
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
  throw new Error("the value was taken");
}

describe("decoders", () => {
  it("take what they describe, and leave out other fields", () => {
    const decode = fields<{ a: string; b: (number | null)[] }>({ a: text, b: list(nullable(number)) });
    expect(decode({ a: "x", b: [1, null], c: true }, "")).toEqual({ a: "x", b: [1, null] });
  });

  it("say where something else is", () => {
    expect(complaint(text, 1)).toBe("the answer: expected text, found number");
    expect(complaint(list(fields<{ a: string }>({ a: text })), [{ a: "x" }, {}])).toBe(
      "[1].a: expected text, found undefined",
    );
    expect(complaint(oneOf(["PASS", "FAIL"]), "pass")).toBe(
      "the answer: expected one of PASS, FAIL, found string",
    );
    expect(complaint(fields<{ a: string }>({ a: text }), [])).toBe(
      "the answer: expected an object, found a list",
    );
  });

  it("take whole numbers as counts only", () => {
    expect(count(0, "")).toBe(0);
    for (const wrong of [-1, 0.5, NaN, Infinity, "1", null])
      expect(() => count(wrong, "")).toThrow(DecodeError);
    expect(() => number(Infinity, "")).toThrow(DecodeError);
  });
});

describe("answers of the API", () => {
  it("are taken as described", () => {
    expect(decodeTrees([TREE], "")).toEqual([TREE]);
    expect(decodeTrees([], "")).toEqual([]);
    expect(decodeBuilds({ builds: [{ ...BUILD, misc: { platform: "Unknown" } }] }, "")).toEqual({
      builds: [BUILD],
    });
    expect(decodeOrigins({ checkout_origins: ["maestro"], test_origins: [] }, "")).toEqual({
      checkout_origins: ["maestro"],
    });
    const commit = {
      tree_name: "next",
      git_commit_hash: "abc",
      git_commit_name: null,
      git_repository_url: null,
    };
    expect(decodeCommit({ ...commit, origin: null }, "")).toEqual(commit);
  });

  it("are refused with the place of what is wrong", () => {
    expect(complaint(decodeTrees, [{ ...TREE, build_status: { ...COUNTS, FAIL: "1" } }])).toBe(
      "[0].build_status.FAIL: expected a count, found string",
    );
    expect(complaint(decodeBuilds, { builds: [BUILD, { ...BUILD, status: null }] })).toMatch(
      /^builds\[1\]\.status: expected one of FAIL, .*, found null$/,
    );
    expect(complaint(decodeOrigins, { checkout_origins: null })).toBe(
      "checkout_origins: expected a list, found null",
    );
  });

  it("may be anything, without another error than this one", () => {
    const decoders: Decode<unknown>[] = [decodeTrees, decodeBuilds, decodeOrigins, decodeCommit];
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...decoders), (value, decode) => {
        try {
          decode(value, "");
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});
