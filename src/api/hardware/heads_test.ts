import { beforeAll, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { raw, sql } from "../../database/sql.ts";
import { headCommits, lineOf } from "./heads.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});

it("finds the newest checkout of each line inside a window, wherever the window ends", async () => {
  const day = (number: number): string => `2026-01-${String(number).padStart(2, "0")}T00:00:00Z`;
  await database.pool.query(`
    -- lines with any of their parts missing, several checkouts at one time, and some without a time of their own
    insert into checkouts (id, origin, tree_name, git_repository_branch, git_repository_url, git_commit_hash, start_time, _timestamp)
    select 'c' || i, 'o' || i % 2, case when i % 3 > 0 then 't' || i % 3 end, case when i % 5 > 0 then 'b' || i % 2 end,
      case when i % 7 > 1 then 'u' end, 'h' || i % 11, case when i % 6 > 0 then time end, time
    from (select i, timestamptz '2026-01-01Z' + (i * 37 % 25) * interval '1 day' as time from generate_series(1, 400) i) numbers;
    insert into latest_checkout (checkout_id, start_time, origin, tree_name, git_repository_branch, git_repository_url)
    select distinct on (origin, tree_name, git_repository_branch, git_repository_url)
      id, coalesce(start_time, _timestamp), origin, tree_name, git_repository_branch, git_repository_url
    from checkouts
    order by origin, tree_name, git_repository_branch, git_repository_url, coalesce(start_time, _timestamp) desc, id collate "C";
    -- the newest of one line is known, but not stored any more
    delete from checkouts where id = (select checkout_id from latest_checkout order by checkout_id limit 1)`);
  for (const [from, to] of [
    [1, 31],
    [1, 20],
    [10, 12],
    [24, 25],
    [28, 31],
  ] as const) {
    const window = { start: day(from), end: day(to) };
    const found = await database.pool.query(
      sql`with ${headCommits(window)} select head_checkout_id as id from heads order by 1`,
    );
    const expected = await database.pool.query(
      `select id from (
         select distinct on (origin, tree_name, git_repository_branch, git_repository_url) id
         from checkouts where coalesce(start_time, _timestamp) between $1 and $2
         order by origin, tree_name, git_repository_branch, git_repository_url, coalesce(start_time, _timestamp) desc,
           id collate "C") heads
       order by 1`,
      [window.start, window.end],
    );
    expect(found.rows).toEqual(expected.rows);
    expect(found.rows.length > 0).toBe(from < 28);
  }
});

it("finds heads of the lines alone that are asked for, and looks those up in a hash however few it takes for granted", async () => {
  const window = { start: "2025-12-01T00:00:00Z", end: "2026-03-01T00:00:00Z" };
  const asked = raw(
    `with asked as materialized (select * from checkouts c where c.tree_name is null or c.git_repository_branch = 'b1')`,
  );
  const heads = headCommits(window, raw(`select distinct ${lineOf("a").text} from asked a`));
  const found = await database.pool.query(
    sql`${asked}, ${heads} select head_checkout_id as id from heads order by 1`,
  );
  const all = await database.pool.query(
    sql`with ${headCommits(window)} select head_checkout_id as id from heads
      where tree_name is null or git_repository_branch = 'b1' order by 1`,
  );
  expect(found.rows).toEqual(all.rows);
  expect(found.rows.length).toBeGreaterThan(0);

  const plan = await database.pool.query<Record<"QUERY PLAN", string>>(
    sql`explain ${asked}, ${heads} select * from heads`,
  );
  const lines = plan.rows.map((row) => row["QUERY PLAN"]);
  // Those that are asked for, and those that went on behind the end of the window.
  expect(lines.filter((line) => /Filter: .*hashed SubPlan/.test(line))).toHaveLength(2);
  expect(lines.filter((line) => line.includes("Semi Join"))).toEqual([]);
});
