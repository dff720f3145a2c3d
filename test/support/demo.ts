/** A database with the demonstration data. */
import { ingest } from "../../src/ingest/ingest.ts";
import { storeDemoRegistry } from "../../src/demo/registry.ts";
import { writeDemoSpool } from "../../src/demo/spool.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { ingestOnce, temporaryDirectory } from "./spool.ts";

/** As `kernelboard demo` fills it now. Takes seconds. */
export async function demoDatabase(): Promise<TestDatabase> {
  const database = await testDatabase();
  const spoolDir = await temporaryDirectory();
  await writeDemoSpool(spoolDir, { now: new Date() });
  await ingest(ingestOnce(database.connection, spoolDir));
  const client = await database.pool.connect();
  try {
    await storeDemoRegistry(client);
  } finally {
    client.release();
  }
  return database;
}
