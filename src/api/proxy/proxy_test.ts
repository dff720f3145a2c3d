import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PRODUCTION_POLICY } from "../../fetch/policy.ts";
import { CERTIFICATE } from "../../../test/support/certificate.ts";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { testServer, type TestServer } from "../../../test/support/server.ts";
import {
  LOOPBACK,
  loopbackPolicy,
  rawGet,
  scriptedUpstream,
  tlsUpstream,
  type ScriptedUpstream,
} from "../../../test/support/upstream.ts";

const TEXT = "a line of a log\n".repeat(100);

let other: ScriptedUpstream;
let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  other = await scriptedUpstream();
  other.handlers["/untyped"] = (_request, response) => {
    response.writeHead(200).write("part one, ");
    setTimeout(() => response.end("part two"), 20);
  };
  database = await testDatabase();
  server = await testServer(database.pool, {}, loopbackPolicy([other.port]));
});

beforeEach(() => {
  other.seen.length = 0;
});

/** The proxy's path for one of the upstream's. */
function proxied(path: string): string {
  return `/api/proxy/?url=${encodeURIComponent(`http://files.kernelci.org:${other.port}${path}`)}`;
}

describe("GET /api/proxy/ passes a file on", () => {
  it("with type, disposition and length, and nothing else", async () => {
    other.handlers["/a/log.txt?x=1"] = (_request, response) => {
      response
        .writeHead(200, {
          "content-type": "text/html",
          "content-disposition": 'attachment; filename="log.txt"',
          "content-length": TEXT.length,
          "set-cookie": "a=b",
          "x-other": "c",
          "cache-control": "public",
          etag: '"d"',
        })
        .end(TEXT);
    };
    const answer = await rawGet(server.base + proxied("/a/log.txt?x=1"), {
      cookie: "secret=1",
      authorization: "Basic x",
      "accept-encoding": "gzip",
    });
    expect(answer).toMatchObject({ status: 200, complete: true });
    expect(answer.bytes.toString()).toBe(TEXT);
    expect(answer.headers).toMatchObject({
      "content-type": "text/html",
      "content-disposition": 'attachment; filename="log.txt"',
      "content-length": String(TEXT.length),
      "content-security-policy": "sandbox",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    for (const name of ["set-cookie", "x-other", "etag", "content-encoding"])
      expect(answer.headers).not.toHaveProperty(name);
    expect(other.seen).toHaveLength(1);
    expect(other.seen[0]?.headers).toMatchObject({
      host: `files.kernelci.org:${other.port}`,
      "accept-encoding": "identity",
    });
    expect(other.seen[0]?.headers).not.toHaveProperty("cookie");
    expect(other.seen[0]?.headers).not.toHaveProperty("authorization");
  });

  it("without type and length, and an empty one", async () => {
    const answer = await rawGet(server.base + proxied("/untyped"));
    expect(answer.headers["content-type"]).toBe("application/octet-stream");
    expect(answer.headers).not.toHaveProperty("content-length");
    expect(answer.bytes.toString()).toBe("part one, part two");
    other.handlers["/empty"] = (_request, response) => response.writeHead(200, { "content-length": 0 }).end();
    expect(await rawGet(server.base + proxied("/empty"))).toMatchObject({
      status: 200,
      complete: true,
      bytes: Buffer.alloc(0),
    });
  });

  it.each([
    ["", "c3b6"],
    ["", "f6"],
    ["content-length: 2\r\n", "c3b6"],
    ["content-length: 2\r\n", "f6"],
  ])("with the bytes of its name as they are (%j %s)", async (length, name) => {
    other.handlers["/named"] = (_request, response) => {
      const head = `HTTP/1.1 200 OK\r\n${length}connection: close\r\ncontent-disposition: attachment; filename=`;
      response.socket?.end(
        Buffer.concat([Buffer.from(head), Buffer.from(name, "hex"), Buffer.from("\r\n\r\nok")]),
      );
    };
    const answer = await rawGet(server.base + proxied("/named"));
    expect(answer).toMatchObject({ status: 200, complete: true });
    const received = (answer.headers["content-disposition"] ?? "").replace("attachment; filename=", "");
    expect(Buffer.from(received, "latin1").toString("hex")).toBe(name);
  });

  it("with its headers only for HEAD, and without reading it", async () => {
    let closed = false;
    other.handlers["/head"] = (_request, response) => {
      response.on("close", () => (closed = true));
      response.writeHead(200, { "content-type": "text/plain", "content-length": 50_000 }).write("x");
    };
    const request = httpRequest(server.base + proxied("/head"), { method: "HEAD" }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      "content-type": "text/plain",
      "content-length": "50000",
      "content-security-policy": "sandbox",
    });
    await expect.poll(() => closed).toBe(true);
  });

  it.each([
    ["gzip", gzipSync(TEXT)],
    ["GZIP", gzipSync(TEXT)],
    ["deflate", deflateSync(TEXT)],
    ["br", brotliCompressSync(TEXT)],
    ["gzip, br", brotliCompressSync(gzipSync(TEXT))],
  ])("undoing the content encoding %s", async (encoding, body) => {
    other.handlers["/coded"] = (_request, response) => {
      response.writeHead(200, { "content-encoding": encoding, "content-length": body.length }).end(body);
    };
    const answer = await rawGet(server.base + proxied("/coded"), { "accept-encoding": "gzip" });
    expect(answer).toMatchObject({ status: 200, complete: true });
    expect(answer.bytes.toString()).toBe(TEXT);
    expect(answer.headers).not.toHaveProperty("content-encoding");
    expect(answer.headers).not.toHaveProperty("content-length");
  });

  it("leaving an archive as it is, whatever its type", async () => {
    const archive = gzipSync(TEXT);
    for (const type of ["application/gzip", "text/plain", "application/json"]) {
      other.handlers["/log.gz"] = (_request, response) => {
        response.writeHead(200, { "content-type": type, "content-length": archive.length }).end(archive);
      };
      const answer = await rawGet(server.base + proxied("/log.gz"), { "accept-encoding": "gzip" });
      expect(answer.bytes.equals(archive)).toBe(true);
      expect(answer.headers["content-length"]).toBe(String(archive.length));
      expect(answer.headers).not.toHaveProperty("content-encoding");
    }
  });

  it("over TLS, with the certificate of the name in the URL", async () => {
    const tlsPort = await tlsUpstream((_request, response) => response.end("secured"));
    const trusting = await testServer(
      database.pool,
      {},
      loopbackPolicy([tlsPort], { certificates: CERTIFICATE }),
    );
    const path = (host: string): string => `/api/proxy/?url=https://${host}:${tlsPort}/x`;
    expect(await trusting.get(path("files.kernelci.org"))).toMatchObject({ status: 200, body: "secured" });
    expect((await trusting.get(path("other.kernelci.org"))).status).toBe(500);
    const usual = await testServer(database.pool, {}, loopbackPolicy([tlsPort]));
    expect((await usual.get(path("files.kernelci.org"))).status).toBe(500);
  });
});

describe("GET /api/proxy/ guards", () => {
  it("refuse what is no URL and what is not allowed, before anything is looked up", async () => {
    const refused = { status: 400, body: { error: "Invalid URL" } };
    for (const query of ["", "?url=", "?url=/x", "?url=http://:80/", "?url=http://a@files.kernelci.org/"])
      expect(await server.get(`/api/proxy/${query}`)).toMatchObject(refused);
    expect(await server.get(`${proxied("/untyped")}&url=`)).toMatchObject(refused);
    const forbidden = { status: 403, body: { error: "Domain not allowed" } };
    for (const url of [
      `http://127.0.0.1:${other.port}/untyped`,
      "http://files.kernelci.org:22/",
      "http://kernelci.org/",
    ])
      expect(await server.get(`/api/proxy/?url=${encodeURIComponent(url)}`)).toMatchObject(forbidden);
    expect(other.seen).toEqual([]);
  });

  it("refuse loopback as the server runs in production", async () => {
    const production = await testServer(database.pool);
    expect((await production.get(`/api/proxy/?url=http://127.0.0.1:${other.port}/untyped`)).status).toBe(403);
    expect(other.seen).toEqual([]);
  });

  it.each([
    ["127.0.0.1", [LOOPBACK]],
    ["10.0.0.1", [{ address: "10.0.0.1", family: 4 }]],
    ["::ffff:127.0.0.1", [{ address: "::ffff:127.0.0.1", family: 6 }]],
    ["a public and a private one", [{ address: "8.8.8.8", family: 4 }, LOOPBACK]],
  ])("refuse an allowed name that has the address %s", async (_name, addresses) => {
    const policy = loopbackPolicy([other.port], {
      isPublic: PRODUCTION_POLICY.isPublic,
      resolve: () => Promise.resolve(addresses),
    });
    const production = await testServer(database.pool, {}, policy);
    expect(await production.get(proxied("/untyped"))).toMatchObject({
      status: 403,
      body: { error: "Domain not allowed" },
    });
    expect(other.seen).toEqual([]);
  });

  it("connect to the address that was checked, when the name gets another one", async () => {
    let lookups = 0;
    const policy = loopbackPolicy([other.port], {
      resolve: (host) => {
        expect(host).toBe("files.kernelci.org");
        return Promise.resolve(lookups++ === 0 ? [LOOPBACK] : [{ address: "10.0.0.1", family: 4 }]);
      },
    });
    const rebound = await testServer(database.pool, {}, policy);
    expect((await rebound.get(proxied("/untyped"))).status).toBe(200);
    expect(lookups).toBe(1);
    expect((await rebound.get(proxied("/untyped"))).status).toBe(403);
  });
});

describe("GET /api/proxy/ follows redirects", () => {
  const redirect = (path: string, location: string, status = 302): void => {
    other.handlers[path] = (_request, response) => response.writeHead(status, { location }).end("elsewhere");
  };

  it("three of them, relative ones and to other allowed hosts", async () => {
    redirect("/r3", "/sub/r2", 301);
    redirect("/sub/r2", "r1", 307);
    redirect("/sub/r1", `http://storage.tuxsuite.com:${other.port}/untyped`, 308);
    redirect("/r4", "/r3");
    expect(await server.get(proxied("/r3"))).toMatchObject({ status: 200, body: "part one, part two" });
    expect(other.seen.map(({ url }) => url)).toEqual(["/r3", "/sub/r2", "/sub/r1", "/untyped"]);
    expect(other.seen.at(-1)?.headers.host).toBe(`storage.tuxsuite.com:${other.port}`);
    other.seen.length = 0;
    expect(await server.get(proxied("/r4"))).toMatchObject({
      status: 502,
      body: { error: "Failed to fetch resource: Permanent Redirect" },
    });
    expect(other.seen).toHaveLength(4);
  });

  it("judging each like a URL of its own", async () => {
    redirect("/out", `http://example.org:${other.port}/untyped`);
    redirect("/in", `http://127.0.0.1:${other.port}/untyped`);
    redirect("/port", "http://files.kernelci.org:6379/");
    redirect("/scheme", "file:///etc/passwd");
    redirect("/user", `http://a@files.kernelci.org:${other.port}/untyped`);
    const statuses = [];
    for (const path of ["/out", "/in", "/port", "/scheme", "/user"])
      statuses.push((await server.get(proxied(path))).status);
    expect(statuses).toEqual([403, 403, 403, 400, 400]);
    expect(other.seen).toHaveLength(5);
  });

  it("not to an allowed name inside of the network", async () => {
    redirect("/inside", `http://internal.kernelci.org:${other.port}/untyped`);
    const policy = loopbackPolicy([other.port], {
      resolve: (host) =>
        Promise.resolve([host.startsWith("internal.") ? { address: "127.0.0.2", family: 4 } : LOOPBACK]),
    });
    const split = await testServer(database.pool, {}, policy);
    expect(await split.get(proxied("/inside"))).toMatchObject({
      status: 403,
      body: { error: "Domain not allowed" },
    });
    expect(other.seen.map(({ url }) => url)).toEqual(["/inside"]);
  });

  it("but not without a target", async () => {
    other.handlers["/nowhere"] = (_request, response) => response.writeHead(302).end();
    expect(await server.get(proxied("/nowhere"))).toMatchObject({
      status: 502,
      body: { error: "Failed to fetch resource: Found" },
    });
  });
});
