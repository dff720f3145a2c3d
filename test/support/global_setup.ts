/**
 * One PostgreSQL for the whole test run: the embedded one, in a folder of its own that is removed at the end. It holds
 * a migrated database that test files copy, see `database.ts`.
 */
import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { pino } from "pino";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/database/migrate.ts";
import { startEmbeddedServer } from "../../src/database/embedded.ts";
import { removeStaged } from "../../src/database/embedded_state.ts";
import { clientOptions, type Connection } from "../../src/database/pool.ts";
import { PROJECT } from "./shared.ts";

declare module "vitest" {
  export interface ProvidedContext {
    connection: Connection;
  }
}

export const TEMPLATE = "kernelboard_template";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Ingest threads and commands run from the build.
  const build = spawnSync(process.execPath, ["scripts/build-if-stale.mjs"], {
    cwd: PROJECT,
    stdio: "inherit",
  });
  if (build.status !== 0) throw new Error("the build failed");
  const dataDir = await mkdtemp(join(tmpdir(), "kernelboard-test-"));
  // So that the account that PostgreSQL runs as may enter, where this is root.
  await chmod(dataDir, 0o755);
  const log = pino({ level: "warn" });
  const server = await startEmbeddedServer({ dataDir, log });
  const client = new pg.Client(clientOptions(server.connection, "kernelboard test setup"));
  await client.connect();
  await client.query(`create database ${TEMPLATE}`);
  await client.end();
  await migrate({ ...server.connection, database: TEMPLATE }, pino({ level: "silent" }));
  project.provide("connection", server.connection);
  return async () => {
    await server.stop();
    await removeStaged(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  };
}
