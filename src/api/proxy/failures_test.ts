import { once } from "node:events";
import { get, type IncomingMessage, type RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { testServer, type TestServer } from "../../../test/support/server.ts";
import {
  loopbackPolicy,
  rawGet,
  scriptedUpstream,
  type ScriptedUpstream,
} from "../../../test/support/upstream.ts";

const MAX_BYTES = 100_000;
const TEXT = "a line of a log\n".repeat(100);

let other: ScriptedUpstream;
let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  other = await scriptedUpstream();
  database = await testDatabase();
  server = await testServer(
    database.pool,
    { KERNELBOARD_PROXY_MAX_BYTES: String(MAX_BYTES) },
    loopbackPolicy([other.port]),
  );
});

beforeEach(() => {
  other.seen.length = 0;
  server.log.length = 0;
});

/** The proxy's path for one of the upstream's. */
function proxied(path: string): string {
  return `/api/proxy/?url=${encodeURIComponent(`http://files.kernelci.org:${other.port}${path}`)}`;
}

describe("GET /api/proxy/ when the file does not come", () => {
  it.each([
    [404, "Not Here", 404, "Not Here"],
    [403, "Forbidden", 403, "Forbidden"],
    [500, "Internal Server Error", 500, "Internal Server Error"],
    [503, "", 503, "Service Unavailable"],
    [520, "Web Server Is Odd", 502, "Web Server Is Odd"],
    [599, "", 502, "599"],
    [204, "No Content", 502, "No Content"],
    [206, "Partial Content", 502, "Partial Content"],
    [304, "Not Modified", 502, "Not Modified"],
  ])("passes status %i '%s' on as %i", async (status, reason, expected, text) => {
    other.handlers["/status"] = (_request, response) => {
      // Written by hand, as an empty reason is replaced otherwise.
      response.socket?.end(`HTTP/1.1 ${status} ${reason}\r\ncontent-length: 0\r\nx-inner: 1\r\n\r\n`);
    };
    const answer = await server.get(proxied("/status"));
    expect(answer).toMatchObject({ status: expected, body: { error: `Failed to fetch resource: ${text}` } });
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.has("x-inner")).toBe(false);
  });

  const failures: Record<string, RequestListener> = {
    "a connection that ends without an answer": (_request, response) => response.socket?.destroy(),
    "no HTTP": (_request, response) => response.socket?.end("hello"),
    "a body that is declared too long": (_request, response) =>
      response.writeHead(200, { "content-length": MAX_BYTES + 1 }).write("x"),
    "a body cut off before its first byte": (_request, response) => {
      response.writeHead(200, { "content-length": 10 }).flushHeaders();
      setTimeout(() => response.socket?.destroy(), 20);
    },
    "a body that is not encoded as it says": (_request, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(TEXT),
    "an unknown content encoding": (_request, response) =>
      response.writeHead(200, { "content-encoding": "constructor" }).end(TEXT),
    "too many content encodings": (_request, response) =>
      response
        .writeHead(200, { "content-encoding": "gzip, gzip, gzip" })
        .end(gzipSync(gzipSync(gzipSync(TEXT)))),
  };

  it.each(Object.entries(failures))("answers 500 to %s, and only the log knows", async (_name, handler) => {
    other.handlers["/failing"] = handler;
    expect(await server.get(proxied("/failing"))).toMatchObject({
      status: 500,
      body: { error: "Error fetching the resource" },
    });
    expect(server.log.join("")).toMatch(/fetch failed.*\/failing|\/failing.*fetch failed/);
  });

  it("answers 500 to names without addresses and to refused connections", async () => {
    const failed = { status: 500, body: { error: "Error fetching the resource" } };
    const lost = await testServer(
      database.pool,
      {},
      loopbackPolicy([other.port], { resolve: () => Promise.reject(new Error("getaddrinfo ENOTFOUND")) }),
    );
    expect(await lost.get(proxied("/untyped"))).toMatchObject(failed);
    const nameless = await testServer(
      database.pool,
      {},
      loopbackPolicy([other.port], { resolve: () => Promise.resolve([]) }),
    );
    expect(await nameless.get(proxied("/untyped"))).toMatchObject(failed);
    const refusing = await testServer(database.pool, {}, loopbackPolicy([1]));
    expect(await refusing.get("/api/proxy/?url=http://files.kernelci.org:1/")).toMatchObject(failed);
  });

  const breaks: Record<string, RequestListener> = {
    "is cut off": (_request, response) => {
      response.writeHead(200, { "content-length": 1000 }).write("x".repeat(500));
      setTimeout(() => response.socket?.destroy(), 50);
    },
    "is cut off between chunks": (_request, response) => {
      response.writeHead(200).write("x".repeat(500));
      setTimeout(() => response.socket?.destroy(), 50);
    },
    "becomes too long": (_request, response) => {
      response.writeHead(200).write("x".repeat(500));
      setTimeout(() => response.end("x".repeat(MAX_BYTES)), 50);
    },
    "becomes too long when it is decoded": (_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(10 * MAX_BYTES)));
    },
    "ends inside of its encoding": (_request, response) => {
      const noise = Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 7919) % 251));
      response
        .writeHead(200, { "content-encoding": "gzip" })
        .end(gzipSync(noise, { level: 0 }).subarray(0, -20));
    },
  };

  it.each(Object.entries(breaks))("breaks the answer off when the body %s", async (_name, handler) => {
    other.handlers["/breaking"] = handler;
    const answer = await rawGet(server.base + proxied("/breaking"));
    expect(answer).toMatchObject({ status: 200, complete: false });
    expect(answer.bytes.length).toBeLessThanOrEqual(MAX_BYTES);
    await expect.poll(() => server.log.join("")).toContain("fetch broken off");
  });

  it("has one deadline for everything, however lively the upstream is", async () => {
    const hasty = await testServer(database.pool, {}, loopbackPolicy([other.port], { deadlineMs: 300 }));
    let closed = 0;
    other.handlers["/silent"] = (_request, response) => {
      response.on("close", () => closed++);
    };
    other.handlers["/dripping"] = (_request, response) => {
      const drip = setInterval(() => response.write("x"), 20);
      response.on("close", () => {
        clearInterval(drip);
        closed++;
      });
    };
    expect(await hasty.get(proxied("/silent"))).toMatchObject({
      status: 500,
      body: { error: "Error fetching the resource" },
    });
    expect(await rawGet(hasty.base + proxied("/dripping"))).toMatchObject({ status: 200, complete: false });
    await expect.poll(() => closed).toBe(2);
    const unresolved = await testServer(
      database.pool,
      {},
      loopbackPolicy([other.port], { deadlineMs: 100, resolve: () => new Promise(() => undefined) }),
    );
    expect((await unresolved.get(proxied("/untyped"))).status).toBe(500);
  });

  it("stops reading when the client goes away, before and while it is answered", async () => {
    const closed: string[] = [];
    other.handlers["/waiting"] = (_request, response) => {
      response.on("close", () => closed.push("waiting"));
    };
    other.handlers["/endless"] = (_request, response) => {
      const pour = setInterval(() => response.write("x"), 10);
      response.on("close", () => {
        clearInterval(pour);
        closed.push("endless");
      });
    };
    const waiting = get(server.base + proxied("/waiting")).on("error", () => undefined);
    await expect.poll(() => other.seen.length).toBe(1);
    waiting.destroy();
    await expect.poll(() => closed).toEqual(["waiting"]);
    const reading = get(server.base + proxied("/endless")).on("error", () => undefined);
    const [response] = (await once(reading, "response")) as [IncomingMessage];
    await once(response, "data");
    reading.destroy();
    await expect.poll(() => closed).toEqual(["waiting", "endless"]);
  });
});
