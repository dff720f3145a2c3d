/** `/api/origins/` (chapter 06, section 6.3). */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ANY_COMMIT } from "../../cache/tags.ts";
import { sql, type Statement } from "../../database/sql.ts";
import { sendJsonText } from "../../http/answers.ts";
import { untilMidnight } from "../../http/cache_policy.ts";
import { ApiError } from "../../http/errors.ts";
import { integerParameter, parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { midnightDaysAgo } from "../calendar.ts";
import { queryBody } from "../query.ts";
import { ERROR_ANSWERS } from "../shapes.ts";

const NO_ORIGINS = "No origins found";
/** Offered as origins of tests whether or not they sent any. */
const KNOWN_TEST_ORIGINS = [
  "0dayci",
  "arm",
  "broonie",
  "linaro",
  "maestro",
  "microsoft",
  "redhat",
  "riscv",
  "syzbot",
  "ti",
];
const Origins = Type.Object({
  checkout_origins: Type.Array(Type.String(), { description: "origins with a checkout in the interval" }),
  test_origins: Type.Array(Type.String()),
});

/**
 * An origin has a checkout in the interval exactly when the newest checkout of one of its trees is in it. The origins
 * of tests are found by jumping from one to the next in index tests_origin.
 */
function origins(since: string): Statement {
  return sql`
    with recursive senders as (
      (select origin from tests order by origin limit 1)
      union all
      select (select t.origin from tests t where t.origin > senders.origin order by t.origin limit 1)
      from senders
      where senders.origin is not null
    ), checkout_origins as (
      select distinct origin from latest_checkout
      where origin <> ''
        and start_time >= ${since}
    )
    select json_build_object(
      'checkout_origins', json_agg(origin order by origin collate "C"),
      'test_origins', (
        select json_agg(origin order by origin collate "C")
        from (
          select origin from senders where origin <> ''
          union
          select unnest(${KNOWN_TEST_ORIGINS}::text[])
        ) test_origins
      )
    )::text as body
    from checkout_origins
    having count(*) > 0`;
}

export function originRoutes(app: FastifyInstance, { pool, settings }: RouteContext): void {
  const query = Type.Object({
    interval_in_days: integerParameter({
      default: settings.originListingIntervalDays,
      minimum: 1,
      description: "days to look back, from midnight UTC",
    }),
  });
  app.get<{ Querystring: RawQuery }>(
    "/api/origins/",
    {
      config: { cache: { tags: () => [ANY_COMMIT], until: untilMidnight } },
      schema: {
        operationId: "origins_retrieve",
        tags: ["origins"],
        summary: "CI systems that submitted checkouts lately, and those that submit tests",
        querystring: query,
        response: { 200: Origins, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { interval_in_days: days } = parseParameters(query, request.query);
      const body = await queryBody(pool, "origins", origins(midnightDaysAgo(days, "interval_in_days")));
      if (body === undefined) throw new ApiError(400, NO_ORIGINS);
      return sendJsonText(reply, body);
    },
  );
}
