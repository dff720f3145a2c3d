/** The scripts of `requests/`: each asks what it says, gets an answer, and asks the same with httpie as with curl. */
import { execFile, spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { demoDatabase } from "./support/demo.ts";
import type { OpenApi } from "./support/openapi.ts";
import { testServer, type TestServer } from "./support/server.ts";
import { PROJECT } from "./support/shared.ts";
import { temporaryDirectory } from "./support/spool.ts";
import { loopbackPolicy, upstream } from "./support/upstream.ts";

const FOLDER = join(PROJECT, "requests");
const LISTING = `<table id="list"><tbody><tr><td class="link"><a href="log.txt">log.txt</a></td>
  <td class="size">1.0 KiB</td><td class="date">2026-Nov-01 10:00</td></tr></tbody></table>`;
/** Tells its arguments and its standard input instead of asking anybody. */
const FAKE_HTTPIE = `#!/usr/bin/env bash
printf '%s\\n' "$#" "$@"
if [ "$1" = POST ]; then cat; fi
`;
/** What the server is asked to refuse. */
const REFUSED = new Set(["log-downloader-error.sh"]);

const scripts = (await readdir(FOLDER)).filter((name) => name.endsWith(".sh") && name !== "lookup.sh");
const hasCurl = await promisify(execFile)("curl", ["--version"]).then(
  () => true,
  () => false,
);

interface Asked {
  operationId: string | undefined;
  method: string;
  path: string;
  query: [string, string][];
  body: string;
  status: number;
}

/** What the server was asked, in order. */
const asked: Asked[] = [];
let server: TestServer;
let document: OpenApi;
let environment: Record<string, string>;

beforeAll(async () => {
  const port = await upstream((_request, response) => response.end(LISTING));
  server = await testServer((await demoDatabase()).pool, {}, loopbackPolicy([port]), (app) => {
    app.addHook("onResponse", (request, reply, done) => {
      const url = new URL(request.originalUrl, "http://localhost");
      asked.push({
        operationId: (request.routeOptions.schema as { operationId?: string } | undefined)?.operationId,
        method: request.method,
        path: url.pathname,
        query: [...url.searchParams],
        body: Buffer.isBuffer(request.body) ? request.body.toString() : "",
        status: reply.statusCode,
      });
      done();
    });
  });
  document = (await server.get("/api/schema/?format=json")).body as OpenApi;
  const programs = join(await temporaryDirectory(), "bin");
  await mkdir(programs);
  await writeFile(join(programs, "http"), FAKE_HTTPIE, { mode: 0o755 });
  const logs = `http://storage.kernelci.org:${port}/logs/`;
  environment = {
    PATH: `${programs}:${process.env.PATH ?? ""}`,
    BASE: server.base,
    // Or a second might pass between two runs.
    END: String(Math.floor(Date.now() / 1000)),
    LOG_DOWNLOAD_URL: logs,
    URL: logs,
  };
});

/** Runs a text as the script of this name. @returns its standard output */
function bash(name: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-eu", "-c", text, join(FOLDER, name)], {
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${name} ended with ${String(code)}: ${errors}`));
    });
  });
}

/** The script with its curl command instead of the httpie one. */
function withCurl(text: string): string {
  const lines = text.split("\n");
  const http = lines.findIndex((line) => line.startsWith("http "));
  const curl = lines.findIndex((line) => line.startsWith("# curl "));
  expect([http > 0, curl > http]).toEqual([true, true]);
  const commands = lines.slice(curl).filter((line) => line.startsWith("# "));
  return [...lines.slice(0, http), ...commands.map((line) => line.slice(2))].join("\n");
}

/** The answer that the script shows, see scripts/sample-responses.mjs. */
function sampleOf(text: string): object | undefined {
  const lines = text.split("\n").filter((line) => line.startsWith("#> "));
  if (lines.length === 0) return undefined;
  return JSON.parse(lines.map((line) => line.slice(3)).join("\n")) as object;
}

/** What httpie would ask with the arguments and the input that the fake told. */
function requestOfHttpie(output: string): Pick<Asked, "method" | "path" | "query" | "body"> {
  const lines = output.split("\n");
  const count = Number(lines[0]);
  const parts = lines.slice(1, count + 1);
  const method = parts[0] === "POST" ? "POST" : "GET";
  const [url = "", ...items] = parts.filter((part) => part !== "POST");
  return {
    method,
    path: new URL(url).pathname,
    query: items.map((item) => {
      const [, name = "", value = ""] = /^(.+?)==(.*)$/.exec(item) ?? [];
      return [name, value];
    }),
    body: lines.slice(count + 1).join(""),
  };
}

describe.skipIf(!hasCurl)("requests/ (skipped where there is no curl)", () => {
  it.each(scripts)("%s", async (name) => {
    const text = await readFile(join(FOLDER, name), "utf8");
    const answer = await bash(name, withCurl(text));
    const last = asked.at(-1);
    expect([name, last?.status]).toEqual([name, REFUSED.has(name) ? 400 : 200]);
    if (name !== "proxy-get.sh") {
      const body = JSON.parse(answer) as { error?: string } | unknown[];
      const error = "error" in body ? body.error : undefined;
      expect(error).toEqual(REFUSED.has(name) ? expect.any(String) : undefined);
      const sample = sampleOf(text) ?? body;
      expect(Array.isArray(sample)).toBe(Array.isArray(body));
      // Where the names are data, those of another day are others.
      if (!("..." in sample) && !Array.isArray(body))
        expect(Object.keys(body).sort()).toEqual(Object.keys(sample).sort());
      const lists = Array.isArray(body) ? [body] : Object.values(body);
      expect(lists.some((list) => !Array.isArray(list) || list.length > 0)).toBe(true);
    }
    const same = requestOfHttpie(await bash(name, text));
    expect({ ...same, body: same.body.trim() }).toEqual({
      method: last?.method,
      path: last?.path,
      query: last?.query,
      body: last?.body.replaceAll("\n", "").trim(),
    });
  });

  it("shows answers", async () => {
    const texts = await Promise.all(scripts.map((name) => readFile(join(FOLDER, name), "utf8")));
    const without = scripts.filter((_, index) => sampleOf(texts[index] ?? "") === undefined);
    // The schema lies beside; the others ask servers of logs.
    expect(without).toEqual(["log-downloader.sh", "proxy-get.sh", "schema-get.sh"]);
  });

  it("has an example of every operation", () => {
    const examples = new Set(asked.map(({ operationId }) => operationId));
    const without = Object.values(document.paths)
      .flatMap((path) => Object.values(path))
      .map(({ operationId }) => operationId)
      .filter((id) => !examples.has(id));
    expect(without).toEqual([]);
  });
});
