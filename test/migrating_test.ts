/**
 * docs/migrating.md, tried: its commands, in its order, on a database as the reference implementation leaves it. They
 * need PostgreSQL's own programs, so this goes to the external server.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { atEndOfFile } from "./support/cleanup.ts";
import { createDatabase, EXTERNAL, externalProblem, type TestDatabase } from "./support/database.ts";
import { commandsOfFile, DocShell, type DocCommand } from "./support/doc_commands.ts";
import { databaseEnvironment, type Outcome } from "./support/program.ts";
import { ReferenceDatabase } from "./support/reference_database.ts";
import { request } from "./support/server.ts";
import { PROJECT } from "./support/shared.ts";
import { spoolState, submission, writeSubmissions } from "./support/spool.ts";
import { upstream } from "./support/upstream.ts";

const DOC = "docs/migrating.md";
/** Of the reference's containers, which are not here. */
const NOT_RUN = [
  "docker compose -f docker-compose-next.yml stop ingester pending_aggregations_processor",
  "docker compose -f docker-compose-next.yml exec backend python manage.py crontab remove",
  "docker compose -f docker-compose-next.yml up -d",
];

const problem =
  (await externalProblem()) ??
  (spawnSync("pg_dump", ["--version"]).error === undefined ? undefined : "there is no pg_dump");
if (problem !== undefined) console.warn(`${problem}: the migration guide is not tried`);

/** A commit that the reference had finished, with a build that it counted twice, as it does at times. */
const COUNTED_TWICE = `
  insert into checkouts (_timestamp, id, origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash, start_time)
    values (now(), 'o:c4', 'o', 'next', 'https://x/n.git', 'master', repeat('d', 40), now());
  insert into builds (_timestamp, id, checkout_id, origin, status) values (now(), 'o:b4', 'o:c4', 'o', 'PASS');
  insert into latest_checkout (checkout_id, start_time, origin, tree_name, git_repository_url, git_repository_branch)
    values ('o:c4', now(), 'o', 'next', 'https://x/n.git', 'master');
  insert into tree_listing (checkout_id, origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash,
      start_time, build_pass, build_failed, build_inc, boot_pass, boot_failed, boot_inc, test_pass, test_failed, test_inc)
    values ('o:c4', 'o', 'next', 'https://x/n.git', 'master', repeat('d', 40), now(), 2, 0, 0, 0, 0, 0, 0, 0, 0)`;
const WRONG_COUNT = /build_pass is 2, not 1/;

/** The page's commands that are still to be run. */
let commands: DocCommand[];
let database: TestDatabase;
let reference: ReferenceDatabase;
let shell: DocShell;
let spool: string;

const [TRIAL, BACK, DUMP] = ["dashboard_trial", "dashboard_back", "dashboard-20260131T020000Z.dump"];

/** The name of a database of a test's server, dropped after it. */
function besideDatabase(suffix: string): string {
  const name = `${database.connection.database}_${suffix}`;
  atEndOfFile(() => database.pool.query(`drop database if exists ${name} with (force)`));
  return name;
}

beforeAll(async () => {
  if (problem !== undefined) return;
  commands = await commandsOfFile(DOC);
  database = await createDatabase(EXTERNAL);
  atEndOfFile(database.drop);
  reference = new ReferenceDatabase(database);
  await reference.create();
  await reference.fill();
  await database.pool.query(COUNTED_TWICE);
  shell = await DocShell.create({
    ...databaseEnvironment(database.connection),
    BACKEND_VOLUME_DIR: "volume",
    SKIP_CRONJOBS: "true",
    KERNELBOARD_WORKERS: "1",
  });
  await mkdir(join(shell.folder, "volume"));
  spool = join(shell.folder, "spool");
  shell.replacements.push(
    ["/spool", spool],
    [" /backup", ` ${shell.folder}/backup`],
    [TRIAL, besideDatabase("trial")],
    [BACK, besideDatabase("back")],
    // Any free one; the address that it shows stands for that of the page.
    ["--port 8010", "--port 0"],
    ["origin=maestro", "origin=o"],
  );
});

/** The next command of the page, which has to be this one. */
function next(start: string): DocCommand {
  while (NOT_RUN.includes(commands[0]?.text ?? "")) commands.shift();
  const command = commands.shift();
  expect(command?.text.startsWith(start) ? start : command?.text).toBe(start);
  return command ?? { doc: DOC, line: 0, text: "", exitCode: 0 };
}

/** Runs the next command of the page. */
async function run(start: string): Promise<Outcome> {
  const { text, exitCode } = next(start);
  const outcome = await shell.run(text);
  expect([text, outcome.stderr, outcome.code]).toEqual([text, outcome.stderr, exitCode]);
  return outcome;
}

/** Dumps, and lets the file stand for the page's from now on. */
async function dump(): Promise<void> {
  const { stdout } = await run("deploy/backup/dump.sh");
  const file = stdout.trim().split("/").at(-1) ?? "";
  expect(file).toMatch(/^kernelboard_test_.*\.dump$/);
  shell.replacements.unshift([DUMP, file]);
}

const WHILE_IT_WAITED = submission({
  checkouts: [
    {
      id: "o:now",
      origin: "o",
      tree_name: "mainline",
      git_repository_url: "https://x/y.git",
      git_repository_branch: "master",
      git_commit_hash: "e".repeat(40),
      start_time: new Date().toISOString(),
    },
  ],
  builds: [{ id: "o:late", checkout_id: "o:now", origin: "o", status: "PASS" }],
  issues: [{ id: "o:i", version: 2, origin: "o" }],
});
const AFTERWARDS = submission({
  tests: [{ id: "o:later", build_id: "o:late", origin: "o", status: "PASS", path: "ltp" }],
});

/** The names of tables and columns. */
const columns = async (): Promise<Record<string, unknown>[]> =>
  database.rows(
    "select table_name, column_name from information_schema.columns where table_schema = 'public' order by 1, 2",
  );
/** One value of another database of the server. */
const valueIn = async (name: string, query: string): Promise<string> =>
  (await shell.run(`psql -At -d ${name} -c "${query}"`)).stdout.trim();

describe.skipIf(problem !== undefined)(
  "docs/migrating.md (skipped where there is no external PostgreSQL)",
  () => {
    it("looks at what there is", async () => {
      expect((await run("kernelboard settings")).stdout).toMatch(
        /^DB_NAME=kernelboard_test_\S+ +environment$/m,
      );
      expect((await run("kernelboard dbshell")).stdout).toMatch(
        /^\d+[^\n]*\n0018_hardwareregistryplatformvendor_and_more\n$/,
      );
    });

    it("rehearses with a copy, which leaves the database as it is", async () => {
      const before = await columns();
      await run("export PGHOST");
      await dump();
      await run("createdb");
      await run("pg_restore");
      expect((await run(`DB_NAME=${TRIAL} kernelboard migrate`)).stdout).toMatch(
        /^\d+ migrations applied\.$/m,
      );
      const verify = await shell.run(next(`DB_NAME=${TRIAL} kernelboard rollups verify`).text);
      expect([verify.code, verify.stdout]).toEqual([1, expect.stringMatching(WRONG_COUNT)]);
      await run(`DB_NAME=${TRIAL} kernelboard check --deploy`);
      await run("dropdb");
      expect(await columns()).toEqual(before);
    });

    it("switches over: adopts, keeps every row, and takes in what waited", async () => {
      const [rows, tables] = [await reference.rawRows(), await columns()];
      const history = await database.rows("select * from django_migrations order by id");
      await writeSubmissions(spool, { "waited.json": WHILE_IT_WAITED });
      await dump();
      expect((await run("kernelboard migrate")).stdout).toMatch(/^\d+ migrations applied\.$/m);
      expect((await run("kernelboard migrate --status")).stdout).not.toContain("pending");
      expect(await reference.rawRows()).toEqual(rows);
      expect(await database.rows("select * from django_migrations order by id")).toEqual(history);
      expect(await columns()).toEqual(expect.arrayContaining(tables));

      const web = await shell.runUntil(next("kernelboard serve --role web").text, /Listening on (\S+)\//);
      // There is no reference here: the server is compared with itself.
      shell.replacements.push(
        ["http://127.0.0.1:8010", `${web.shown} --origin o`],
        ["http://127.0.0.1:8000", web.shown],
      );
      const same = await run("node deploy/migration/compare.mjs");
      expect(same.stdout).toMatch(/^[7-9] answers are the same, 0 differ$/m);
      expect((await web.stop()).code).toBe(0);
      shell.replacements.splice(-2);

      const serve = await shell.runUntil(next("kernelboard serve --spool-dir").text, /Listening on (\S+)\//);
      shell.replacements.push(["http://127.0.0.1:8010", serve.shown]);
      await expect
        .poll(async () => (await spoolState(spool)).archive, { timeout: 60_000 })
        .toEqual(["waited.json"]);
      await run("curl");
      expect(JSON.parse((await run("curl")).stdout)).toContainEqual(
        expect.objectContaining({
          id: "o:now",
          build_status: expect.objectContaining({ PASS: 1 }) as object,
        }),
      );
      expect(await database.rows("select version from issues where id = 'o:i' order by 1")).toEqual([
        { version: 1 },
        { version: 2 },
      ]);
      await writeSubmissions(spool, { "afterwards.json": AFTERWARDS });
      await expect
        .poll(async () => (await spoolState(spool)).archive, { timeout: 60_000 })
        .toEqual(["afterwards.json", "waited.json"]);

      const verify = await shell.run(next("kernelboard rollups verify").text);
      expect([verify.code, verify.stdout]).toEqual([1, expect.stringMatching(WRONG_COUNT)]);
      expect((await shell.run("kernelboard rollups rebuild")).code).toBe(0);
      expect((await shell.run("kernelboard rollups verify")).code).toBe(0);
      expect(await request(`${serve.shown}/api/test/o%3Alater`)).toMatchObject({
        status: 200,
        body: { id: "o:later" },
      });
      expect((await serve.stop()).code).toBe(0);
    });

    it("goes back: the rows of before, and every file since in the spool again", async () => {
      const name = `${database.connection.database}_back`;
      await run("createdb");
      await run("pg_restore");
      expect(await valueIn(name, "select count(*) from tests")).toBe("4");
      expect(await valueIn(name, "select to_regclass('kernelboard_migrations') is null")).toBe("t");
      expect(
        await valueIn(
          name,
          "select pg_get_constraintdef(oid) from pg_constraint where conname = 'issues_pkey'",
        ),
      ).toBe("PRIMARY KEY (id)");
      await run("find");
      expect((await spoolState(spool)).inbox).toEqual(["afterwards.json", "waited.json"]);
      expect(await readdir(join(spool, "archive"))).toEqual([]);
    });

    it("has no other command", () => {
      expect(commands.map(({ text }) => text).filter((text) => !NOT_RUN.includes(text))).toEqual([]);
    });
  },
);

describe("what is not run", () => {
  it("is in the page", async () => {
    const texts = (await commandsOfFile(DOC)).map(({ text }) => text);
    expect(NOT_RUN.filter((text) => !texts.includes(text))).toEqual([]);
  });
});

describe("compare.mjs", () => {
  const compare = (...args: string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [join(PROJECT, "deploy/migration/compare.mjs"), ...args],
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        },
      );
    });

  it("tells where answers differ, whatever the order of texts and the spelling of numbers", async () => {
    const server = (hardware: string): Promise<number> =>
      upstream((request, response) =>
        response
          .setHeader("content-type", "application/json")
          .end(request.url?.startsWith("/api/hardware/") ? hardware : '{"error": "nothing"}'),
      );
    const [older, newer, other] = await Promise.all([
      server('{"hardware": [{"platform": "board", "hardware": ["b", "a"], "n": 15.0}]}'),
      server('{"hardware": [{"platform": "board", "hardware": ["a", "b"], "n": 15}]}'),
      server('{"hardware": [{"platform": "board", "hardware": ["a", "b"], "n": 16}]}'),
    ]);
    const base = (port: number): string => `http://127.0.0.1:${port}/`;
    expect(await compare(base(older), base(newer))).toMatchObject({
      code: 0,
      stdout: "4 answers are the same, 0 differ\n",
    });
    expect(await compare(base(older), base(other), "--origin", "o")).toMatchObject({
      code: 1,
      stdout:
        "differs  /api/hardware/?origin=o\n  /body/hardware/0/n: 15, new: 16\n3 answers are the same, 1 differ\n",
    });
  });

  it("says what is wrong with its arguments, and that a server cannot be asked", async () => {
    expect(await compare("http://127.0.0.1:1")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("usage: ") as string,
    });
    expect(await compare("http://127.0.0.1:1", "http://127.0.0.1:1")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("compare.mjs: fetch failed") as string,
    });
  });
});
