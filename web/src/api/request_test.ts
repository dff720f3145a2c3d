import { afterEach, describe, expect, it, vi } from "vitest";
import { commitBuilds, commitNames } from "./commits.ts";
import { fields, text } from "./decoder.ts";
import { checkoutOrigins } from "./origins.ts";
import { ApiError, apiPath, request } from "./request.ts";
import { trees } from "./trees.ts";

const { signal } = new AbortController();
const decode = fields<{ name: string }>({ name: text });

/** Answers all requests of a test; gives the addresses that were asked for. */
function answer(body: string, status = 200): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(path);
    return Promise.resolve(new Response(body, { status }));
  });
  return asked;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

/** The error of a request that fails. */
async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`no error of the API: ${String(error)}`);
  return error;
}

describe("request", () => {
  it("gives the decoded value", async () => {
    answer('{"name":"next"}');
    expect(await request("/api/x", decode, signal)).toEqual({ found: true, value: { name: "next" } });
  });

  it("takes a success with an error text for nothing", async () => {
    answer('{"error":"No trees were found"}');
    expect(await request("/api/x", decode, signal)).toEqual({ found: false, reason: "No trees were found" });
  });

  it("fails with the server's error text", async () => {
    answer('{"error":"Invalid parameter"}', 400);
    const error = await failure(request("/api/x", decode, signal));
    expect(error).toMatchObject({ message: "Invalid parameter", status: 400, isTransient: false });
  });

  it.each([
    ["{}", 503, "The server answered with status 503.", true],
    ["<html>", 502, "The server's answer (status 502) is no JSON.", true],
    ["<html>", 200, "The server's answer (status 200) is no JSON.", false],
    [
      "[]",
      200,
      "The server's answer is not understood: the answer: expected an object, found a list.",
      false,
    ],
  ])("fails on %s with status %d", async (body, status, message, isTransient) => {
    answer(body, status);
    expect(await failure(request("/api/x", decode, signal))).toMatchObject({ message, status, isTransient });
  });

  it("fails when there is no answer", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    expect(await failure(request("/api/x", decode, signal))).toMatchObject({
      message: "The server cannot be reached.",
      status: undefined,
      isTransient: true,
    });
  });

  it("ends with its signal, which is no failure of the server", async () => {
    vi.stubGlobal("fetch", (_path: string, options: RequestInit) => {
      options.signal?.throwIfAborted();
      return Promise.resolve(new Response("{}"));
    });
    await expect(request("/api/x", decode, AbortSignal.abort("gone"))).rejects.toBe("gone");
  });
});

describe("paths", () => {
  it("have each name as one segment", () => {
    expect(apiPath(["tree", "a b", "for/next?", "100%"])).toBe("/api/tree/a%20b/for%2Fnext%3F/100%25");
    expect(apiPath(["tree", ""], { origin: "a&b" })).toBe("/api/tree/?origin=a%26b");
  });

  it("ask for trees of a window", async () => {
    const asked = answer("[]");
    await trees("maestro", "7").queryFn({ signal });
    await trees("maestro", "all").queryFn({ signal });
    expect(asked).toEqual([
      "/api/tree/?origin=maestro&interval_in_days=7",
      "/api/tree/?origin=maestro&interval_in_days=100000",
    ]);
  });

  it("ask for builds by tree and by repository", async () => {
    const asked = answer('{"builds":[]}');
    const common = { origin: "maestro", hash: "abc", branch: "for/next" };
    await commitBuilds({ by: "tree", tree: "next", ...common }).queryFn({ signal });
    await commitBuilds({ by: "repository", url: "", ...common }).queryFn({ signal });
    expect(asked).toEqual([
      "/api/tree/next/for%2Fnext/abc/builds?origin=maestro",
      "/api/tree/abc/builds?origin=maestro&git_url=&git_branch=for%2Fnext",
    ]);
  });

  it("ask what a commit is called where something knows it", async () => {
    const asked = answer('{"error":"Tree not found."}');
    const common = { origin: "maestro", hash: "abc", branch: "master" };
    expect(
      await commitNames({ by: "tree", tree: "next", ...common }, undefined).queryFn({ signal }),
    ).toBeNull();
    expect(
      await commitNames({ by: "repository", url: "", ...common }, "ci:1").queryFn({ signal }),
    ).toBeNull();
    expect(
      await commitNames({ by: "repository", url: "", ...common }, undefined).queryFn({ signal }),
    ).toBeNull();
    expect(asked).toEqual(["/api/tree/next/master?origin=maestro&commit_hash=abc", "/api/build/ci%3A1"]);
  });
});

describe("lists that are empty", () => {
  it("of trees are answered as nothing", async () => {
    answer('{"error":"No trees were found"}');
    expect(await trees("maestro", "7").queryFn({ signal })).toEqual([]);
  });

  it("of origins are answered as a wrong request", async () => {
    answer('{"error":"No origins found"}', 400);
    expect(await checkoutOrigins().queryFn({ signal })).toEqual([]);
    answer('{"error":"Invalid parameter"}', 400);
    expect(await failure(checkoutOrigins().queryFn({ signal }))).toMatchObject({ status: 400 });
  });
});
