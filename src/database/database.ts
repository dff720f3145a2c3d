/** Opens the database that the settings ask for: an external server, or the embedded one of this process. */
import { resolve } from "node:path";
import type { Log } from "../log.ts";
import type { DatabaseSettings } from "../settings.ts";
import { startEmbeddedServer } from "./embedded.ts";
import { createPool, externalConnection, type Connection, type OwnPool, type PoolLimits } from "./pool.ts";

export interface Database {
  pool: OwnPool;
  connection: Connection;
  /** Where it is, for people; without the password. */
  description: string;
  /** Ends the pool, and the embedded server when it was started here. */
  close(): Promise<void>;
}

/**
 * Connects lazily to an external server, or starts the embedded one and waits until it answers.
 *
 * @param onLost called when the embedded server cannot be kept running
 * @param limits those of the pool; the pool's own for a command that answers no requests
 * @throws EmbeddedServerError when the data directory is in use or the server does not start
 */
export async function openDatabase(
  settings: DatabaseSettings,
  log: Log,
  onLost: (error: Error) => void = () => undefined,
  limits?: PoolLimits,
): Promise<Database> {
  if (settings.kind === "external") {
    const connection = await externalConnection(settings);
    const pool = createPool(connection, log, limits?.poolSize, limits?.statementTimeoutMs);
    return {
      pool,
      connection,
      description: `PostgreSQL ${settings.name} at ${settings.host}:${settings.port}`,
      close: () => pool.end(),
    };
  }
  const server = await startEmbeddedServer({ dataDir: resolve(settings.dataDir), log, onLost });
  const pool = createPool(server.connection, log, limits?.poolSize, limits?.statementTimeoutMs);
  return {
    pool,
    connection: server.connection,
    description: `embedded PostgreSQL in ${server.location} at ${server.connection.host}:${server.connection.port}`,
    close: async () => {
      await pool.end();
      await server.stop();
    },
  };
}

/** Connects to the embedded server of another process, which starts and stops it. */
export function joinDatabase(connection: Connection, log: Log, limits: PoolLimits): Database {
  const pool = createPool(connection, log, limits.poolSize, limits.statementTimeoutMs);
  return {
    pool,
    connection,
    description: `embedded PostgreSQL at ${connection.host}:${connection.port}`,
    close: () => pool.end(),
  };
}
