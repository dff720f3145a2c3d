import { gzipSync } from "node:zlib";
import { Value } from "typebox/value";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { testServer, type Answer, type TestServer } from "../../../test/support/server.ts";
import { loopbackPolicy, upstream } from "../../../test/support/upstream.ts";
import { LogFiles } from "./routes.ts";

const HEAD = `<!DOCTYPE html><html><head><title>Index</title></head><body><h1>Index of /logs/</h1>
<table><tbody><tr><td>not this one</td></tr></tbody></table>`;
const UP = `<tr><td class="link"><a href="../">Parent directory/</a></td><td class="size">-</td><td class="date">-</td></tr>`;

let page: string | Buffer = "";
let status = 200;
let encoding: string | undefined;
let port: number;
let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  port = await upstream((request, response) => {
    if (request.url === "/out") response.writeHead(302, { location: "http://127.0.0.1/" }).end();
    else response.writeHead(status, encoding === undefined ? {} : { "content-encoding": encoding }).end(page);
  });
  database = await testDatabase();
  server = await testServer(database.pool, {}, loopbackPolicy([port]));
});

/** What is answered for a page of an allowed host. */
async function listing(html: string | Buffer, of = server, path = "/logs/"): Promise<Answer> {
  page = html;
  return of.get(
    `/api/log-downloader/?log_download_url=${encodeURIComponent(`http://storage.kernelci.org:${port}${path}`)}`,
  );
}

/** A page with these rows. */
function table(rows: string): string {
  return `${HEAD}<table id="list"><thead><tr><th>Name</th><th>Size</th><th>Date</th></tr></thead><tbody>${rows}</tbody></table></body></html>`;
}

describe("GET /api/log-downloader/", () => {
  it("lists the files in the page's order", async () => {
    const { status: code, body } = await listing(
      table(`${UP}
<tr><td class="link"><a href="a%20b.log" title="x">build.log</a></td><td class="size"> 1.2 KiB </td><td class="date">2024-Oct-15 12:00</td></tr>
<tr><td><i>*</i> <a href="x?a=1&amp;b=2">a &lt;b&gt; <b>ü</b></a> <a href="other">y</a>
<td>-<td>
</tr>`),
    );
    expect(code).toBe(200);
    expect(body).toEqual({
      log_files: [
        {
          specific_log_url: "a%20b.log",
          file_name: "build.log",
          file_size: "1.2 KiB",
          date: "2024-Oct-15 12:00",
        },
        { specific_log_url: "x?a=1&b=2", file_name: "* a <b> ü y", file_size: "-", date: "" },
      ],
    });
    expect(Value.Check(LogFiles, body)).toBe(true);
  });

  it("reads encoded pages that arrive in pieces", async () => {
    const row = (n: number): string => `<tr><td><a href="${n}">dätei ${n}</a></td><td>1</td><td>2</td></tr>`;
    encoding = "gzip";
    const { body } = await listing(gzipSync(table(Array.from({ length: 5000 }, (_, n) => row(n)).join(""))));
    encoding = undefined;
    const files = (body as { log_files: { file_name: string }[] }).log_files;
    expect(files.map(({ file_name }) => file_name)).toEqual(
      Array.from({ length: 5000 }, (_, n) => `dätei ${n}`),
    );
  });

  it.each([
    ["no row", ""],
    ["the way up", UP],
    ["the way up in other letters, without a link", "<tr><td> PARENT DIRECTORY<td><td></tr>"],
  ])("says that there is none where there is only %s", async (_name, rows) => {
    expect(await listing(table(rows))).toMatchObject({ status: 200, body: { error: "No log files found" } });
  });

  const noTable = "Table with id 'list' not found";
  const noBody = "Table body not found";
  const noRow = "Invalid number of columns in table row (probably not a log website)";
  it.each([
    ["nothing", "", noTable],
    ["no HTML", "\x1f\x8b\0\0", noTable],
    ["another table", HEAD, noTable],
    ["another element with the id", `<div id="list"><tbody></tbody></div>`, noTable],
    ["no table body", `<table id="list"><tr><td></table>`, noBody],
    ["a table body after the table", `<table id="list"></table><table><tbody></tbody></table>`, noBody],
    ["a row of two cells", table(`<tr><td><a href="x">x</a></td><td>1</td></tr>`), noRow],
    ["a row of four cells", table(`<tr><td><a href="x">x</a><td>1<td>2<td>3</tr>`), noRow],
    ["a row without cells", table("<tr></tr>"), noRow],
    ["a name without link", table("<tr><td>x<td>1<td>2</tr>"), noRow],
    ["a link without href", table(`<tr><td><a>x</a><a href="y">y</a><td>1<td>2</tr>`), noRow],
    ["a link in another cell", table(`<tr><td>x<td><a href="y">y</a><td>2</tr>`), noRow],
    ["very deep elements", table("<b>".repeat(100_000)), noRow],
  ])("refuses a page with %s", async (_name, html, error) => {
    expect(await listing(html)).toMatchObject({ status: 400, body: { error } });
  });

  it("has one neutral sentence for everything that goes wrong on the way", async () => {
    const answers: Answer[] = [];
    const at = async (url: string): Promise<void> => {
      answers.push(await server.get(`/api/log-downloader/?log_download_url=${encodeURIComponent(url)}`));
    };
    answers.push(await server.get("/api/log-downloader/"));
    await at("");
    await at("not a url");
    await at("https://archlinux.org/");
    await at(`http://127.0.0.1:${port}/logs/`);
    await at(`http://storage.kernelci.org:${port}/out`);
    for (status of [404, 500, 206]) answers.push(await listing(table(UP)));
    status = 200;
    encoding = "gzip";
    answers.push(await listing(gzipSync(table(UP)).subarray(0, -5)));
    encoding = undefined;
    const small = await testServer(
      database.pool,
      { KERNELBOARD_PROXY_MAX_BYTES: "100" },
      loopbackPolicy([port]),
    );
    answers.push(await listing(table(UP), small));
    const nameless = await testServer(
      database.pool,
      {},
      loopbackPolicy([port], { resolve: () => Promise.reject(new Error("ENOTFOUND")) }),
    );
    answers.push(await listing(table(UP), nameless));
    const production = await testServer(database.pool);
    answers.push(await listing(table(UP), production));
    expect(answers).toHaveLength(13);
    for (const answer of answers)
      expect(answer).toMatchObject({
        status: 400,
        body: {
          error:
            "Invalid parameter 'log_download_url': must be the address of a directory of log files that this server can read",
        },
      });
    expect(server.log.join("")).toContain("archlinux.org");
  });
});
