import { createHash } from "node:crypto";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { atEndOfFile } from "../../test/support/cleanup.ts";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { testStorage, type TestStorage } from "../../test/support/storage.ts";
import type { Connection } from "../database/pool.ts";
import { columnIndex, TABLES } from "../kcidb/rows.ts";
import type { Kind } from "../kcidb/types.ts";
import { createLogExcerpts, type ExcerptRow, type LogExcerpts } from "./excerpts.ts";
import { uploadSettings } from "./uploads.ts";

const LIMITS = { timeoutMs: 20_000, breaker: { failures: 1000, pauseMs: 1, maxPauseMs: 1 } };
const LONG = "o".repeat(257);

let database: TestDatabase;
let storage: TestStorage;
let logged: string[];
const opened: LogExcerpts[] = [];

beforeAll(async () => {
  database = await testDatabase();
});
beforeEach(async () => {
  await database.pool.query("truncate uploaded_log_excerpts");
  storage = await testStorage();
  logged = [];
});
afterAll(async () => {
  for (const excerpts of opened) await excerpts.close();
});

interface Opening {
  baseUrl?: string;
  cacheEntries?: number;
  concurrency?: number;
  connection?: Connection;
  limits?: typeof LIMITS;
}

function open({ limits = LIMITS, connection = database.connection, ...settings }: Opening = {}): LogExcerpts {
  const excerpts = createLogExcerpts({
    settings: {
      baseUrl: storage.baseUrl,
      token: "s3cret",
      threshold: 256,
      cacheEntries: 1000,
      concurrency: 4,
      ...settings,
    },
    connection,
    log: pino({ level: "info" }, { write: (line: string) => logged.push(line) }),
    limits,
  });
  opened.push(excerpts);
  return excerpts;
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const urlOf = (text: string, base = storage.baseUrl): string =>
  `${base}/logexcerpt/${hashOf(text)}/logexcerpt.txt.gz`;

function row(kind: Kind, columns: Record<string, string>): ExcerptRow {
  return { kind, row: TABLES[kind].columns.map(({ name }) => columns[name] ?? null) };
}

const value = ({ kind, row }: ExcerptRow, column: string): string | null | undefined =>
  row[columnIndex(kind, column)];
const excerptAndFiles = (from: ExcerptRow): unknown[] => [
  value(from, "log_excerpt"),
  JSON.parse(value(from, "output_files") ?? "null"),
];

describe("uploading", () => {
  it("sends the form that the storage knows", async () => {
    const text = `Kernel panic \u{1f427}\n${"x".repeat(300)}`;
    expect(await open().store(text)).toBe(urlOf(text));
    expect(storage.uploads).toHaveLength(1);
    const [upload] = storage.uploads;
    expect(upload).toMatchObject({
      method: "POST",
      url: "/upload",
      headers: { authorization: "Bearer s3cret" },
    });
    expect(upload?.parts.map(({ head }) => head)).toEqual([
      'Content-Disposition: form-data; name="file0"; filename="logexcerpt.txt.gz"',
      'Content-Disposition: form-data; name="path"; filename="path"',
    ]);
    expect(gunzipSync(upload?.parts[0]?.body ?? "").equals(Buffer.from(text))).toBe(true);
    expect(upload?.parts[1]?.body.toString()).toBe(`logexcerpt/${hashOf(text)}`);
  });

  it("makes the same file of the same text", async () => {
    await open().store(LONG);
    await database.pool.query("truncate uploaded_log_excerpts");
    await open().store(LONG);
    const files = storage.uploads.map(({ parts }) => parts[0]?.body.toString("hex"));
    expect(files).toHaveLength(2);
    expect(files[1]).toBe(files[0]);
    // no time and no operating system in the header
    expect(files[0]).toMatch(/^1f8b080000000000..ff/);
  });

  it("keeps the path of the storage's address", async () => {
    const baseUrl = `${storage.baseUrl}/a/b`;
    expect(await open({ baseUrl }).store(LONG)).toBe(urlOf(LONG, baseUrl));
    expect(storage.uploads[0]?.url).toBe("/a/b/upload");
  });

  it.each([200, 201, 204])("takes %d for success", async (status) => {
    storage.answer = (response) => void response.writeHead(status).end();
    expect(await open().store(LONG)).toBe(urlOf(LONG));
  });

  it.each([301, 401, 413, 500, 503])("takes %d for a failure, which is not remembered", async (status) => {
    storage.answer = (response) => void response.writeHead(status, { location: "/elsewhere" }).end("no");
    const excerpts = open();
    expect(await excerpts.store(LONG)).toBeUndefined();
    expect(storage.uploads).toHaveLength(1);
    expect(await database.rows("select from uploaded_log_excerpts")).toEqual([]);
    storage.answer = (response) => void response.writeHead(200).end();
    expect(await excerpts.store(LONG)).toBe(urlOf(LONG));
    expect(excerpts.takeCounts()).toEqual({ uploaded: 1, cached: 0, failed: 1, skipped: 0 });
  });

  it("gives up on a storage that does not answer, or does not end its answer", async () => {
    const excerpts = open({ limits: { ...LIMITS, timeoutMs: 700 } });
    storage.answer = () => undefined;
    expect(await excerpts.store(LONG)).toBeUndefined();
    storage.answer = (response) => void response.writeHead(200).write("...");
    // It has said that it has it.
    expect(await excerpts.store(LONG)).toBe(urlOf(LONG));
    expect(logged.join()).toContain("timeout");
  });

  it("goes on when there is no storage, or it breaks off", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const address = closed.address();
    await new Promise((resolve) => closed.close(resolve));
    const port = typeof address === "object" ? address?.port : undefined;
    expect(await open({ baseUrl: `http://127.0.0.1:${port ?? 0}` }).store(LONG)).toBeUndefined();
    expect(logged.join()).toContain("ECONNREFUSED");
    storage.answer = (response) => void response.destroy();
    expect(await open().store(LONG)).toBeUndefined();
    expect(logged.join()).not.toContain("s3cret");
  });

  it("does not press the storage, and uploads equal texts once", async () => {
    let release = (): void => undefined;
    const three = new Promise<void>((resolve) => (release = resolve));
    storage.answer = async (response) => {
      if (storage.uploads.length === 3) {
        // Time for a fourth to come, if one would.
        await sleep(50);
        release();
      }
      await three;
      response.writeHead(200).end();
    };
    const texts = Array.from({ length: 40 }, (_, index) => `${index % 20} ${LONG}`);
    const excerpts = open({ concurrency: 3 });
    const urls = await Promise.all(texts.map((text) => excerpts.store(text)));
    expect(urls).toEqual(texts.map((text) => urlOf(text)));
    expect(storage.uploads).toHaveLength(20);
    expect(storage.mostAtOnce).toBe(3);
  });
});

describe("what is known to be in the storage", () => {
  it("is not uploaded again, nor by another process", async () => {
    const first = open();
    await first.store(LONG);
    await first.store(LONG);
    const second = open();
    expect(await second.store(LONG)).toBe(urlOf(LONG));
    expect(storage.uploads).toHaveLength(1);
    expect([first.takeCounts(), second.takeCounts()]).toEqual([
      { uploaded: 1, cached: 1, failed: 0, skipped: 0 },
      { uploaded: 0, cached: 1, failed: 0, skipped: 0 },
    ]);
    expect(await database.rows("select encode(hash, 'hex') as hash, url from uploaded_log_excerpts")).toEqual(
      [{ hash: hashOf(LONG), url: urlOf(LONG) }],
    );
  });

  it("is uploaded again to a storage with another address", async () => {
    await open().store(LONG);
    const other = await testStorage();
    expect(await open({ baseUrl: other.baseUrl }).store(LONG)).toBe(urlOf(LONG, other.baseUrl));
    expect(other.uploads).toHaveLength(1);
    expect(await database.rows("select url from uploaded_log_excerpts")).toEqual([
      { url: urlOf(LONG, other.baseUrl) },
    ]);
  });

  it("is found in the database when memory holds less", async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `${index} ${LONG}`);
    const excerpts = open({ cacheEntries: 10 });
    const rows = texts.map((text) => row("tests", { log_excerpt: text }));
    await excerpts.convert(rows);
    for (const text of texts) expect(await excerpts.store(text)).toBe(urlOf(text));
    expect(storage.uploads).toHaveLength(50);
    // Memory alone knows the last ones.
    await database.pool.query("truncate uploaded_log_excerpts");
    await excerpts.store(texts[49] ?? "");
    expect(storage.uploads).toHaveLength(50);
    await excerpts.store(texts[0] ?? "");
    expect(storage.uploads).toHaveLength(51);
  });

  it("is uploaded again when the database cannot be asked", async () => {
    const excerpts = open({
      cacheEntries: 0,
      connection: { ...database.connection, database: "no_such_database" },
    });
    expect(await excerpts.store(LONG)).toBe(urlOf(LONG));
    expect(await excerpts.store(LONG)).toBe(urlOf(LONG));
    expect(storage.uploads).toHaveLength(2);
    expect(logged.join()).toContain("could not be looked up");
  });
});

describe("a storage that fails", () => {
  it("is left alone after some failures, told once, and asked again later", async () => {
    storage.answer = (response) => void response.writeHead(500).end();
    const excerpts = open({
      concurrency: 1,
      limits: { ...LIMITS, breaker: { failures: 3, pauseMs: 300, maxPauseMs: 300 } },
    });
    const rows = Array.from({ length: 20 }, (_, index) => row("tests", { log_excerpt: `${index} ${LONG}` }));
    await excerpts.convert(rows);
    expect(storage.uploads).toHaveLength(3);
    expect(excerpts.takeCounts()).toEqual({ uploaded: 0, cached: 0, failed: 3, skipped: 17 });
    expect(logged.filter((line) => line.includes("does not take them"))).toHaveLength(1);
    expect(logged.length).toBeLessThan(4);
    expect(rows.map((each) => value(each, "log_excerpt"))).toEqual(
      rows.map((_, index) => `${index} ${LONG}`),
    );

    await sleep(350);
    // One more attempt, and another pause.
    await excerpts.convert(rows);
    expect(storage.uploads).toHaveLength(4);

    await sleep(350);
    storage.answer = (response) => void response.writeHead(200).end();
    await excerpts.convert(rows);
    expect(rows.map((each) => value(each, "log_excerpt"))).toEqual(rows.map(() => ""));
    expect(logged.join()).toContain("takes them again");
  });

  it("is left alone for longer each time", async () => {
    storage.answer = (response) => void response.writeHead(500).end();
    const excerpts = open({ limits: { ...LIMITS, breaker: { failures: 1, pauseMs: 10, maxPauseMs: 30 } } });
    for (let attempt = 0; attempt < 4; attempt++) {
      await excerpts.store(LONG);
      await sleep(40);
    }
    const pauses = logged
      .map((line) => (JSON.parse(line) as { pauseMs?: number }).pauseMs)
      .filter((pause) => pause !== undefined);
    expect(pauses).toEqual([10, 20, 30, 30]);
  });
});

describe("converting rows", () => {
  it("moves long excerpts of builds and tests, and nothing else", async () => {
    const files = [{ name: "dmesg", url: "https://x/\u00e9" }];
    const rows = [
      row("builds", { log_excerpt: LONG }),
      row("tests", { log_excerpt: LONG, output_files: JSON.stringify(files) }),
      row("tests", { log_excerpt: LONG.slice(1), output_files: "[]" }),
      row("tests", { comment: LONG }),
      row("tests", { log_excerpt: "" }),
      row("checkouts", { log_excerpt: LONG }),
      row("issues", { comment: LONG }),
    ];
    await open().convert(rows);
    const moved = { name: "log_excerpt", url: urlOf(LONG) };
    expect(rows.slice(0, 5).map(excerptAndFiles)).toEqual([
      ["", [moved]],
      ["", [...files, moved]],
      [LONG.slice(1), []],
      [null, null],
      ["", null],
    ]);
    expect(rows.slice(5)).toEqual([
      row("checkouts", { log_excerpt: LONG }),
      row("issues", { comment: LONG }),
    ]);
    expect(storage.uploads).toHaveLength(1);
    expect([...storage.texts]).toEqual([[`logexcerpt/${hashOf(LONG)}`, LONG]]);
  });

  it("counts code points", async () => {
    const penguins = row("tests", { log_excerpt: "\u{1f427}".repeat(256) });
    const more = row("tests", { log_excerpt: "\u{1f427}".repeat(200) + "x".repeat(57) });
    await open().convert([penguins, more]);
    expect([value(penguins, "log_excerpt"), value(more, "log_excerpt")]).toEqual([
      "\u{1f427}".repeat(256),
      "",
    ]);
  });

  it("cuts what no row can hold when it could not be moved", async () => {
    storage.answer = (response) => void response.writeHead(500).end();
    const rows = [
      row("tests", { log_excerpt: "\u{1f427}".repeat(16_385), output_files: "[]" }),
      row("builds", { log_excerpt: "x".repeat(16_384) }),
    ];
    await open().convert(rows);
    expect(rows.map(excerptAndFiles)).toEqual([
      ["\u{1f427}".repeat(16_384), []],
      ["x".repeat(16_384), null],
    ]);
  });

  it("does not upload what is no excerpt any more", async () => {
    const huge = row("tests", { log_excerpt: "x".repeat(16 * 1024 * 1024 + 1) });
    const excerpts = open();
    await excerpts.convert([huge]);
    expect(value(huge, "log_excerpt")).toBe("x".repeat(16_384));
    expect([storage.uploads.length, excerpts.takeCounts().skipped]).toEqual([0, 1]);
  });

  it("adds one entry to a row that it is given twice", async () => {
    const twice = row("tests", { log_excerpt: LONG });
    await open().convert([twice, twice]);
    expect(excerptAndFiles(twice)).toEqual(["", [{ name: "log_excerpt", url: urlOf(LONG) }]]);
  });

  it("asks the database once for all, and tells it once", async () => {
    let sent = "";
    const connection = await throughProxy((bytes) => (sent += bytes.toString("latin1")));
    const texts = Array.from({ length: 300 }, (_, index) => `${index} ${LONG}`);
    const rows = texts.map((text) => row("tests", { log_excerpt: text }));
    const excerpts = open({ connection });
    await excerpts.convert(rows);
    expect(rows.map((each) => value(each, "log_excerpt"))).toEqual(rows.map(() => ""));
    expect(sent.match(/from uploaded_log_excerpts/g)).toHaveLength(1);
    expect(sent.match(/insert into uploaded_log_excerpts/g)).toHaveLength(1);
  });
});

/** The test's database behind a proxy that shows what is sent to it. */
async function throughProxy(onSent: (bytes: Buffer) => void): Promise<Connection> {
  const { host, port } = database.connection;
  const proxy = createServer((client) => {
    const server = connect(port, host);
    client.on("data", onSent);
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  atEndOfFile(() => new Promise((resolve) => proxy.close(resolve)));
  return { ...database.connection, host: "127.0.0.1", port: (proxy.address() as AddressInfo).port };
}

describe("uploadSettings", () => {
  const settings = { convert: true, threshold: 256, token: "t", baseUrl: "https://x", cacheEntries: 5 };
  const log = pino({ level: "info" }, { write: (line: string) => logged.push(line) });

  it("is nothing unless excerpts are to be moved and there is a token", () => {
    expect(uploadSettings({ ...settings, convert: false, token: undefined }, 1, log)).toBeUndefined();
    expect(logged).toEqual([]);
    expect(uploadSettings({ ...settings, token: undefined }, 1, log)).toBeUndefined();
    expect(logged.join()).toContain("STORAGE_TOKEN is not set, log_excerpts will not be uploaded");
  });

  it("shares the uploads out among the workers, and never leaves a row what it cannot hold", () => {
    expect(uploadSettings({ ...settings, threshold: 20_000 }, 5, log)).toEqual({
      baseUrl: "https://x",
      token: "t",
      threshold: 16_384,
      cacheEntries: 5,
      concurrency: 3,
    });
    expect(uploadSettings(settings, 64, log)?.concurrency).toBe(1);
  });
});
