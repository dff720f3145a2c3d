/** hardware_status: nine counters per test origin, platform and checkout (chapter 02, section 19). */
import { CHECKOUT_TIME, COUNTERS, COUNTER_SUMS, hardwareBuilds, countedTests, ALL_TESTS } from "./facts.ts";

const KEY = "test_origin, platform, checkout_id";

/**
 * Signed facts of builds and tests, summed into the nine counters of each row. `compatibles_test_id` is the smallest
 * id among the tests that have a compatible list.
 */
function countersByHardware(hardwareBuildMoves: string, testMoves: string): string {
  return `
    select ${KEY}, min(checkout_time) as checkout_time,
      min(test_id collate "C") filter (where sign > 0 and has_compatibles) as compatibles_test_id,
      ${COUNTER_SUMS}
    from (
      select 'build' as what, sign, status, ${KEY}, checkout_time, null as test_id, false as has_compatibles
      from ${hardwareBuildMoves} builds
      union all
      select case when is_boot then 'boot' else 'test' end, sign, status, test_origin, test_platform, checkout_id,
        checkout_time, test_id, compatibles is not null
      from ${testMoves} tests
      where test_platform is not null
    ) moves
    where checkout_time is not null
    group by ${KEY}`;
}

/**
 * A test never leaves its row: its origin, its build, the build's checkout and its platform are fixed once they are
 * known. So rows only gain tests, and none has to be deleted.
 */
export const CHANGE_HARDWARE_STATUS = `
  insert into hardware_status (${KEY}, compatibles, compatibles_test_id, start_time, ${COUNTERS.join(", ")})
  select ${KEY.split(", ")
    .map((name) => `moves.${name}`)
    .join(", ")}, tests.compatibles, moves.compatibles_test_id, moves.checkout_time,
    ${COUNTERS.map((name) => `moves.${name}`).join(", ")}
  from (${countersByHardware("hardware_build_moves", "test_moves")}) moves
  left join test_moves tests on tests.sign > 0 and tests.test_id = moves.compatibles_test_id
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
        then excluded.compatibles_test_id else hardware_status.compatibles_test_id end;

  -- index hw_status_checkout_id
  update hardware_status h set start_time = ${CHECKOUT_TIME}
  from before_checkouts before
  join checkouts c on c.id = before.id
  where ${CHECKOUT_TIME} is distinct from before.checkout_time and h.checkout_id = c.id`;

/** The whole rows of the checkouts in `scope`, a query that gives ids. */
export function expectedHardwareStatus(scope: string): string {
  const builds = `(select 1 as sign, facts.* from (${hardwareBuilds("builds b", "all")} and c.id in (${scope})) facts)`;
  const tests = `(select 1 as sign, facts.* from (${countedTests(ALL_TESTS, "all")} where c.id in (${scope})) facts)`;
  return `
  select counts.checkout_id, counts.test_origin, counts.platform, t.environment_compatible as compatibles,
    counts.compatibles_test_id, counts.checkout_time as start_time,
    ${COUNTERS.map((name) => `counts.${name}::integer as ${name}`).join(", ")}
  from (${countersByHardware(builds, tests)}) counts
  left join lateral (select * from tests where id = counts.compatibles_test_id collate "default" offset 0) t
    on true`;
}
