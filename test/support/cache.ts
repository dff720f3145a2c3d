/** A small world for tests of the cache, and servers that have one. */
import type { OwnPool } from "../../src/database/pool.ts";
import { testServer, type TestServer } from "./server.ts";
import { ingestFiles, submission } from "./spool.ts";
import type { TestDatabase } from "./database.ts";

export const HASH = "a".repeat(40);
const START = new Date(Date.now() - 3600_000).toISOString();

/** A checkout, a build and a test of a tree, its tests on a board of the same name. */
export function world(name: string): Record<string, object[]> {
  const checkout = {
    id: `o:${name}`,
    origin: "o",
    tree_name: name,
    git_repository_url: `https://git.example.org/${name}.git`,
    git_repository_branch: "master",
    git_commit_hash: HASH,
    start_time: START,
  };
  return {
    checkouts: [checkout],
    builds: [
      { id: `o:${name}b`, checkout_id: checkout.id, origin: "o", architecture: "arm64", status: "FAIL" },
    ],
    tests: [test(name, 0)],
  };
}

/** A test of a tree's build. */
export function test(name: string, number: number): object {
  return {
    id: `o:${name}t${number}`,
    build_id: `o:${name}b`,
    origin: "o",
    path: "ltp.x",
    status: "PASS",
    start_time: START,
    environment: { misc: { platform: name }, compatible: [`vendor,${name}`] },
  };
}

export const issue = (name: string, comment?: string): object => ({
  id: `o:${name}`,
  version: 1,
  origin: "o",
  ...(comment === undefined ? {} : { comment }),
});

/** Takes one batch in. */
export async function commit(database: TestDatabase, sections: Record<string, object[]>): Promise<void> {
  const { reports } = await ingestFiles(database.connection, { "a.json": submission(sections) });
  if (Object.keys(reports).length > 0) throw new Error(`refused: ${JSON.stringify(reports)}`);
}

/** A server with its cache on. */
export function cachingServer(pool: OwnPool, environment: Record<string, string> = {}): Promise<TestServer> {
  return testServer(pool, { CACHE_TIMEOUT: "180", ...environment });
}

/** A pool whose statements of a name are answered, and then held back until they are let go. */
export function gatedPool(
  pool: OwnPool,
  name: string,
): { pool: OwnPool; read: () => number; letGo: () => void; hold: () => void } {
  let read = 0;
  let gate: Promise<void>;
  let letGo = (): void => undefined;
  const hold = (): void => {
    gate = new Promise((resolve) => {
      letGo = resolve;
    });
  };
  hold();
  const query = async (statement: { name?: string }): Promise<unknown> => {
    const result: unknown = await pool.query(statement as { name: string; text: string });
    if (statement.name === name) {
      read++;
      await gate;
    }
    return result;
  };
  return {
    pool: Object.assign(Object.create(pool) as OwnPool, { query }),
    read: () => read,
    letGo: () => {
      letGo();
    },
    hold,
  };
}
