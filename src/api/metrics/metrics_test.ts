/** `/api/metrics/`: windows that tile, new and known issues, labs. */
import { Value } from "typebox/value";
import { beforeAll, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { testServer, type TestServer } from "../../../test/support/server.ts";
import { Metrics } from "./shapes.ts";

let database: TestDatabase;
let server: TestServer;

/** Midnight UTC of a day before today, plus seconds, as SQL. */
const at = (daysAgo: number, seconds = 0): string =>
  `(date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '${daysAgo} days' + interval '${seconds} seconds')`;

beforeAll(async () => {
  database = await testDatabase();
  server = await testServer(database.pool);
  await database.pool.query(`
    insert into checkouts (id, origin, _timestamp, tree_name) values
      ('today', 'o', ${at(0)}, 'today'), ('last', 'o', ${at(0, -0.000001)}, 'a'), ('c1', 'o', ${at(2)}, 'a'),
      ('first', 'o', ${at(7)}, null), ('before', 'o', ${at(7, -0.000001)}, 'b'), ('p', 'o', ${at(14)}, 'c'),
      ('too old', 'o', ${at(15)}, 'd'), ('timeless', 'o', null, 'e');
    insert into builds (id, checkout_id, origin, _timestamp) values ('b1', 'c1', 'o', ${at(1)}), ('b2', 'c1', 'o', ${at(8)});
    insert into tests (id, build_id, origin, _timestamp, path, misc) values
      ('t1', 'b1', 'o', ${at(1)}, 'boot', '{"runtime": "lab"}'), ('t2', 'b1', 'o', ${at(1)}, 'boot.nfs', '{"runtime": "lab"}'),
      ('t3', 'b2', 'o', ${at(1)}, 'boots', '{"runtime": "lab"}'), ('t4', 'b1', 'o', ${at(1)}, null, '{"runtime": 7}'),
      ('t5', 'b1', 'o', ${at(1)}, 'x', '{"runtime": null}'), ('t6', 'b1', 'o', ${at(1)}, 'x', '["runtime"]'),
      ('t7', 'b1', 'o', ${at(8)}, 'x', '{"runtime": "lab"}'), ('t8', 'b1', 'o', ${at(0)}, 'x', '{"runtime": "lab"}');
    insert into issues (id, version, origin, comment, _timestamp) values
      ('old', 1, 'o', 'known long', ${at(30)}), ('old', 2, 'o', null, ${at(1)}), ('new', 1, 'o', 'new', ${at(1)}),
      ('e', 1, 'o', 'e', ${at(1)}), ('d', 1, 'o', 'd', ${at(30)}), ('only tests', 1, 'o', 'x', ${at(30)});
    insert into incidents (id, origin, issue_id, issue_version, build_id, test_id, present, _timestamp) values
      -- known before, once only on a test and once not present, which do not count
      ('n01', 'red', 'old', 1, 'b1', null, true, ${at(30)}), ('n02', 'blue', 'new', 1, null, 't1', true, ${at(30)}),
      ('n03', 'blue', 'new', 1, 'b1', null, false, ${at(20)}),
      ('n11', 'red', 'old', 1, 'b1', null, true, ${at(3)}), ('n12', 'red', 'old', 1, 'b2', null, null, ${at(3)}),
      ('n13', 'red', 'old', 2, 'b1', 't1', true, ${at(3)}), ('n14', 'red', 'new', 1, 'b1', null, true, ${at(3)}),
      -- as early, but its id is later
      ('n15', 'blue', 'new', 1, 'b1', null, true, ${at(3)}), ('n16', 'red', 'e', 1, 'b1', null, true, ${at(2)}),
      ('n17', 'red', 'd', 1, 'b1', null, true, ${at(2)}), ('n18', 'red', 'gone', 1, 'b1', null, true, ${at(2)}),
      ('n19', 'green', 'gone', 1, 'b1', null, true, ${at(1)}), ('n20', 'green', 'only tests', 1, null, 't1', true, ${at(1)}),
      ('n21', 'blue', 'd', 1, 'b1', null, true, ${at(0)})`);
});

it("counts a window and the one before", async () => {
  const { status, body } = await server.get("/api/metrics/");
  expect(status).toBe(200);
  expect(Value.Errors(Metrics, body)).toEqual([]);
  expect(body).toEqual({
    n_trees: 1,
    n_checkouts: 3,
    n_builds: 1,
    n_tests: 6,
    n_issues: 3,
    n_incidents: 10,
    build_incidents_by_origin: {
      blue: { total_incidents: 1, n_new_issues: 0, n_existing_issues: 1, n_total_issues: 1 },
      red: { total_incidents: 7, n_new_issues: 4, n_existing_issues: 1, n_total_issues: 5 },
    },
    top_issues_by_origin: {
      blue: [{ id: "new", version: 1, comment: "new", total_incidents: 1 }],
      red: [
        { id: "old", version: 1, comment: "known long", total_incidents: 2 },
        { id: "d", version: 1, comment: "d", total_incidents: 1 },
        { id: "e", version: 1, comment: "e", total_incidents: 1 },
      ],
    },
    new_issues_by_origin: {
      red: [
        { id: "d", version: 1, comment: "d", total_incidents: 1 },
        { id: "e", version: 1, comment: "e", total_incidents: 1 },
        { id: "new", version: 1, comment: "new", total_incidents: 1 },
      ],
    },
    lab_maps: { "7": { builds: 1, boots: 0, tests: 1 }, lab: { builds: 2, boots: 2, tests: 1 } },
    prev_n_trees: 2,
    prev_n_checkouts: 2,
    prev_n_builds: 1,
    prev_n_tests: 1,
    prev_lab_maps: { lab: { builds: 1, boots: 0, tests: 1 } },
  });
});

it("shows an issue without comment, and tiles windows", async () => {
  const { body } = await server.get("/api/metrics/?start_days_ago=3&end_days_ago=2");
  expect(body).toMatchObject({
    top_issues_by_origin: {
      red: [{ id: "old", version: 1 }, { id: "new" }, { id: "old", version: 2, comment: "" }],
    },
    n_checkouts: 0,
  });
  let checkouts = 0;
  for (let day = 0; day < 16; day++) {
    const answer = await server.get(`/api/metrics/?start_days_ago=${day + 1}&end_days_ago=${day}`);
    checkouts += (answer.body as { n_checkouts: number }).n_checkouts;
  }
  expect(checkouts).toBe(6);
});

it("answers for times without data", async () => {
  const { body } = await server.get("/api/metrics/?start_days_ago=300000&end_days_ago=200000");
  expect(Value.Errors(Metrics, body)).toEqual([]);
  expect(body).toMatchObject({
    n_tests: 0,
    lab_maps: {},
    top_issues_by_origin: {},
    new_issues_by_origin: {},
  });
});

it("refuses windows that are none", async () => {
  const text = "start_days_ago must be greater than end_days_ago to define a valid interval";
  for (const query of ["start_days_ago=0", "end_days_ago=7", "start_days_ago=3&end_days_ago=4"])
    expect(await server.get(`/api/metrics/?${query}`)).toMatchObject({ status: 400, body: { error: text } });
  for (const query of ["-1", "x", "", "1.5", "999999", "99999999999999999999999999"]) {
    const { status, body } = await server.get(`/api/metrics/?start_days_ago=${query}`);
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("'start_days_ago'") as string },
    });
  }
});
