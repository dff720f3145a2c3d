/** The tables from which the conformance answers were recorded. */
import { createReadStream, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, gunzipSync } from "node:zlib";
import { from as copyFrom } from "pg-copy-streams";
import type { OwnPool } from "../../src/database/pool.ts";
import { SHARED } from "./shared.ts";

/** Fills all tables, the derived ones as well. */
export async function loadConformanceTables(pool: OwnPool): Promise<void> {
  const folder = join(SHARED, "conformance", "db");
  for (const file of await readdir(folder)) {
    const path = join(folder, file);
    const columns = gunzipSync(readFileSync(path)).toString().split("\n")[0] ?? "";
    const client = await pool.connect();
    try {
      const copy = client.query(
        copyFrom(`copy ${file.replace(".csv.gz", "")} (${columns}) from stdin (format csv, header)`),
      );
      await pipeline(createReadStream(path), createGunzip(), copy);
    } finally {
      client.release();
    }
  }
}
