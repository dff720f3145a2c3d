/** Whether a Redis answers. */
import { createClient } from "@redis/client";
import type { RedisSettings } from "../settings.ts";

const TIMEOUT_MS = 5000;

/** Asks for a PING. @throws the first error of the connection */
export async function pingRedis(settings: Omit<RedisSettings, "isConfigured">): Promise<string> {
  const { host, port, db, username, password, tls } = settings;
  const client = createClient({
    socket: {
      host,
      port,
      connectTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      ...(tls ? { tls: true as const } : {}),
      reconnectStrategy: false,
    },
    database: db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  });
  let first: unknown;
  client.on("error", (error: unknown) => {
    first ??= error;
  });
  try {
    await client.connect();
    return await client.ping();
  } catch (error) {
    throw first ?? error;
  } finally {
    client.destroy();
  }
}
