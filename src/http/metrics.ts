/** `/metrics` on the web server's own port: the metrics of what runs in this process (chapter 00). */
import type { FastifyInstance } from "fastify";

/** Metrics in Prometheus's text format. */
export interface MetricsText {
  contentType: string;
  metrics: () => Promise<string>;
}

export function metricsRoute(app: FastifyInstance, source: MetricsText): void {
  app.get("/metrics", { config: { cost: "free" }, schema: { hide: true } }, async (_request, reply) =>
    reply.header("content-type", source.contentType).send(Buffer.from(await source.metrics())),
  );
}
