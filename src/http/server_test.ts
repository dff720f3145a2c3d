import { request as httpRequest } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import { createDatabase, testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { request, testServer, type TestServer } from "../../test/support/server.ts";
import { inject } from "vitest";

let database: TestDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await testDatabase();
  server = await testServer(database.pool, {
    CORS_ALLOWED_ORIGINS: '["https://dashboard.example.org"]',
    ALLOWED_HOSTS: '[".example.org"]',
  });
});

/** fetch does not let a test set the Host header. */
function withHost(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    httpRequest(`${server.base}/healthz`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

describe("the server", () => {
  it("answers unknown paths, wrong methods and missing slashes as JSON errors and redirects", async () => {
    expect(await server.get("/api/nosuch")).toMatchObject({
      status: 404,
      body: { error: "Not found: /api/nosuch" },
    });
    expect(await server.get("/nosuch")).toMatchObject({ status: 404, body: { error: "Not found: /nosuch" } });
    const post = await request(`${server.base}/api/tree/`, { method: "POST" });
    expect(post).toMatchObject({ status: 405, body: { error: 'Method "POST" not allowed.' } });
    expect(post.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    const redirect = await server.get("/api/tree?origin=a%20b&x=1");
    expect(redirect).toMatchObject({ status: 301, body: "" });
    expect(redirect.headers.get("location")).toBe("/api/tree/?origin=a%20b&x=1");
    expect((await request(`${server.base}/api/origins`, { method: "POST" })).status).toBe(301);
    expect((await server.get("/api/build/x/")).status).toBe(404);
    expect(await server.get("/tree/%E0%A4%A/x/y")).toMatchObject({
      status: 400,
      body: { error: "The address of the request is not valid" },
    });
  });

  it("answers HEAD like GET without a body, and OPTIONS with what the path is", async () => {
    const head = await request(`${server.base}/api/build/x`, { method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, ""]);
    expect(Number(head.headers.get("content-length"))).toBe('{"error":"Build not found"}'.length);
    const options = await request(`${server.base}/api/build/x`, { method: "OPTIONS" });
    expect(options).toMatchObject({
      status: 200,
      body: { name: "build/<build_id>", renders: ["application/json"] },
    });
    expect(options.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  it("sends plain JSON with the headers that keep browsers safe, and an id for the log", async () => {
    const { headers } = await server.get("/api/build/x", { accept: "text/html" });
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    const id = headers.get("x-request-id");
    expect(server.log.find((line) => id !== null && line.includes(id))).toContain('"url":"/api/build/x"');
  });

  it("answers allowed hosts and loopback alone", async () => {
    const statuses: Record<string, number> = {};
    for (const host of [
      "localhost",
      "127.0.0.1:1",
      "[::1]:8000",
      "a.example.org",
      "example.org",
      "evil.org",
      "example.org.evil.org",
      "127.0.0.1.evil.org",
    ]) {
      statuses[host] = await withHost(host);
    }
    expect(statuses).toEqual({
      localhost: 200,
      "127.0.0.1:1": 200,
      "[::1]:8000": 200,
      "a.example.org": 200,
      "example.org": 200,
      "evil.org": 400,
      "example.org.evil.org": 400,
      "127.0.0.1.evil.org": 400,
    });
  });

  it("lets allowed origins read the answers", async () => {
    const allowed = await server.get("/api/build/x", { origin: "https://dashboard.example.org" });
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://dashboard.example.org");
    const other = await server.get("/api/build/x", { origin: "https://evil.org" });
    expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([200, null]);
    const preflight = await request(`${server.base}/api/nosuch`, {
      method: "OPTIONS",
      headers: { origin: "https://dashboard.example.org", "access-control-request-method": "POST" },
    });
    expect([preflight.status, preflight.body]).toEqual([200, ""]);
    expect(preflight.headers.get("access-control-allow-headers")).toBe(
      "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
    );
    expect(preflight.headers.get("access-control-allow-methods")).toBe(
      "DELETE, GET, OPTIONS, PATCH, POST, PUT",
    );
    expect(preflight.headers.get("access-control-max-age")).toBe("86400");
  });

  it("never shows internals, but names the request in the log", async () => {
    const other = await testDatabase();
    const broken = await testServer(other.pool);
    await other.pool.query("alter table builds rename column command to commando");
    const answer = await broken.get("/api/build/x");
    const id = answer.headers.get("x-request-id") ?? "";
    expect(answer).toMatchObject({
      status: 500,
      body: { error: `Internal error; the server's log has it under request id ${id}` },
    });
    expect(broken.log.find((line) => line.includes(id) && line.includes("request failed"))).toContain(
      "b.command",
    );
  });

  it("finds nothing for a NUL byte, anywhere", async () => {
    expect(await server.get("/api/build/a%00b")).toMatchObject({
      status: 200,
      body: { error: "Build not found" },
    });
    expect(await server.get("/api/tree/?origin=%00")).toMatchObject({
      status: 200,
      body: { error: "No trees were found" },
    });
  });

  it("compresses what is worth it", async () => {
    const long = await server.get("/api/schema/?format=json", { "accept-encoding": "gzip" });
    expect(long.headers.get("content-encoding")).toBe("gzip");
    const short = await server.get("/api/build/x", { "accept-encoding": "gzip" });
    expect(short.headers.get("content-encoding")).toBeNull();
  });
});

describe("health", () => {
  it("tells that the process answers, and whether it can serve", async () => {
    expect(await server.get("/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await server.get("/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
    const empty = await createDatabase(inject("connection"));
    const waiting = await testServer(empty.pool);
    expect(await waiting.get("/readyz")).toMatchObject({
      status: 503,
      body: { reason: "the database is not migrated" },
    });
    await empty.drop();
    expect(await waiting.get("/readyz")).toMatchObject({
      status: 503,
      body: { reason: "the database does not answer" },
    });
    expect((await waiting.get("/healthz")).status).toBe(200);
  });
});
