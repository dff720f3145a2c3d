import { fork } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { pino } from "pino";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { startEmbeddedServer, type EmbeddedServer } from "./embedded.ts";
import { removeStaged } from "./embedded_state.ts";
import { clientOptions, type Connection } from "./pool.ts";

/** A process of the built program that holds a directory's server. */
const OWNER = join(import.meta.dirname, "../../test/support/embedded_owner.mjs");

const log = pino({ level: "silent" });
const folders: string[] = [];
const running: EmbeddedServer[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});
afterAll(async () => {
  for (const folder of folders) {
    await removeStaged(folder);
    await rm(folder, { recursive: true, force: true });
  }
});

async function folder(mode: number): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "kernelboard-embedded-"));
  await chmod(path, mode);
  folders.push(path);
  return path;
}

async function start(dataDir: string, onLost?: (error: Error) => void): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ dataDir, log, ...(onLost ? { onLost } : {}) });
  running.push(server);
  return server;
}

async function stop(server: EmbeddedServer): Promise<void> {
  running.splice(running.indexOf(server), 1);
  await server.stop();
}

async function query(connection: Connection, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(clientOptions(connection, "test"));
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe("the embedded server", () => {
  it("keeps its rows over a restart, asks for its password, and listens here alone", async () => {
    const dataDir = await folder(0o755);
    const first = await start(dataDir);
    await query(first.connection, "create table kept (value text)");
    await query(first.connection, "insert into kept values ('still here')");
    expect(await query(first.connection, "show listen_addresses")).toEqual([
      { listen_addresses: "127.0.0.1" },
    ]);
    await expect(query({ ...first.connection, password: "wrong" }, "select 1")).rejects.toMatchObject({
      code: "28P01",
    });
    expect((await stat(join(dataDir, "postgres.json"))).mode & 0o077).toBe(0);
    await stop(first);
    await expect(query(first.connection, "select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const second = await start(dataDir);
    expect(await query(second.connection, "select value from kept")).toEqual([{ value: "still here" }]);
  });

  it("says who holds the directory when it is started twice", async () => {
    const dataDir = await folder(0o755);
    await start(dataDir);
    await expect(start(dataDir)).rejects.toThrow(
      new RegExp(`${dataDir} is in use by process ${process.pid} `),
    );
  });

  it("works in a private folder too, which PostgreSQL's account cannot enter when this is root", async () => {
    const dataDir = await folder(0o700);
    const server = await start(dataDir);
    expect(await query(server.connection, "select 1 as one")).toEqual([{ one: 1 }]);
    const state = JSON.parse(await readFile(join(dataDir, "postgres.json"), "utf8")) as { location: string };
    expect(state.location).toBe(server.location);
    if (process.getuid?.() === 0) expect(server.location.startsWith(dataDir)).toBe(false);
    else expect(server.location.startsWith(dataDir)).toBe(true);
  });

  it("is recovered when its owner was killed", async () => {
    const dataDir = await folder(0o755);
    const owner = fork(OWNER, [dataDir], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const connection = await new Promise<Connection>((resolve, reject) => {
      owner.once("message", (message) => {
        resolve(message as Connection);
      });
      owner.once("exit", () => {
        reject(new Error("the owner did not start"));
      });
    });
    await query(connection, "create table kept as select 'committed' as value");
    owner.removeAllListeners("exit");
    owner.kill("SIGKILL");
    await new Promise((resolve) => owner.once("exit", resolve));
    const server = await start(dataDir);
    expect(await query(server.connection, "select value from kept")).toEqual([{ value: "committed" }]);
  });

  it("is started again when it ends by itself, on the same port", async () => {
    const dataDir = await folder(0o755);
    const lost: Error[] = [];
    const server = await start(dataDir, (error) => lost.push(error));
    const pid = Number(
      (await readFile(join(server.location, "cluster", "postmaster.pid"), "utf8")).split("\n")[0],
    );
    process.kill(pid, "SIGKILL");
    const deadline = Date.now() + 20_000;
    let rows: unknown;
    while (rows === undefined && Date.now() < deadline) {
      rows = await query(server.connection, "select pg_postmaster_start_time() is not null as up").catch(
        () => undefined,
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(rows).toEqual([{ up: true }]);
    expect(lost).toEqual([]);
  });
});
