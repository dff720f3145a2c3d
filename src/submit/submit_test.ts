/** What is taken over HTTP, and what is refused with which answer. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { request, testServer } from "../../test/support/server.ts";
import { submission } from "../../test/support/spool.ts";
import { eventually, oneTest, SECRET, submitServer, type SubmitServer } from "../../test/support/submit.ts";
import { createPool } from "../database/pool.ts";
import { createToken } from "./tokens.ts";

let database: TestDatabase;
let server: SubmitServer;
beforeAll(async () => {
  database = await testDatabase();
  server = await submitServer(database.pool, { KERNELBOARD_SUBMIT_MAX_BYTES: "100000" });
});

interface Body {
  id: string;
  status: string;
  message: string;
}

const refused = (message: unknown): object => ({ id: "0", status: "error", message });
const test = (more: object = {}): object => ({ id: "o:t", build_id: "o:b", origin: "o", ...more });

describe("POST /submit", () => {
  it("puts what was sent into the spool, byte by byte, and answers with its id", async () => {
    const accepted: string[] = [];
    const own = await submitServer(database.pool, {}, { onAccepted: (name) => accepted.push(name) });
    const text = `${JSON.stringify(oneTest("ü"), null, 2)}\n`;
    const answer = await own.submit(text);
    const { id } = answer.body as Body;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id,
        status: "ok",
        message: `Received submission ${id} with size ${Buffer.byteLength(text)} bytes`,
      },
    });
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await own.files()).toEqual([`submission-${id}.json`]);
    expect(await readFile(join(own.spoolDir, `submission-${id}.json`), "utf8")).toBe(text);
    expect(accepted).toEqual([`submission-${id}.json`]);
    const line = own.log.find((entry) => entry.includes("submission accepted"));
    expect(JSON.parse(line ?? "{}")).toMatchObject({
      submission: id,
      bytes: Buffer.byteLength(text),
      origins: "o",
    });
    expect(own.log.join("")).not.toContain(own.token);
  });

  it("answers a repetition with the same id and takes it once", async () => {
    const own = await submitServer(database.pool);
    const first = await own.submit(oneTest("again"));
    expect(first.status).toBe(200);
    expect((await own.submit(oneTest("again"))).body).toEqual(first.body);
    expect(
      (await own.submit(gzipSync(JSON.stringify(oneTest("again"))), { "content-encoding": "gzip" })).body,
    ).toEqual(first.body);
    expect(await own.files()).toHaveLength(1);
    expect((await own.submit(oneTest("other"))).body).not.toEqual(first.body);
    expect(await own.files()).toHaveLength(2);
  });

  it("takes equal submissions that arrive at once as one", async () => {
    const own = await submitServer(database.pool);
    const answers = await Promise.all(Array.from({ length: 12 }, () => own.submit(oneTest())));
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(await own.files()).toHaveLength(1);
    expect(own.log.filter((line) => line.includes('"known":false'))).toHaveLength(1);
  });

  it("makes the id from an Idempotency-Key and the content", async () => {
    const own = await submitServer(database.pool);
    const id = async (content: object, key?: string): Promise<string> =>
      ((await own.submit(content, key === undefined ? {} : { "idempotency-key": key })).body as Body).id;
    const keyed = await id(oneTest("a"), "run 5");
    expect(await id(oneTest("a"), "run 5")).toBe(keyed);
    expect(
      new Set([
        keyed,
        await id(oneTest("a")),
        await id(oneTest("a"), "run 6"),
        await id(oneTest("b"), "run 5"),
      ]).size,
    ).toBe(4);
    expect(await own.files()).toHaveLength(4);
    for (const key of ["", "x".repeat(256), "é"])
      expect(await own.submit(oneTest("a"), { "idempotency-key": key })).toMatchObject({
        status: 400,
        body: refused("Invalid header 'Idempotency-Key': must be 1 to 255 printable ASCII characters"),
      });
  });

  it("takes a gzip body, up to the limit of what it holds", async () => {
    const gzip = { "content-encoding": "gzip" };
    const text = JSON.stringify(oneTest("packed"));
    const answer = await server.submit(gzipSync(text), gzip);
    const { id, message } = answer.body as Body;
    expect([answer.status, message]).toEqual([
      200,
      `Received submission ${id} with size ${text.length} bytes`,
    ]);
    expect(await readFile(join(server.spoolDir, `submission-${id}.json`), "utf8")).toBe(text);

    const before = await server.files();
    const bomb = gzipSync(`${text}${" ".repeat(20_000_000)}`);
    expect(bomb.length).toBeLessThan(100_000);
    const large = { status: 413, body: refused("The submission is larger than 100000 bytes") };
    expect(await server.submit(bomb, gzip)).toMatchObject(large);
    const broken = {
      status: 400,
      body: refused("The body is not complete, valid gzip, as its Content-Encoding says"),
    };
    expect(await server.submit(gzipSync(text).subarray(0, -10), gzip)).toMatchObject(broken);
    expect(await server.submit(text, gzip)).toMatchObject(broken);
    const other = await server.submit(text, { "content-encoding": "br" });
    expect(other).toMatchObject({
      status: 415,
      body: refused("The Content-Encoding 'br' is not taken: send gzip, or none"),
    });
    expect(await server.files()).toEqual(before);
  });

  it("refuses a body over the limit, whether its length was announced or not", async () => {
    const before = await server.files();
    const text = JSON.stringify(submission({ tests: [test({ misc: { x: "y".repeat(150_000) } })] }));
    const large = { status: 413, body: refused("The submission is larger than 100000 bytes") };
    expect(await server.submit(text)).toMatchObject(large);
    const streamed = await request(`${server.base}/submit`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}` },
      body: new Blob([text]).stream(),
      duplex: "half",
    });
    expect(streamed).toMatchObject(large);
    expect(await server.files()).toEqual(before);
    // The connection is still good for the next one.
    expect((await server.submit(oneTest("after"))).status).toBe(200);
  });

  it.each<[string, string]>([
    ["", "The body is empty: it must be a submission as JSON"],
    ["{", "The submission breaks the rule 'json': is not valid JSON: cut off, or broken outside"],
    ["[]", "The submission breaks the rule 'type': a submission is a JSON object"],
    ["\ufeff{}", "The submission breaks the rule 'json'"],
    ['{"tests":[]}', `The submission breaks the rule 'version' at '/version': must be an object such as`],
    ['{"version":{"major":5,"minor":4}}', "The submission breaks the rule 'version' at '/version'"],
    ['{"version":{"major":5},"tests":{}}', "at '/tests': section 'tests' must be an array"],
    ['{"version":{"major":5},"tests":null}', "at '/tests': section 'tests' must be an array"],
    ['{"version":{"major":5},"revisions":[]}', "at '/revisions': 'revisions' is no section of version 5.0"],
    [
      '{"version":{"major":5},"tests":[{}, {"id": }]}',
      "the rule 'json': object 1 of the file, counted from 0: ",
    ],
    ['{"version":{"major":5},"tests":[{]}', "The submission breaks the rule 'json'"],
  ])("refuses what is no submission: %s", async (text, message) => {
    const before = await server.files();
    expect(await server.submit(text)).toMatchObject({
      status: 400,
      body: refused(expect.stringContaining(message)),
    });
    expect(await server.files()).toEqual(before);
  });

  it("refuses bytes that are no UTF-8", async () => {
    const bytes = Buffer.from('{"version":{"major":5},"tests":[{"id":"\xff"}]}', "latin1");
    expect(await server.submit(bytes)).toMatchObject({
      status: 400,
      body: refused(expect.stringContaining("UTF-8")),
    });
  });

  it("leaves objects that are wrong on their own to ingestion, which refuses them alone", async () => {
    const deep = `${"[".repeat(600)}${"]".repeat(600)}`;
    const text = `{"version":{"major":5,"minor":3},"tests":[1, null, "x", {"id":"o:t"}, {"origin":5}, ${deep}],"builds":[]}`;
    expect((await server.submit(text)).status).toBe(200);
  });

  it("refuses a submission with an object of another origin, and names the first", async () => {
    const before = await server.files();
    const foreign = (sections: object): Promise<unknown> =>
      server.submit(submission({ ...sections })).then(({ status, body }) => [status, (body as Body).message]);
    expect(
      await foreign({
        builds: [{ id: "o:b", origin: "o" }],
        tests: [test(), test({ id: "x:t", origin: "x" }), test({ origin: "y" })],
      }),
    ).toEqual([403, "The object tests[1] with id 'x:t' is of origin 'x', and the token is for o"]);
    for (const kind of ["checkouts", "builds", "issues", "incidents"])
      expect(await foreign({ [kind]: [{ origin: "x" }] })).toEqual([
        403,
        `The object ${kind}[0] is of origin 'x', and the token is for o`,
      ]);
    const [, message] = (await foreign({ tests: [test({ id: "i".repeat(5000), origin: "x" })] })) as [
      number,
      string,
    ];
    expect(message.length).toBeLessThan(400);
    // Also where the section is not the one that counts, and where the name is written otherwise.
    const repeated = '{"version":{"major":5},"tests":[{"origin":"x"}],"tests":[{"\\u006frigin":"o"}]}';
    expect((await server.submit(repeated)).body).toEqual(
      refused("The object in a section that comes again later is of origin 'x', and the token is for o"),
    );
    expect(
      (await server.submit(repeated.replace('"tests":[{"origin":"x"}],', "").replace('"o"', '"x"'))).status,
    ).toBe(403);
    expect(await server.files()).toEqual(before);
  });

  it("takes the origins that the token has", async () => {
    const with_ = async (origins: [string, ...string[]]): Promise<number> => {
      const token = await createToken(SECRET, origins);
      const content = submission({ tests: [test({ origin: "a" }), test({ origin: "b" })] });
      return (await server.submit(content, { authorization: `Bearer ${token}` })).status;
    };
    expect(await with_(["a"])).toBe(403);
    expect(await with_(["a", "b"])).toBe(200);
    expect(await with_(["*"])).toBe(200);
  });

  it("asks for a token, before the body is looked at, and lets a client that sends all of it see so", async () => {
    const body = Buffer.alloc(5_000_000, "x");
    const post = (headers: Record<string, string>): Promise<unknown> =>
      request(`${server.base}/submit`, { method: "POST", headers, body });
    const none = await request(`${server.base}/submit`, { method: "POST", body: "{}" });
    expect(none).toMatchObject({ status: 401, body: refused("JWT is required") });
    expect(none.headers.get("www-authenticate")).toBe("Bearer");
    expect(await post({ authorization: "Bearer nonsense" })).toMatchObject({
      status: 401,
      body: refused("Missing or invalid JWT (Bearer)"),
    });
    const expired = await createToken(SECRET, ["o"], new Date(Date.now() - 3_600_000));
    expect(await post({ authorization: `Bearer ${expired}` })).toMatchObject({
      status: 401,
      body: refused("Missing or invalid JWT (Bearer): it has expired"),
    });
  });

  it("is there with a slash at the end too, and for POST alone", async () => {
    const options = {
      headers: { authorization: `Bearer ${server.token}` },
      body: JSON.stringify(oneTest("slash")),
    };
    expect((await request(`${server.base}/submit/`, { method: "POST", ...options })).status).toBe(200);
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await request(`${server.base}/submit`, { method });
      expect(answer).toMatchObject({
        status: 405,
        body: refused(`The method ${method} is not taken here: POST is`),
      });
      expect(answer.headers.get("allow")).toBe("POST");
    }
  });

  it("says why where there is no secret, or no spool", async () => {
    const body = JSON.stringify(oneTest());
    const headers = { authorization: `Bearer ${server.token}` };
    const off = await submitServer(database.pool, { KERNELBOARD_SUBMIT_SECRET: "" });
    expect(await off.submit(body)).toMatchObject({
      status: 403,
      body: refused("submissions are switched off: KERNELBOARD_SUBMIT_SECRET is not set"),
    });
    const bare = await testServer(database.pool, { KERNELBOARD_SUBMIT_SECRET: SECRET });
    const answer = await request(`${bare.base}/submit`, { method: "POST", headers, body });
    expect(answer).toMatchObject({
      status: 503,
      body: refused(expect.stringContaining("no spool directory")),
    });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("takes submissions while the database is away", async () => {
    const nowhere = createPool({ ...database.connection, port: 1 }, pino({ level: "silent" }));
    const own = await submitServer(nowhere);
    const answers = [await own.submit(oneTest()), await own.submit(oneTest())];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await own.files()).toHaveLength(1);
    await nowhere.end();
  });

  it("takes a body that arrives in small pieces", async () => {
    const text = JSON.stringify(submission({ tests: [test({ comment: "ü€".repeat(50) })] }));
    const bytes = Buffer.from(text);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 7) {
        yield bytes.subarray(at, at + 7);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const answer = await request(`${server.base}/submit`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}` },
      body: ReadableStream.from(pieces()),
      duplex: "half",
    } as unknown as RequestInit);
    expect(answer.status).toBe(200);
    const { id } = answer.body as Body;
    expect(await readFile(join(server.spoolDir, `submission-${id}.json`), "utf8")).toBe(text);
  });
});

describe("GET /authtest", () => {
  it("tells whether a token is good, and for what", async () => {
    const bearer = { authorization: `Bearer ${server.token}` };
    const good = { status: 200, body: { id: "0", status: "ok", message: "The token is good for o" } };
    expect(await server.get("/authtest", bearer)).toMatchObject(good);
    expect(await server.get("/authtest/", bearer)).toMatchObject(good);
    expect(await server.get("/authtest")).toMatchObject({ status: 401, body: refused("JWT is required") });
  });
});

describe("the log", () => {
  it("has why a submission was refused, and never a token", async () => {
    await server.submit("[]");
    await eventually(() => server.log.some((line) => line.includes("submission refused")));
    expect(server.log.some((line) => line.includes("rule 'type'"))).toBe(true);
    expect(server.log.join("")).not.toContain(server.token.split(".")[2] ?? "nothing");
  });
});
