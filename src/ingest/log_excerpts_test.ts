/** Long log excerpts on their way from a file into the storage, the database and an answer. */
import { createHash } from "node:crypto";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { testServer, type TestServer } from "../../test/support/server.ts";
import { ingestFiles, submission } from "../../test/support/spool.ts";
import { testStorage, type TestStorage } from "../../test/support/storage.ts";
import type { UploadSettings } from "../excerpts/uploads.ts";
import type { BatchMeasures } from "./measures.ts";

const SHORT = "x".repeat(256);
const LONG = "x".repeat(257);
/** More than a row can hold. */
const VERY_LONG = "\u{1f427}".repeat(20_000);
const FILES = [{ name: "dmesg", url: "https://x/dmesg" }];

let database: TestDatabase;
let server: TestServer;
let storage: TestStorage;
let excerpts: UploadSettings;

beforeAll(async () => {
  database = await testDatabase();
  server = await testServer(database.pool);
});
beforeEach(async () => {
  await database.pool.query("truncate checkouts, builds, tests, uploaded_log_excerpts");
  storage = await testStorage();
  excerpts = { baseUrl: storage.baseUrl, token: "t", threshold: 256, cacheEntries: 100, concurrency: 4 };
});

const CHECKOUT = { id: "o:c", origin: "o", log_excerpt: LONG };
const BUILD = { id: "o:b", checkout_id: "o:c", origin: "o", log_excerpt: LONG, output_files: FILES };
const test = (id: string, more: object): object => ({ id: `o:${id}`, build_id: "o:b", origin: "o", ...more });

function moved(text: string): { name: string; url: string } {
  const hash = createHash("sha256").update(text).digest("hex");
  return { name: "log_excerpt", url: `${storage.baseUrl}/logexcerpt/${hash}/logexcerpt.txt.gz` };
}

const stored = (kind: "builds" | "tests"): Promise<Record<string, unknown>[]> =>
  database.rows(`select id, log_excerpt, output_files from ${kind} order by id`);

it("moves the long ones of builds and tests, and clients find them", async () => {
  const measures: BatchMeasures[] = [];
  const state = await ingestFiles(
    database.connection,
    {
      "a.json": submission({
        checkouts: [CHECKOUT],
        builds: [BUILD],
        tests: [
          test("1", { log_excerpt: SHORT }),
          test("2", { log_excerpt: LONG }),
          test("3", { log_excerpt: VERY_LONG }),
          test("4", {}),
        ],
      }),
    },
    { excerpts, onMeasures: (made) => measures.push(made) },
  );
  expect(state).toMatchObject({ inbox: [], archive: ["a.json"], failed: [] });
  expect(await stored("builds")).toEqual([
    { id: "o:b", log_excerpt: "", output_files: [...FILES, moved(LONG)] },
  ]);
  expect(await stored("tests")).toEqual([
    { id: "o:1", log_excerpt: SHORT, output_files: null },
    { id: "o:2", log_excerpt: "", output_files: [moved(LONG)] },
    { id: "o:3", log_excerpt: "", output_files: [moved(VERY_LONG)] },
    { id: "o:4", log_excerpt: null, output_files: null },
  ]);
  expect(await database.rows("select log_excerpt from checkouts")).toEqual([{ log_excerpt: LONG }]);
  expect([...storage.texts.values()].sort()).toEqual([LONG, VERY_LONG]);
  expect(measures.map((made) => made.excerpts)).toEqual([{ uploaded: 2, cached: 0, failed: 0, skipped: 0 }]);
  expect(await server.get("/api/build/o:b")).toMatchObject({
    status: 200,
    body: { log_excerpt: "", output_files: [...FILES, moved(LONG)] },
  });
  expect(await server.get("/api/test/o:3")).toMatchObject({ body: { output_files: [moved(VERY_LONG)] } });
});

it("stores them in their rows, as far as they fit, when the storage fails", async () => {
  storage.answer = (response) => void response.writeHead(500).end();
  const state = await ingestFiles(
    database.connection,
    {
      "a.json": submission({
        tests: [test("1", { log_excerpt: LONG }), test("2", { log_excerpt: VERY_LONG })],
      }),
    },
    { excerpts },
  );
  expect(state.archive).toEqual(["a.json"]);
  expect(await stored("tests")).toEqual([
    { id: "o:1", log_excerpt: LONG, output_files: null },
    { id: "o:2", log_excerpt: "\u{1f427}".repeat(16_384), output_files: null },
  ]);
});

it("uploads nothing of an object that is refused", async () => {
  const bad = [
    test("1", { log_excerpt: LONG, status: "GREAT" }),
    test("2", { log_excerpt: `${VERY_LONG}\0` }),
  ];
  const { reports } = await ingestFiles(
    database.connection,
    { "a.json": submission({ tests: bad }) },
    { excerpts },
  );
  expect(reports["a.json"]?.refusals.map(({ rule, pointer }) => [rule, pointer])).toEqual([
    ["enum", "/tests/0/status"],
    ["pattern", "/tests/1/log_excerpt"],
  ]);
  expect(storage.uploads).toEqual([]);
});

it("moves the excerpt of one half of a test and keeps the files of the other, when both come at once", async () => {
  const halves = [test("1", { output_files: FILES }), test("1", { log_excerpt: LONG })];
  await ingestFiles(database.connection, { "a.json": submission({ tests: halves }) }, { excerpts });
  expect(await stored("tests")).toEqual([
    { id: "o:1", log_excerpt: "", output_files: [...FILES, moved(LONG)] },
  ]);
});

it("does so too when they come one after the other, in either order, and once", async () => {
  const files = { tests: [test("1", { output_files: FILES }), test("2", { log_excerpt: LONG })] };
  const others = { tests: [test("1", { log_excerpt: LONG }), test("2", { output_files: FILES })] };
  for (const half of [files, others, files, others])
    await ingestFiles(database.connection, { "a.json": submission(half) }, { excerpts });
  expect(await stored("tests")).toEqual([
    { id: "o:1", log_excerpt: "", output_files: [...FILES, moved(LONG)] },
    { id: "o:2", log_excerpt: "", output_files: [...FILES, moved(LONG)] },
  ]);
});

it("finds again what was uploaded, whoever did it, and stores the same row", async () => {
  const file = { "a.json": submission({ tests: [test("1", { log_excerpt: LONG })] }) };
  await ingestFiles(database.connection, file, { excerpts });
  const first = await stored("tests");
  await ingestFiles(database.connection, file, { excerpts });
  expect(await stored("tests")).toEqual(first);
  expect(storage.uploads).toHaveLength(1);
});

it("leaves all as it is when nothing is to be moved", async () => {
  const { reports } = await ingestFiles(database.connection, {
    "a.json": submission({
      tests: [test("1", { log_excerpt: LONG }), test("2", { log_excerpt: VERY_LONG })],
    }),
  });
  expect(await stored("tests")).toEqual([{ id: "o:1", log_excerpt: LONG, output_files: null }]);
  expect(reports["a.json"]?.refusals).toMatchObject([{ rule: "maxLength", pointer: "/tests/1/log_excerpt" }]);
});
