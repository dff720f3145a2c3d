/** `/api/metrics/` (chapter 06, section 6.4): a report about what was ingested in a number of days. */
import type { FastifyInstance } from "fastify";
import { ANY_COMMIT } from "../../cache/tags.ts";
import { sendJsonText } from "../../http/answers.ts";
import { untilMidnight } from "../../http/cache_policy.ts";
import { ApiError } from "../../http/errors.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { statementsOf } from "../../http/overload.ts";
import { ERROR_ANSWERS } from "../shapes.ts";
import { metricsBody } from "./metrics.ts";
import { Metrics, MetricsQuery } from "./shapes.ts";
import { metricsWindow } from "./window.ts";

const NO_WINDOW = "start_days_ago must be greater than end_days_ago to define a valid interval";

/** Registers the route. */
export function metricsRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Querystring: RawQuery }>(
    "/api/metrics/",
    {
      config: { cost: "expensive", cache: { tags: () => [ANY_COMMIT], until: untilMidnight } },
      schema: {
        operationId: "metrics_retrieve",
        tags: ["metrics"],
        summary: "What was ingested in a number of days, and in as many days before",
        description: "By time of ingestion, in whole days of UTC.",
        querystring: MetricsQuery,
        response: { 200: Metrics, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { start_days_ago: start, end_days_ago: end } = parseParameters(MetricsQuery, request.query);
      if (start <= end) throw new ApiError(400, NO_WINDOW);
      return sendJsonText(reply, await metricsBody(statementsOf(request, pool), metricsWindow(start, end)));
    },
  );
}
