/** Errors out: what is sent, how often, and that no answer waits for it. */
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { testServer, type TestServer } from "../../test/support/server.ts";
import { sink, type Sink } from "../../test/support/sink.ts";
import { loadSettings } from "../settings.ts";
import { createNotices, type Notice, type Notices } from "./notices.ts";
import { createRedactor } from "./redact.ts";

interface Message {
  username: string;
  avatar_url: string;
  content: string;
  allowed_mentions: unknown;
}

const message = ({ body }: { body: string }): Message => JSON.parse(body) as Message;
const silent = pino({ level: "silent" });

describe("a server with webhooks", () => {
  let database: TestDatabase;
  let discord: Sink;
  let webhook: Sink;
  let server: TestServer;

  const breakable = (app: FastifyInstance): void => {
    app.all("/broken/:what", { schema: { hide: true } }, (request) => {
      const { what } = request.params as { what: string };
      throw new Error(`cannot read ${what} with s3cr3t-of-the-submitters-0123456789`);
    });
  };
  beforeAll(async () => {
    database = await testDatabase();
    discord = await sink();
    webhook = await sink();
    server = await testServer(
      database.pool,
      {
        DISCORD_WEBHOOK_URL: `${discord.url}/api/webhooks/1/t0ken-of-discord`,
        KERNELBOARD_ERROR_WEBHOOK_URL: `${webhook.url}/hook`,
        KERNELBOARD_SUBMIT_SECRET: "s3cr3t-of-the-submitters-0123456789",
        CORS_ALLOWED_ORIGINS: '["https://dashboard.kernelci.org"]',
      },
      undefined,
      breakable,
    );
  });

  it("tells of a failed request as the reference does, once, without secrets", async () => {
    const post = (): Promise<Response> =>
      fetch(`${server.base}/broken/one?token=tk-1234567&x=1`, {
        method: "POST",
        headers: { authorization: "Bearer very-secret-bearer" },
        body: JSON.stringify({ api_key: "key-987654", text: "@everyone ```", long: "x".repeat(10_000) }),
      });
    expect((await post()).status).toBe(500);
    const [received] = await discord.holds(1);
    if (received === undefined) throw new Error("there is one");
    expect(received.path).toBe("/api/webhooks/1/t0ken-of-discord");
    const { content, ...rest } = message(received);
    expect(rest).toEqual({
      username: "KernelCI Dashboard Notifications",
      avatar_url: "https://avatars.githubusercontent.com/u/11725450?s=200&v=4",
      allowed_mentions: { parse: [] },
    });
    expect(content.length).toBeLessThanOrEqual(2000);
    const lines = content.split("\n");
    expect(lines.slice(0, 7)).toEqual([
      "Request failed with error 500: Internal Server Error",
      "Reason (limited to 500 characters):",
      "```json",
      '{"error":"cannot read one with [redacted]"}```',
      "",
      "Endpoint:",
      "https://dashboard.kernelci.org/broken/one?token=[redacted]&x=1",
    ]);
    expect(lines.slice(7, 9)).toEqual(["Body:", "```json"]);
    expect(lines[9]).toMatch(/^\{"api_key":"\[redacted\]","text":"@everyone '''","long":"x+…```$/);
    expect(lines.slice(-2)).toEqual([
      expect.stringMatching(/^Accessed in: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
      "---",
    ]);
    const [hooked] = await webhook.holds(1);
    expect(JSON.parse(hooked?.body ?? "")).toMatchObject({
      program: "kernelboard",
      kind: "request 500",
      title: "Request failed with error 500: Internal Server Error",
      method: "POST",
      endpoint: "https://dashboard.kernelci.org/broken/one?token=[redacted]&x=1",
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });

    expect((await post()).status).toBe(500);
    expect((await server.get("/broken/two")).status).toBe(500);
    await Promise.all([discord.holds(2), webhook.holds(2)]);
    expect(discord.received.map((one) => /broken\/(\w+)/.exec(one.body)?.[1])).toEqual(["one", "two"]);
    const sent = JSON.stringify([...discord.received, ...webhook.received].map(({ body }) => body));
    for (const secret of ["s3cr3t", "tk-1234567", "key-987654", "very-secret-bearer", "t0ken-of-discord"])
      expect(sent).not.toContain(secret);
    expect(server.log.join()).not.toContain("t0ken-of-discord");
  });

  it("answers while a receiver hangs, and the other one is told meanwhile", async () => {
    let held = 0;
    discord.answer(() => held++);
    const before = webhook.received.length;
    for (const name of ["hang1", "hang2"]) expect((await server.get(`/broken/${name}`)).status).toBe(500);
    // The other receiver got both, and all were answered, while Discord holds the first.
    await webhook.holds(before + 2);
    expect(held).toBe(1);
    expect((await server.get("/readyz")).status).toBe(200);
  });
});

describe("notices", () => {
  const notice = (title: string, kind = "job"): Notice => ({
    kind,
    title,
    reason: "",
    about: [["Node", "n"]],
  });
  function notices(url: string, lines: string[] = []): Notices {
    const { settings } = loadSettings({ DISCORD_WEBHOOK_URL: url });
    const pace = { coolDownMs: 600_000, burst: 3, refillMs: 1e9, timeoutMs: 200 };
    return createNotices(settings, pino({}, { write: (line: string) => lines.push(line) }), pace);
  }
  const titles = (receiver: Sink): (string | undefined)[] =>
    receiver.received.map((one) => message(one).content.split("\n")[0]);

  it("of one kind are few at a time, the next one says how many were left out, and other kinds go on", async () => {
    const receiver = await sink();
    const own = notices(receiver.url);
    for (let i = 1; i <= 10; i++) own.report(notice(`job ${i}`));
    own.report(notice("request", "request 500"));
    await own.close(5000);
    expect(titles(receiver)).toEqual(["job 1", "job 2", "job 3", "request"]);
    expect(message(receiver.received[3] ?? { body: "" }).content).not.toContain("job");
    expect(receiver.received.map((one) => message(one).content).join()).toContain(
      "7 more notices were not sent",
    );
    own.report(notice("after the end"));
    expect(receiver.received).toHaveLength(4);
  });

  it("that could not be sent are not taken for sent", async () => {
    const receiver = await sink();
    const lines: string[] = [];
    const own = notices(`${receiver.url}/t0ken`, lines);
    receiver.answer((response) => response.destroy());
    own.report(notice("again"));
    await receiver.holds(1);
    while (lines.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
    receiver.answer((response) => response.writeHead(204).end());
    own.report(notice("again"));
    await receiver.holds(2);
    await own.close(5000);
    own.report(notice("again"));
    expect(titles(receiver)).toEqual(["again", "again"]);
    expect(lines.join()).toContain("a notice could not be sent");
    expect(lines.join()).not.toContain("t0ken");
  });

  it("end in time when the receiver does not answer", async () => {
    const receiver = await sink();
    receiver.answer(() => undefined);
    const { settings } = loadSettings({ KERNELBOARD_ERROR_WEBHOOK_URL: receiver.url });
    const own = createNotices(settings, silent);
    own.report(notice("one"));
    own.report(notice("two"));
    await receiver.holds(1);
    await own.close(50);
    expect(receiver.received).toHaveLength(1);
  });

  it("are not made where nobody is named", async () => {
    const own = createNotices(loadSettings({}).settings, silent);
    own.report(notice("nobody"));
    await own.close(1);
  });
});

it("what looks like a secret is taken out of texts", () => {
  const redact = createRedactor(loadSettings({ DB_HOST: "h", DB_PASSWORD: 'p"w d%34' }).settings);
  expect(redact('connect with p"w d%34 failed, {"q":"p\\"w d%34"}')).not.toContain("d%34");
  expect(redact("postgres://admin:hunter2@db/x")).toBe("postgres://[redacted]@db/x");
  expect(redact("Authorization: Bearer abc.def")).toBe("Authorization: [redacted]");
  expect(redact('{"user_password": "a\\"b", "n": 1}')).toBe('{"user_password": "[redacted]", "n": 1}');
  expect(redact('{"access_token":"cut of')).toBe('{"access_token":"[redacted]"');
  expect(redact("eyJhbGciOiJIUzI1NiJ9.eyJvIjoxfQ.c2ln")).toBe("[redacted]");
  expect(redact("no secret in tree mainline/master")).toBe("no secret in tree mainline/master");
});
