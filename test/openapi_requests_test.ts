/**
 * Requests of all kinds, made from the API's description: none may fail in the server, and every answer is one that
 * the description declares.
 */
import { Agent, request as httpRequest } from "node:http";
import { Ajv } from "ajv";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { TestDatabase } from "./support/database.ts";
import { demoDatabase } from "./support/demo.ts";
import type { OpenApi } from "./support/openapi.ts";
import { requestsTo, type Known, type RandomRequest } from "./support/random_requests.ts";
import { testServer, type TestServer } from "./support/server.ts";

const REQUESTS = 2000;
const SIDE_BY_SIDE = 4;
const SHOWN = 10;
/** Another seed makes other requests: `SEED=7 npx vitest run test/openapi_requests_test.ts`. */
const SEED = Number(process.env.SEED ?? 1);

let server: TestServer;
let document: OpenApi;
let things: Known[];
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  const database = await demoDatabase();
  await addOddRows(database);
  server = await testServer(database.pool);
  document = (await server.get("/api/schema/?format=json")).body as OpenApi;
  things = await knownThings(database);
});

/** What no submission could bring, but a database of old may hold. */
async function addOddRows({ rows }: TestDatabase): Promise<void> {
  await rows(`
    with c as (select id, row_number() over (order by start_time desc) as n from checkouts limit 5)
    insert into builds (id, checkout_id, origin, status, duration, architecture, misc, input_files, output_files)
    select 'odd:build:' || n || s.place, c.id, 'maestro', s.status, s.duration, null, s.misc, s.misc, s.misc
    from c, (values
      (1, null, 'NaN'::float8, '1'::jsonb), (2, 'pass', 'Infinity', '[1]'), (3, 'WRONG', 0, 'null'),
      (4, '', 1e300, '"text"'), (5, 'FAIL', -1, '{"platform": 7, "lab": null}'))
      as s (place, status, duration, misc)`);
  await rows(`
    insert into tests (id, build_id, origin, path, status, duration, environment_misc, environment_compatible, misc)
    select 'odd:test:' || b.id || s.place, b.id, 'maestro', s.path, s.status, s.duration, s.misc, s.compatible, s.misc
    from builds b, (values
      (1, null, null, 'NaN'::float8, '1'::jsonb, '{}'::text[]),
      (2, 'boot', 'fail', '-Infinity', '["a"]', '{NULL}'),
      (3, '', 'WRONG', 0, 'null', null),
      (4, 'boot.', 'FAIL', 1e300, '{"platform": {"a": 1}, "error_message": []}', '{"", NULL, "a,b"}'),
      (5, 'boots', 'MISS', null, '{"platform": "", "job_url": 5}', '{{a,b},{c,d}}'))
      as s (place, path, status, duration, misc, compatible)
    where b.id like 'odd:%'`);
  await rows(`
    insert into issues (id, version, origin, culprit_code, misc, categories)
    values ('odd:issue', 0, 'maestro', null, '[]', '{NULL}'), ('odd:issue', -1, 'maestro', true, '"x"', '{}')`);
  await rows(`
    insert into incidents (id, origin, issue_id, issue_version, build_id, test_id, present)
    values ('odd:1', 'maestro', 'odd:issue', 0, 'odd:build:11', null, null),
      ('odd:2', 'maestro', 'odd:issue', -1, null, 'odd:test:odd:build:111', true),
      ('odd:3', 'maestro', 'odd:issue', 7, 'odd:build:11', 'no such test', true),
      ('odd:4', 'maestro', 'odd:issue', 0, null, null, true)`);
}

/** Rows that belong together, by the names that requests call their values by. */
async function knownThings({ rows }: TestDatabase): Promise<Known[]> {
  const found = await rows(`
    select coalesce(i.issue_id, (select id from issues order by id limit 1)) as issue_id,
      coalesce(i.issue_version, 1) as version, t.id as test_id, b.id as build_id, c.git_commit_hash as hash,
      c.tree_name, c.git_repository_branch as branch, c.git_repository_url as url, c.origin, t.path,
      t.environment_misc ->> 'platform' as platform, t.environment_compatible[1] as compatible, b.config_name,
      b.architecture, b.compiler, t.misc ->> 'runtime' as lab, t.start_time,
      extract(epoch from c.start_time)::bigint as seconds,
      (select o.git_commit_hash from checkouts o where o.tree_name = c.tree_name and o.id <> c.id
        order by o.start_time desc limit 1) as other
    from (
      (select id as test_id, build_id from tests order by md5(id) limit 60)
      union (select t.id, t.build_id from tests t join incidents i on i.test_id = t.id order by md5(t.id) limit 30)
      union (select null, build_id from incidents where build_id is not null order by md5(id) limit 20)
      union (select id, build_id from tests where id like 'odd:%' limit 10)
    ) chosen
    join builds b on b.id = chosen.build_id
    join checkouts c on c.id = b.checkout_id
    left join tests t on t.id = chosen.test_id
    left join lateral (select * from incidents i where i.test_id = t.id or i.build_id = b.id limit 1) i on true
    order by chosen.build_id, chosen.test_id`);
  return found.map((row) => {
    const text = (name: string): string | undefined => {
      const value = row[name];
      return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
    };
    const seconds = Number(row.seconds);
    const issue = `${text("issue_id") ?? ""},${text("version") ?? ""}`;
    const values = {
      issue_id: text("issue_id"),
      version: text("version"),
      test_id: text("test_id"),
      build_id: text("build_id"),
      commit_hash: text("hash"),
      git_commit_hash: text("hash"),
      hash_a: text("other") ?? text("hash"),
      hash_b: text("hash"),
      commit_hashes: [text("hash"), text("other") ?? text("hash")].join(","),
      commitsList: text("hash"),
      tree_name: text("tree_name"),
      git_branch: text("branch"),
      git_repository_branch: text("branch"),
      git_url: text("url"),
      git_repository_url: text("url"),
      origin: text("origin"),
      path: text("path"),
      platform: text("platform"),
      hardware_id: text(seconds % 2 === 0 ? "platform" : "compatible"),
      config_name: text("config_name"),
      current_test_start_time: row.start_time instanceof Date ? row.start_time.toISOString() : undefined,
      interval_in_days: "30",
      max_age_in_hours: "720",
      startTimestampInSeconds: String(seconds - 86_400 * 7),
      endTimestampInSeconds: String(seconds + 86_400),
      start_timestamp_in_seconds: String(seconds - 86_400),
      end_timestamp_in_seconds: String(seconds + 86_400),
      filter_architecture: text("architecture"),
      filter_compiler: text("compiler"),
      filter_config_name: text("config_name"),
      "filter_test.hardware": text("platform"),
      "filter_test.lab": text("lab"),
      "filter_build.issue": issue,
      "filter_boot.issue": issue,
      "filter_test.issue": issue,
      "filter_test.path": text("path"),
      "filter_boot.path": "boot",
      "filter_test.platform": text("platform"),
      "filter_boot.platform": text("platform"),
    };
    return Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  });
}

interface RawAnswer {
  status: number;
  type: string;
  text: string;
}

/** Not by fetch, which mends addresses. */
function send({ method, url, body }: RandomRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(server.base);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ agent, hostname, port, method, path: url }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"]?.split(";")[0] ?? "",
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** What is wrong with an answer, undefined when nothing is. */
type Judge = (request: RandomRequest, answer: RawAnswer) => string | undefined;

function judge(): Judge {
  const ajv = new Ajv({ strict: false, formats: { binary: true } });
  ajv.addSchema({ $id: "api", ...document });
  // References are relative to the document.
  const absolute = (schema: object): object =>
    JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"api#/')) as object;
  const validators = new Map(
    Object.values(document.paths)
      .flatMap((path) => Object.values(path))
      .flatMap(({ operationId, responses }) =>
        Object.entries(responses).flatMap(([status, { content }]) =>
          Object.entries(content).map(
            ([type, { schema }]) =>
              [`${operationId} ${status} ${type}`, ajv.compile(absolute(schema))] as const,
          ),
        ),
      ),
  );
  return ({ operation, method }, { status, type, text }) => {
    if (status >= 500) return "failed in the server";
    if (!(status in operation.responses)) return "has a status that is not declared";
    const validate = validators.get(`${operation.operationId} ${status} ${type}`);
    if (validate === undefined) return `has the type '${type}', which is not declared`;
    if (method === "HEAD") return text === "" ? undefined : "has a body";
    const value: unknown = type.endsWith("json") ? JSON.parse(text) : text;
    return validate(value) ? undefined : ajv.errorsText(validate.errors).slice(0, 500);
  };
}

function asCurl({ method, url, body }: RandomRequest): string {
  const data = body === undefined ? "" : ` --data-binary '${body.toString().slice(0, 1000)}'`;
  return `curl -g -X ${method} "$BASE${url}"${data}`;
}

/** Why the server failed. */
function loggedFor({ status, text }: RawAnswer): string {
  const id = /request id ([0-9a-f-]+)/.exec(text)?.[1];
  if (status < 500 || id === undefined) return "";
  const line = server.log.find((one) => one.includes(id) && one.includes("request failed")) ?? "{}";
  const { err } = JSON.parse(line) as { err?: { message?: string; stack?: string } };
  return `\n${err?.stack?.slice(0, 1000) ?? err?.message ?? ""}`;
}

it(`answers ${REQUESTS} requests of all kinds as described`, async () => {
  const requests = fc.sample(requestsTo(document, things), { seed: SEED, numRuns: REQUESTS });
  const problemOf = judge();
  const problems: string[] = [];
  const statuses = new Map<number, number>();
  const found = new Set<string>();
  const queue = requests.values();
  const work = async (): Promise<void> => {
    for (const request of queue) {
      const answer = await send(request);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status === 200 && answer.text !== "" && !answer.text.startsWith('{"error"'))
        found.add(request.operation.operationId);
      const problem = problemOf(request, answer);
      if (problem !== undefined)
        problems.push(
          `${asCurl(request)}\n${answer.status} ${problem}: ${answer.text.slice(0, 300)}${loggedFor(answer)}`,
        );
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  const text = problems.slice(0, SHOWN).join("\n\n");
  expect(problems.length, `With seed ${SEED} ${problems.length} answers are wrong:\n\n${text}`).toBe(0);
  // The requests are worth something: most are understood, and almost all operations found what they were asked for.
  expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 2);
  expect(statuses.get(400)).toBeGreaterThan(REQUESTS / 10);
  const silent = Object.values(document.paths)
    .flatMap((path) => Object.values(path))
    .map(({ operationId }) => operationId)
    .filter((id) => !found.has(id));
  // These read other hosts, and no such address is asked for.
  expect(silent).toEqual(["log_downloader_retrieve", "proxy_retrieve"]);
}, 120_000);
