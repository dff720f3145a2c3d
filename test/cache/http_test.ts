/** How kept answers go out: the same headers as any, revalidation, encodings, bounds, and the cache switched off. */
import { request as httpRequest } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { cachingServer, commit, HASH, world } from "../support/cache.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { testServer, type TestServer } from "../support/server.ts";

const SUMMARY = `/api/tree/mainline/master/${HASH}/summary?origin=o`;

/** More than fit into the smallest cache. */
const REQUESTS = 500;

let database: TestDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await testDatabase();
  await commit(database, world("mainline"));
  server = await cachingServer(database.pool, { CORS_ALLOWED_ORIGINS: '["https://page.example.org"]' });
});

interface Sent {
  status: number;
  headers: Record<string, unknown>;
  body: Buffer;
}

/** A request of which nothing is interpreted. */
function send(
  base: string,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    httpRequest(base + path, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { date: _date, "x-request-id": _id, ...rest } = response.headers;
        resolve({ status: response.statusCode ?? 0, headers: rest, body: Buffer.concat(chunks) });
      });
    })
      .on("error", reject)
      .end();
  });
}

describe("an answer from the cache", () => {
  it.each([
    ["plainly", {}],
    ["with gzip", { "accept-encoding": "gzip" }],
    ["with Brotli", { "accept-encoding": "gzip, deflate, br" }],
    ["by an allowed page", { origin: "https://page.example.org" }],
    ["by another page", { origin: "https://other.example.org" }],
    ["with what it has", { "if-none-match": "*" }],
  ])("has the headers that it had when it was read, asked %s", async (name, headers) => {
    for (const method of ["GET", "HEAD"]) {
      const path = `${SUMMARY}&x=${encodeURIComponent(name)}${method}`;
      const first = await send(server.base, path, headers, method);
      const { hits, misses } = server.cacheStats;
      const lines = server.log.length;
      const second = await send(server.base, path, headers, method);
      expect(second).toEqual(first);
      expect(server.cacheStats).toMatchObject({ hits: hits + 1, misses });
      expect(first.headers).toMatchObject({
        "cache-control": "public, max-age=0, must-revalidate",
        vary: "Accept-Encoding, Origin",
        "x-content-type-options": "nosniff",
      });
      expect(JSON.parse(server.log.slice(lines).at(-1) ?? "{}")).toMatchObject({
        msg: "request",
        url: path,
        method,
        status: first.status,
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      });
    }
  });

  it("has the same content in each encoding, each with an ETag of its own, by which it is known again", async () => {
    const forms = [
      await send(server.base, SUMMARY),
      await send(server.base, SUMMARY, { "accept-encoding": "gzip" }),
      await send(server.base, SUMMARY, { "accept-encoding": "br, gzip;q=0.5" }),
      await send(server.base, SUMMARY, { "accept-encoding": "br;q=0, gzip;q=0" }),
    ];
    const [plain, gzipped, brotli, none] = forms.map(({ body }) => body);
    expect(forms.map(({ headers }) => headers["content-encoding"])).toEqual([
      undefined,
      "gzip",
      "br",
      undefined,
    ]);
    expect(gunzipSync(gzipped ?? "")).toEqual(plain);
    expect(brotliDecompressSync(brotli ?? "")).toEqual(plain);
    expect(none).toEqual(plain);
    const etags = forms.map(({ headers }) => String(headers.etag));
    expect(new Set(etags).size).toBe(3);
    for (const etag of etags) {
      expect(etag).toMatch(/^"[\w-]+"$/);
      for (const sent of [etag, `W/${etag}`, `"other", ${etag}`]) {
        const answer = await send(server.base, SUMMARY, { "accept-encoding": "gzip", "if-none-match": sent });
        expect([answer.status, answer.body.length, answer.headers.etag]).toEqual([304, 0, etag]);
        expect(answer.headers["content-length"]).toBeUndefined();
        expect(answer.headers["content-type"]).toBeUndefined();
      }
    }
    expect((await send(server.base, SUMMARY, { "if-none-match": '"other"' })).status).toBe(200);
    const head = await send(server.base, SUMMARY, {}, "HEAD");
    expect([head.status, head.body.length, head.headers["content-length"]]).toEqual([
      200,
      0,
      String(plain?.length),
    ]);
  });

  it("is not given to a host that is not ours, nor kept when it is an error", async () => {
    await send(server.base, SUMMARY);
    expect((await send(server.base, SUMMARY, { host: "other.example.org" })).status).toBe(400);
    const { entries } = server.cacheStats.size();
    const wrong = await send(server.base, "/api/tree/?interval_in_days=0");
    expect([wrong.status, wrong.headers["cache-control"], wrong.headers.etag]).toEqual([
      400,
      "no-store",
      undefined,
    ]);
    expect(server.cacheStats.size().entries).toBe(entries);
  });

  it("is never there for what must not be kept", async () => {
    for (const path of ["/healthz", "/readyz", "/api/proxy/", "/api/schema/"]) {
      const { headers } = await send(server.base, path);
      expect([path, headers.etag]).toEqual([path, undefined]);
    }
    expect((await send(server.base, "/api/proxy/")).headers["cache-control"]).toBe("no-store");
  });
});

describe("the memory for answers", () => {
  it("is bounded: what was not used for longest goes", async () => {
    const small = await cachingServer(database.pool, { KERNELBOARD_CACHE_MAX_BYTES: String(1024 * 1024) });
    const path = (number: number): string => `${SUMMARY}&x=${number}`;
    for (let number = 0; number < REQUESTS; number++) {
      await send(small.base, path(number));
      if (number % 20 === 0) await send(small.base, path(0));
    }
    const { bytes, entries, evictions } = small.cacheStats.size();
    expect(bytes).toBeLessThanOrEqual(1024 * 1024);
    expect(evictions).toBe(REQUESTS - entries);
    expect(evictions).toBeGreaterThan(0);
    const { misses } = small.cacheStats;
    await send(small.base, path(0));
    expect(small.cacheStats.misses).toBe(misses);
    await send(small.base, path(1));
    expect(small.cacheStats.misses).toBe(misses + 1);
  });
});

describe("without a cache", () => {
  it.each([{ CACHE_TIMEOUT: "0" }, { CACHE_TIMEOUT: "60", DEBUG: "true" }])(
    "everything is read, and clients revalidate all the same (%j)",
    async (environment) => {
      const off = await testServer(database.pool, environment);
      const first = await send(off.base, SUMMARY, { "accept-encoding": "gzip" });
      expect(first.headers).toMatchObject({
        "cache-control": "public, max-age=0, must-revalidate",
        "content-encoding": "gzip",
      });
      const again = await send(off.base, SUMMARY, { "if-none-match": String(first.headers.etag) });
      expect(again.status).toBe(304);
      expect(off.cacheStats).toMatchObject({ hits: 0, misses: 0 });
      await database.pool.query("update builds set architecture = architecture || 'x'");
      const changed = await send(off.base, SUMMARY, { "if-none-match": String(first.headers.etag) });
      expect(changed.status).toBe(200);
    },
  );
});
