/** `/healthz`: this process answers. `/readyz`: it can serve, that is, the database answers and is migrated. */
import type { FastifyInstance } from "fastify";
import { isMigrated } from "../../database/migrate.ts";
import { errorMessage } from "../../database/errors.ts";
import { sendJson } from "../../http/answers.ts";
import type { RouteContext } from "../../http/server.ts";

export function healthRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  const hidden = { config: { cost: "free" }, schema: { hide: true } } as const;
  // Migrations are never undone, so this is asked until it is true.
  let migrated = false;

  app.get("/healthz", hidden, (_request, reply) => sendJson(reply, { status: "ok" }));

  app.get("/readyz", hidden, async (request, reply) => {
    try {
      await pool.query({ name: "ready", text: "select 1" });
      migrated ||= await isMigrated(pool);
    } catch (error) {
      request.log.warn({ error: errorMessage(error) }, "not ready");
      return sendJson(reply.code(503), { status: "unavailable", reason: "the database does not answer" });
    }
    if (!migrated)
      return sendJson(reply.code(503), { status: "unavailable", reason: "the database is not migrated" });
    return sendJson(reply, { status: "ready" });
  });
}
