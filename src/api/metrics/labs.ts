/** Tests ingested in a window and in the one before, by the lab that ran them. */
import { sql, type Statement } from "../../database/sql.ts";
import type { Window } from "./window.ts";

/** The statement that gives the numbers of tests, and of each lab, as members of one JSON object. */
export function labs({ previousStart, start, end }: Window): Statement {
  // Index tests__timestamp. Grouped by build first, so that distinct builds are counted without sorting all tests.
  return sql`
    with by_build as (
      select _timestamp >= ${start} as is_current, misc ->> 'runtime' as lab, count(*) as total,
        count(*) filter (where path = 'boot' or starts_with(path, 'boot.')) as boots
      from tests
      where _timestamp >= ${previousStart} and _timestamp < ${end}
      group by is_current, lab, build_id
    ), by_lab as (
      select is_current, lab, sum(total) as total, sum(boots) as boots, count(*) as builds
      from by_build
      group by is_current, lab
    ), objects as (
      select is_current, lab, total,
        json_build_object('builds', builds, 'boots', boots, 'tests', total - boots) as counts
      from by_lab
    )
    select json_build_object(
        'n_tests', coalesce(sum(total) filter (where is_current), 0),
        'lab_maps', coalesce(json_object_agg(lab, counts order by lab collate "C")
          filter (where is_current and lab is not null), '{}'),
        'prev_n_tests', coalesce(sum(total) filter (where not is_current), 0),
        'prev_lab_maps', coalesce(json_object_agg(lab, counts order by lab collate "C")
          filter (where not is_current and lab is not null), '{}')
      )::text as body
    from objects`;
}
