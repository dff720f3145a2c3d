/**
 * What a batch changed, for browsers and caches: one row of the bounded log `changes` in the batch's own transaction,
 * and a `NOTIFY` with its id that goes out with the commit. The id is given under the writers' lock, so ids are in the
 * order of commits, and who has seen one has seen all before it.
 *
 * A row changes when it is new, or when the merge fills something of it; being delivered again is no change. Then
 *
 * - a tree (with its commit) changes with its checkouts, with their builds and tests, and with the incidents that name
 *   these; a checkout that leaves its tree or commit because a missing field is filled changes both;
 * - a piece of hardware changes with its tests, whether they are counted yet or wait for a parent, with the builds and
 *   checkouts of its tests, and with the incidents that name these or the builds;
 * - an issue changes with itself, with its incidents, and with the builds and tests that they name; also where one of
 *   these comes after the incident.
 *
 * Everything is looked up by index from what is staged, new or touched, see `lookup`. A list that would be long is written as
 * `{"all": true}` instead, which readers take as "everything of this kind".
 *
 * A row is written for every batch, also for one that changes none of these: caches of answers have to know of each
 * commit. For them the row also says of which kinds there were new, changed and repeated rows; which trees have a new
 * checkout, that may be their head; and which trees and issues only had rows delivered again (for incidents: their issues),
 * which moves times that answers show and sort by.
 */
import { TEST_FACTS, lookup } from "./facts.ts";
import { TOUCHED_TESTS_AFTER } from "./touched.ts";

/** The channel of the notifications; their payload is the id of the row. */
export const CHANGES_CHANNEL = "kernelboard_changes";

/** How many ids the log reaches back. */
export const KEPT_CHANGES = 10_000;

const MOST_TREES = 500;
const MOST_HARDWARE = 2000;
const MOST_ISSUES = 2000;
/** Of one list as JSON: long names must not make a notice of megabytes. */
const MOST_BYTES = 250_000;
/** Of the incidents of new and changed issues: one may have been seen everywhere, for years. */
const MOST_INCIDENTS = 2000;
/** More than one is only ever left over when transactions were rolled back, which leaves gaps between ids. */
const MOST_PRUNED = 1000;

const TREE = "origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash";

/** Temporary tables of a writer's session, by name, with their columns. */
export const CHANGES_TABLES: Record<string, string> = {
  // known rows of which the merge fills something; the version is that of issues
  changed_rows: "kind text, id text, version integer",
  changed_trees:
    "origin text, tree_name text, git_repository_url text, git_repository_branch text, git_commit_hash text",
  // of_issue: only looked up because its issue is new or changed
  concerned_incidents: "issue_id text, issue_version integer, build_id text, test_id text, of_issue boolean",
  // brought: it is new, or its checkout is; itself: it is so or is changed; else an incident names it
  concerned_builds: "id text, brought boolean, itself boolean",
  // hardware of the new tests, and of those that waited for what is brought
  new_hardware: "origin text, platform text, compatible text[]",
  // other tests; itself: it is changed, or its build is so itself
  concerned_tests: "id text, build_id text, origin text, platform text, compatible text[], itself boolean",
};

/** What hardware the new tests ran on; to run before the writers' lock. */
export const FIND_NEW_HARDWARE = `
  insert into new_hardware (origin, platform, compatible)
  select distinct origin, platform, compatible from new_tests where platform is not null or cardinality(compatible) > 0`;

/** The trees of changed checkouts as they are before the merge; to run after `changed_rows` is filled. */
export const KEEP_TREES_BEFORE = `
  insert into changed_trees (${TREE})
  select c.origin, c.tree_name, c.git_repository_url, c.git_repository_branch, c.git_commit_hash
  from (select id from changed_rows where kind = 'checkouts') x
  ${lookup("checkouts", "c", "c.id = x.id")}`;

/** New rows of a kind and changed ones, by id. */
function newOrChanged(kind: string): string {
  return `(select id from new_${kind} union all select id from changed_rows where kind = '${kind}') x`;
}

const FIND_CONCERNED = `
  insert into concerned_incidents (issue_id, issue_version, build_id, test_id, of_issue)
  select i.issue_id, i.issue_version, i.build_id, i.test_id, false
  from ${newOrChanged("incidents")}
  ${lookup("incidents", "i", "i.id = x.id")}
  union all
  (
    select i.issue_id, i.issue_version, i.build_id, i.test_id, true
    from (select id, version from new_issues union all select id, version from changed_rows where kind = 'issues') x
    -- index incidents_of_issue
    ${lookup("incidents", "i", "i.issue_id = x.id and i.issue_version = x.version and i.present is not false")}
    limit ${MOST_INCIDENTS + 1}
  );

  insert into concerned_builds (id, brought, itself)
  select id, bool_or(brought), bool_or(itself)
  from (
    select id, true as brought, true as itself from new_builds
    union all
    select id, false, true from changed_rows where kind = 'builds'
    union all
    -- index builds_checkout_id_e340e47e
    select b.id, true, true
    from new_checkouts x
    ${lookup("builds", "b", "b.checkout_id = x.id")}
    union all
    select build_id, false, false from concerned_incidents where build_id is not null
  ) builds
  group by id;

  -- found already, see FIND_TOUCHED: all tests that waited for a build or checkout that is new
  insert into new_hardware (origin, platform, compatible)
  select distinct origin, platform, compatible
  from ${TOUCHED_TESTS_AFTER}
  where build_id in (select id from concerned_builds where brought);

  insert into concerned_tests (id, build_id, origin, platform, compatible, itself)
  select t.id, t.build_id, t.origin, t.platform, t.compatible, x.itself
  from (
    select id, bool_or(itself) as itself
    from (
      -- index tests_build_id_551a24f9
      select t.id, x.itself
      from (select id, itself from concerned_builds where not brought) x
      ${lookup("tests", "t", "t.build_id = x.id")}
      union all
      select id, true from changed_rows where kind = 'tests'
      union all
      select test_id, false from concerned_incidents where test_id is not null
    ) tests
    group by id
  ) x
  cross join lateral (select ${TEST_FACTS} from tests t where t.id = x.id offset 0) t;

  insert into changed_trees (${TREE})
  select c.origin, c.tree_name, c.git_repository_url, c.git_repository_branch, c.git_commit_hash
  from (
    select id from ${newOrChanged("checkouts")}
    union
    select b.checkout_id
    from (
      select id from concerned_builds
      union select build_id from new_tests
      union select build_id from concerned_tests
    ) y
    ${lookup("builds", "b", "b.id = y.id")}
  ) x
  ${lookup("checkouts", "c", "c.id = x.id")}`;

/** The rows of a query as one JSON list in the order of `order`, or as `{"all": true}` when they are too many. */
function boundedList(query: string, columns: readonly string[], order: string, most: number): string {
  const members = columns.map((name) => `'${name}', ${name}`).join(", ");
  return `
    select case when count > ${most} or octet_length(list::text) > ${MOST_BYTES} then '{"all": true}' else list end as list
    from (
      select count(*) as count, coalesce(jsonb_agg(jsonb_build_object(${members}) order by ${order}), '[]') as list
      from (${query} limit ${most + 1}) items
    ) counted`;
}

const TREES = boundedList(
  `select distinct ${TREE} from changed_trees`,
  TREE.split(", "),
  TREE.split(", ")
    .map((name) => `${name} collate "C"`)
    .join(", "),
  MOST_TREES,
);

const HARDWARE = boundedList(
  `select distinct origin, platform, case when cardinality(compatible) > 0 then compatible end as compatibles
  from (
    select origin, platform, compatible from new_hardware
    union all
    select origin, platform, compatible from concerned_tests
    union all
    select h.test_origin, h.platform, h.compatibles
    from (select id from changed_rows where kind = 'checkouts') x
    -- index hw_status_checkout_id
    ${lookup("hardware_status", "h", "h.checkout_id = x.id")}
  ) tests
  where platform is not null or cardinality(compatible) > 0`,
  ["origin", "platform", "compatibles"],
  `origin collate "C", platform collate "C", compatibles collate "C"`,
  MOST_HARDWARE,
);

const ISSUES = boundedList(
  `select distinct id, version
  from (
    select id, version from new_issues
    union all
    select id, version from changed_rows where kind = 'issues'
    union all
    select issue_id, issue_version from concerned_incidents
    union all
    select issue_id, issue_version
    from test_incidents
    where sign > 0 and (is_new or build_id in (select id from concerned_builds where brought))
    union all
    select i.issue_id, i.issue_version
    from (select id from concerned_tests where itself) x
    -- index incidents_of_test
    ${lookup("incidents", "i", "i.test_id = x.id and i.present is not false")}
    union all
    select i.issue_id, i.issue_version
    from concerned_builds x
    -- index incidents_build_id_dfa49727
    ${lookup("incidents", "i", "i.build_id = x.id and x.itself and i.present is not false")}
  ) issues`,
  ["id", "version"],
  `id collate "C", version`,
  MOST_ISSUES,
);

const KINDS = ["checkouts", "builds", "tests", "issues", "incidents"];

/** The kinds of rows that the batch has, by what became of them. */
const ROW_KINDS = `
  select jsonb_build_object(
    'new', (
      select coalesce(jsonb_agg(kind), '[]') from (
        ${KINDS.map((kind) => `select '${kind}' as kind where exists (select from new_${kind})`).join(" union all ")}
      ) kinds),
    'changed', (select coalesce(jsonb_agg(distinct kind), '[]') from changed_rows),
    'repeated', (select coalesce(jsonb_agg(distinct kind), '[]') from known_counts)) as kinds`;

/** The trees of checkouts, a query that gives ids. */
function treesOfCheckouts(checkouts: string): string {
  return boundedList(
    `select distinct ${TREE.split(", ")
      .map((name) => `c.${name}`)
      .join(", ")}
  from (${checkouts}) x
  ${lookup("checkouts", "c", "c.id = x.id")}`,
    TREE.split(", "),
    TREE.split(", ")
      .map((name) => `${name} collate "C"`)
      .join(", "),
    MOST_TREES,
  );
}

const NEW_CHECKOUTS = treesOfCheckouts("select id from new_checkouts");

const REPEATED_TREES = treesOfCheckouts(
  "select id from staged_checkouts s where not exists (select from new_checkouts n where n.id = s.id)",
);

const REPEATED_ISSUES = boundedList(
  `select distinct id, version
  from (
    select id, version from staged_issues s
    where not exists (select from new_issues n where n.id = s.id and n.version = s.version)
    union all
    select issue_id, issue_version from staged_incidents s
    where not exists (select from new_incidents n where n.id = s.id)
  ) issues
  where id is not null and version is not null`,
  ["id", "version"],
  `id collate "C", version`,
  MOST_ISSUES,
);

/** The end of a statement whose `announced` wrote into the log. */
const PRUNE_AND_NOTIFY = `  ), pruned as (
    -- index changes_pkey
    delete from changes where id = any (array(
      select c.id from changes c where c.id <= (select id from announced) - ${KEPT_CHANGES} order by c.id
      limit ${MOST_PRUNED}
    ))
  )
  select pg_notify('${CHANGES_CHANNEL}', id::text) from announced`;

/** To run last in a batch's transaction, under the writers' lock: writes what changed, prunes the log, and notifies. */
export const ANNOUNCE_CHANGES = `${FIND_CONCERNED};

  with trees as (${TREES}), hardware as (${HARDWARE}), issues as (${ISSUES}), kinds as (${ROW_KINDS}),
  new_checkout_trees as (${NEW_CHECKOUTS}),
  repeated_trees as (${REPEATED_TREES}), repeated_issues as (${REPEATED_ISSUES}), announced as (
    insert into changes (changed_at, changed)
    select clock_timestamp(), jsonb_build_object(
      'trees', case when is_everywhere then '{"all": true}' else trees.list end,
      'hardware', case when is_everywhere then '{"all": true}' else hardware.list end,
      'issues', issues.list,
      'rows', kinds.kinds || jsonb_build_object(
        'new_checkouts', new_checkout_trees.list, 'trees', repeated_trees.list, 'issues', repeated_issues.list))
    from trees, hardware, issues, kinds, new_checkout_trees, repeated_trees, repeated_issues,
      (select count(*) > ${MOST_INCIDENTS} as is_everywhere from concerned_incidents where of_issue) found
    returning id
${PRUNE_AND_NOTIFY}`;

/** The same for a transaction that changed rows without a batch, such as a deletion: everything may be other than it was. */
export const ANNOUNCE_EVERYTHING = `
  with announced as (
    insert into changes (changed_at, changed)
    select clock_timestamp(), jsonb_build_object('trees', everything, 'hardware', everything, 'issues', everything)
    from (values (jsonb_build_object('all', true))) a (everything)
    returning id
${PRUNE_AND_NOTIFY}`;
