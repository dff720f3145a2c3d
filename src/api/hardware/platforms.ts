/** What the lists of platforms have in common. */
import { jsonTextMember } from "../../database/json.ts";
import { raw } from "../../database/sql.ts";

/** Platform of the test `t`, or NULL when it has none. */
export const PLATFORM = raw(jsonTextMember("t.environment_misc", "platform"));

/**
 * The compatibles of each platform: a query with columns `platform` and `hardware`, a JSON list without duplicates or
 * NULL elements. Platforms that have no list are left out.
 *
 * It reads `lists`, a common table expression with columns `platform`, `compatibles` and `place`, the order in which
 * the lists of a platform are joined.
 */
export const UNITED_COMPATIBLES = raw(`
  select platform, coalesce(json_agg(name order by place) filter (where name is not null), '[]'::json) as hardware
  from (
    select platform, name, min(place) as place
    from (
      select l.platform, n.name, row_number() over (partition by l.platform order by l.place, n.position) as place
      from lists l
      left join lateral unnest(l.compatibles) with ordinality as n(name, position) on true
      where l.compatibles is not null
    ) places
    group by platform, name
  ) names
  group by platform`);
