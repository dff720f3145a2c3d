/** Whether a Redis answers. */
import { Redis } from "ioredis";
import type { RedisSettings } from "../settings.ts";

const TIMEOUT_MS = 5000;

/** Asks for a PING. @throws the first error of the connection, which says more than the client's own */
export async function pingRedis(settings: Omit<RedisSettings, "isConfigured">): Promise<string> {
  const { host, port, db, username, password, tls } = settings;
  const client = new Redis({
    host,
    port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let first: Error | undefined;
  client.on("error", (error: Error) => {
    first ??= error;
  });
  try {
    await client.connect();
    // By itself the client would go on in the first database where there is none of this number.
    await client.select(db);
    return await client.ping();
  } catch (error) {
    throw first ?? error;
  } finally {
    client.disconnect();
  }
}
