/** Rows that are submitted again while they are pruned: each is accounted for, and stored, whoever comes first. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ingest } from "../../src/ingest/ingest.ts";
import { LOCK_WRITERS } from "../../src/rollups/rollups.ts";
import { prune } from "../../src/upkeep/prune.ts";
import { PRUNED_TABLES } from "../../src/upkeep/prune_plan.ts";
import { testDatabase } from "../support/database.ts";
import { derivedDifferences } from "../support/derived.ts";
import { spoolOf } from "../support/faults.ts";
import { ingestFiles, ingestOnce, submission } from "../support/spool.ts";

const FILE = submission({
  checkouts: [{ id: "o:c", origin: "o", git_commit_hash: "a".repeat(40), tree_name: "mainline" }],
  builds: [{ id: "o:b", origin: "o", checkout_id: "o:c", status: "PASS" }],
  tests: [1, 2].map((n) => ({ id: `o:t${n}`, origin: "o", build_id: "o:b", status: "PASS", path: "boot" })),
});

it("an ingestion that found rows stored notices that a prune was quicker", async () => {
  const { connection, pool, rows } = await testDatabase();
  const first = await ingestFiles(connection, { "first.json": FILE });
  expect(first).toMatchObject({ archive: ["first.json"], reports: {} });
  for (const table of PRUNED_TABLES)
    await pool.query(`update ${table} set _timestamp = now() - interval '90 days'`);
  const again = await spoolOf({ "again.json": JSON.stringify(FILE) });
  const waitFor = async (count: number): Promise<void> => {
    const waiting = `select from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`;
    while ((await rows(waiting)).length < count) await sleep(10);
  };

  // Both come to the writers' lock, the prune first; so the ingestion has looked at the rows before they go.
  const holder = await pool.connect();
  await holder.query(`begin; ${LOCK_WRITERS}`);
  const pruned = prune({
    connection,
    choice: {
      cutoff: new Date(Date.now() - 86_400_000).toISOString(),
      tables: PRUNED_TABLES,
      isProtected: true,
    },
    batchSize: 10,
    cascadeAggregates: false,
    confirm: () => Promise.resolve(true),
    onBatch: () => undefined,
  });
  await waitFor(1);
  const ingested = ingest(ingestOnce(connection, again));
  await waitFor(2);
  await holder.query("commit");
  holder.release();
  const [{ deleted }] = await Promise.all([pruned, ingested]);

  expect(deleted?.tests).toBe(2);
  const ids = await rows(
    "select id from checkouts union select id from builds union select id from tests order by 1",
  );
  expect(ids.map(({ id }) => id)).toEqual(["o:b", "o:c", "o:t1", "o:t2"]);
  const [account] = await rows(
    "select stored, stored + merged as taken, refused from submissions where id = 'again'",
  );
  const gone = (deleted?.checkouts ?? 0) + (deleted?.builds ?? 0) + (deleted?.tests ?? 0);
  expect(account).toEqual({ stored: gone, taken: 4, refused: 0 });
  expect(await derivedDifferences(pool)).toEqual([]);
});
