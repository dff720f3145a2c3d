/** Whether the Redis that the settings ask for answers. */
import { errorMessage } from "../database/errors.ts";
import type { RedisSettings } from "../settings.ts";
import { warning, type Finding } from "./finding.ts";
import { pingRedis } from "./redis.ts";

export async function redisChecks(redis: RedisSettings): Promise<Finding[]> {
  if (!redis.isConfigured) return [];
  try {
    await pingRedis(redis);
    return [];
  } catch (error) {
    // The server does without one (chapter 08, D1), so this is no error.
    return [
      warning(
        "kernelboard.W030",
        `Redis at ${redis.host}:${redis.port}/${redis.db} does not answer: ${errorMessage(error)}.`,
        "Start it, or correct REDIS_URL or the REDIS_* variables; without any of them no Redis is used.",
      ),
    ];
  }
}
