/** hardware_status: nine counters per test origin, platform and checkout (chapter 02, section 19). */
import {
  CHECKOUT_TIME,
  COUNTED_TESTS,
  COUNTERS,
  COUNTER_SUMS,
  OWN_TEST_KEY,
  hardwareBuilds,
} from "./facts.ts";
import { TEST_MOVES } from "./touched.ts";

const KEY = "test_origin, platform, checkout_id";

/**
 * Signed facts of builds and tests, summed into the nine counters of each row. `compatibles_test_id` is the smallest
 * id among the tests that have a compatible list.
 *
 * @param testMoves gives sign, status, the key's columns with `test_platform`, checkout_time, is_boot, and the test_id of
 *   a test with a list
 */
function countersByHardware(hardwareBuildMoves: string, testMoves: string): string {
  return `
    select ${KEY}, min(checkout_time) as checkout_time,
      min(test_id collate "C") filter (where sign > 0) as compatibles_test_id,
      ${COUNTER_SUMS}
    from (
      select 'build' as what, sign * builds as sign, status, ${KEY}, checkout_time, null as test_id
      from ${hardwareBuildMoves} builds
      union all
      select case when is_boot then 'boot' else 'test' end, sign, status, test_origin, test_platform, checkout_id,
        checkout_time, test_id
      from ${testMoves} tests
      where test_platform is not null
    ) moves
    where checkout_time is not null
    group by ${KEY}`;
}

/** The batch's tests, those that count alike as one with their number in `sign`. */
const COUNTED_TEST_MOVES = `(
      select t.sign * count(*)::integer as sign, t.status, t.test_origin, t.test_platform, b.checkout_id,
        b.checkout_time, t.is_boot, min(t.test_id collate "C") filter (where t.has_compatibles) as test_id
      from (select t.sign, t.id as test_id, t.build_id, ${OWN_TEST_KEY} from ${TEST_MOVES}) t
      join moved_builds b on b.build_id = t.build_id and b.sign = t.sign
      where t.test_platform is not null
      group by t.sign, t.status, t.test_origin, t.test_platform, b.checkout_id, b.checkout_time, t.is_boot
    )`;

/**
 * A test never leaves its row: its origin, its build, the build's checkout and its platform are fixed once they are
 * known. So rows only gain tests, and none has to be deleted.
 */
export const CHANGE_HARDWARE_STATUS = `
  with written as (
  insert into hardware_status (${KEY}, compatibles, compatibles_test_id, start_time, ${COUNTERS.join(", ")})
  select ${KEY.split(", ")
    .map((name) => `moves.${name}`)
    .join(", ")}, t.environment_compatible, moves.compatibles_test_id, moves.checkout_time,
    ${COUNTERS.map((name) => `moves.${name}`).join(", ")}
  from (${countersByHardware("hardware_build_moves", COUNTED_TEST_MOVES)}) moves
  left join lateral (
    -- index tests_pkey, which is in the default collation
    select environment_compatible from tests where id = moves.compatibles_test_id collate "default" offset 0
  ) t on true
  on conflict (test_origin, platform, checkout_id) do update
    set ${COUNTERS.map((name) => `${name} = hardware_status.${name} + excluded.${name}`).join(", ")},
      -- an adopted row with a list but without its test keeps its list
      compatibles = case
        when hardware_status.compatibles is null
          or hardware_status.compatibles_test_id collate "C" > excluded.compatibles_test_id collate "C"
        then excluded.compatibles else hardware_status.compatibles end,
      compatibles_test_id = case
        when hardware_status.compatibles is null
          or hardware_status.compatibles_test_id collate "C" > excluded.compatibles_test_id collate "C"
        then excluded.compatibles_test_id else hardware_status.compatibles_test_id end
  returning 1
  )
  insert into records_written select 'hardware_status', count(*) from written;

  -- index hw_status_checkout_id
  update hardware_status h set start_time = ${CHECKOUT_TIME}
  from before_checkouts before
  join checkouts c on c.id = before.id
  where ${CHECKOUT_TIME} is distinct from before.checkout_time and h.checkout_id = c.id`;

/** The whole rows of the checkouts in `scope`, a query that gives ids. */
export function expectedHardwareStatus(scope: string): string {
  const builds = `(select 1 as sign, facts.* from (${hardwareBuilds("builds b", "all", `c.id in (${scope})`)}) facts)`;
  const tests = `(
      select 1 as sign, status, test_origin, test_platform, checkout_id, checkout_time, is_boot,
        case when has_compatibles then test_id end as test_id
      from (${COUNTED_TESTS} where c.id in (${scope})) facts
    )`;
  return `
  select counts.checkout_id, counts.test_origin, counts.platform, t.environment_compatible as compatibles,
    counts.compatibles_test_id, counts.checkout_time as start_time,
    ${COUNTERS.map((name) => `counts.${name}::integer as ${name}`).join(", ")}
  from (${countersByHardware(builds, tests)}) counts
  left join lateral (select * from tests where id = counts.compatibles_test_id collate "default" offset 0) t
    on true`;
}
