/**
 * pending_test and pending_builds: the rows that cannot be counted because their build or checkout has not arrived
 * (chapter 02, section 19). Nothing polls them: the parent's arrival finds its children by index.
 */
import { ALL_TESTS, lookup, simplifiedStatus } from "./facts.ts";
import { TOUCHED_TESTS_AFTER } from "./touched.ts";

/** Of a test `t` with the columns of `TEST_FACTS`. */
const PENDING_TEST = `t.id as test_id, t.origin, t.platform, t.compatible, t.build_id,
    ${simplifiedStatus("t.status")} as status, t.is_boot, t.path, t.start_time, t.lab, nullif(t.status, '') as full_status`;
const PENDING_TEST_COLUMNS =
  "test_id, origin, platform, compatible, build_id, status, is_boot, path, start_time, lab, full_status";
const PENDING_BUILD = `b.id as build_id, b.origin, b.checkout_id, ${simplifiedStatus("b.status")} as status`;
const PENDING_BUILD_COLUMNS = "build_id, origin, checkout_id, status";

export const PENDING_TABLES: Record<string, string> = {
  // builds that new tests name and that were not ready before the writers' lock
  awaited_builds: "build_id text",
};

/**
 * Puts new tests into the queue whose build is not ready; to run before the writers' lock. Nearly all of them still wait
 * under it, so that no other writer has to wait for this.
 */
export const QUEUE_NEW_TESTS = `
  insert into awaited_builds (build_id)
  select x.build_id
  from (select distinct build_id from new_tests) x
  left join lateral (
    -- indexes builds_pkey, checkouts_pkey
    select true as is_ready
    from (select b.checkout_id from builds b where b.id = x.build_id offset 0) b
    ${lookup("checkouts", "c", "c.id = b.checkout_id")}
  ) parents on true
  where parents.is_ready is null;

  insert into pending_test (${PENDING_TEST_COLUMNS})
  select ${PENDING_TEST}
  from new_tests t
  where t.build_id in (select build_id from awaited_builds)
  on conflict (test_id) do nothing`;

/**
 * What was touched and is counted now leaves the queue, what is not is put there with the values of its merged row. New
 * tests are there already if they have to be, but for those whose build became ready, or was deleted, before the lock.
 */
export const CHANGE_PENDING = `
  -- index pending_test_pkey
  delete from pending_test where test_id = any (array(
    select id from touched_tests
    union all
    select id from new_tests
    where build_id in (
      select build_id from awaited_builds intersect select build_id from moved_builds where sign > 0
    )
  ));

  insert into pending_test (${PENDING_TEST_COLUMNS})
  select ${PENDING_TEST}
  from (
    -- found from the few builds, which are none nearly always
    select t.* from new_tests t
    where t.build_id in (
      (select build_id from touched_pairs union select id from touched_builds)
      except
      (select build_id from moved_builds where sign > 0 union all select build_id from awaited_builds)
    )
    union all
    select t.* from ${TOUCHED_TESTS_AFTER}
    where t.build_id not in (select build_id from moved_builds where sign > 0)
  ) t
  on conflict (test_id) do nothing;

  -- index pending_builds_pkey
  delete from pending_builds where build_id = any (array(select id from touched_builds where not is_new));

  insert into pending_builds (${PENDING_BUILD_COLUMNS})
  select ${PENDING_BUILD}
  from touched_builds x
  ${lookup("builds", "b", "b.id = x.id")}
  left join lateral (select true as is_stored from checkouts c where c.id = b.checkout_id offset 0) c on true
  where c.is_stored is null
  on conflict (build_id) do nothing`;

/** Makes the queues anew from queries of the shape of `EXPECTED_PENDING_TEST` and `EXPECTED_PENDING_BUILDS`. */
export function refillQueues(tests: string, builds: string): string {
  return `
  -- not truncated: writers put tests into the queue before they have the lock, and readers look at it
  delete from pending_test;
  delete from pending_builds;
  insert into pending_test (${PENDING_TEST_COLUMNS}) ${tests};
  insert into pending_builds (${PENDING_BUILD_COLUMNS}) ${builds}`;
}

/** All tests that wait. */
export const EXPECTED_PENDING_TEST = `
  select ${PENDING_TEST}
  from ${ALL_TESTS}
  left join builds b on b.id = t.build_id
  where not exists (select from checkouts c where c.id = b.checkout_id)`;

/** All builds that wait. */
export const EXPECTED_PENDING_BUILDS = `
  select ${PENDING_BUILD}
  from builds b
  where not exists (select from checkouts c where c.id = b.checkout_id)`;

/** The session's table of builds that tests name and that are not ready, see `FIND_WAITING_PARENTS`. */
export const WAITING_PARENTS_TABLE = "create temp table waiting_parents (build_id text)";

/**
 * Fills `waiting_parents`, once a session. The builds are found by going from one to the next in the index of the tests, so that
 * neither the tests are read nor anything of their size is sorted or hashed.
 */
export const FIND_WAITING_PARENTS = `
  insert into waiting_parents
  with recursive parents as (
    -- index tests_build_id_551a24f9
    (select build_id from tests order by build_id limit 1)
    union all
    select (select t.build_id from tests t where t.build_id > p.build_id order by t.build_id limit 1)
    from parents p where p.build_id is not null
  )
  select p.build_id from parents p
  where p.build_id is not null and not exists (
    select from builds b join checkouts c on c.id = b.checkout_id where b.id = p.build_id);
  analyze waiting_parents`;

/** All tests that wait, as `EXPECTED_PENDING_TEST`, by the parents that `FIND_WAITING_PARENTS` found. */
export const WAITING_TESTS_BY_PARENT = `${EXPECTED_PENDING_TEST} and t.build_id in (select build_id from waiting_parents)`;
