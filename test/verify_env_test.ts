/** `kernelboard verify_env` from the outside, with a real mail server. */
import { mkdir, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { SMTPServer } from "smtp-server";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "./support/database.ts";
import { databaseEnvironment, run } from "./support/program.ts";
import { temporaryDirectory } from "./support/spool.ts";

const REDIS = { host: process.env.TEST_REDIS_HOST ?? "127.0.0.1", port: 6379 };
const redisAnswers = await (async () => {
  const client = createClient({ socket: { ...REDIS, reconnectStrategy: false } });
  client.on("error", () => undefined);
  return client
    .connect()
    .then(() => client.ping())
    .then(
      () => true,
      () => false,
    )
    .finally(() => {
      client.destroy();
    });
})();
if (!redisAnswers) console.warn(`no Redis at ${REDIS.host}:${REDIS.port}: the test that asks it is skipped`);

let database: TestDatabase;
let environment: Record<string, string>;
beforeAll(async () => {
  database = await testDatabase();
  environment = databaseEnvironment(database.connection);
});

/** The lines of results, without their indentation. */
async function results(
  args: string[],
  more: Record<string, string> = {},
): Promise<{ code: number | null; lines: string[]; stderr: string }> {
  const { code, stdout, stderr } = await run(["verify_env", ...args], { ...environment, ...more });
  expect(stdout + stderr).not.toContain("secret-of-");
  const [, list = ""] = stdout.split("Verification results:\n");
  return {
    code,
    lines: list
      .trimEnd()
      .split("\n")
      .map((line) => line.trim()),
    stderr,
  };
}

interface Received {
  to: string[];
  text: string;
}

/** A mail server that takes everything from `bot` with its password. */
async function withMailServer<T>(work: (port: number, received: Received[]) => Promise<T>): Promise<T> {
  const received: Received[] = [];
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    authOptional: true,
    onAuth: ({ username, password }, _session, done) => {
      if (username === "bot@example.org" && password === "secret-of-mail") done(null, { user: username });
      else done(new Error("Invalid login"));
    },
    onData: (stream, session, done) => {
      let text = "";
      stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
      stream.on("end", () => {
        received.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  try {
    return await work((server.server.address() as AddressInfo).port, received);
  } finally {
    await new Promise<void>((resolve) => {
      server.close(resolve);
    });
  }
}

describe("kernelboard verify_env", () => {
  it("says of each item whether it is right, in order, and ends with what is not", async () => {
    const { code, stdout, stderr } = await run(["verify_env"], {
      ...environment,
      REDIS_PORT: "1",
      BACKEND_VOLUME_DIR: "/no/such",
    });
    expect(code).toBe(1);
    expect(stdout.startsWith("Starting environment verification...\n\nVerification results:\n")).toBe(true);
    expect(stdout.split("\n").slice(3, -1)).toEqual([
      "  PASS db:default: Connected to DB alias 'default' and got result: (1,)",
      expect.stringMatching(
        /^ {2}FAIL redis: Failed connecting to Redis at 127\.0\.0\.1:1\/0: .*ECONNREFUSED/,
      ),
      "  PASS email:config: EMAIL_BACKEND=django.core.mail.backends.smtp.EmailBackend",
      "  PASS email:server: EMAIL_HOST=smtp.gmail.com EMAIL_PORT=587",
      "  PASS email:sender: EMAIL_HOST_USER=bot@kernelci.org",
      "  FAIL email:password: EMAIL_HOST_PASSWORD is empty (SMTP authentication likely fails)",
      "  FAIL storage:BACKEND_DATA_DIR: Path does not exist: /no/such/data (use --create-dirs to create)",
      "  FAIL storage:BACKEND_VOLUME_DIR: Path does not exist: /no/such (use --create-dirs to create)",
      "  FAIL storage:notifs-subscriptions: Path does not exist: /no/such/data/notifications/subscriptions (use --create-dirs to create)",
      "  FAIL storage:sqlite:cache_sqlite: Path does not exist: /no/such (use --create-dirs to create)",
      "  FAIL storage:sqlite:notifications_sqlite: Path does not exist: /no/such (use --create-dirs to create)",
      "  FAIL env:DJANGO_SECRET_KEY: DJANGO_SECRET_KEY is not set (using default insecure key)",
      "  PASS env:DB_PASSWORD: DB_PASSWORD is set",
      "  FAIL env:EMAIL_HOST_PASSWORD: EMAIL_HOST_PASSWORD is not set",
      "  PASS env:DISCORD_WEBHOOK_URL: DISCORD_WEBHOOK_URL is not set (notifications to Discord will be skipped)",
    ]);
    expect(stderr.split("\n")[0]).toBe("CommandError: Environment verification failed:");
    expect(stderr).toMatch(/^EMAIL_HOST_PASSWORD is not set$/m);
  });

  it("makes directories that are missing when it is told to", async () => {
    const volume = join(await temporaryDirectory(), "volume");
    const { code, lines } = await results(["--check-storage", "--create-dirs"], {
      BACKEND_VOLUME_DIR: volume,
    });
    expect([code, lines]).toEqual([
      0,
      [
        `PASS storage:BACKEND_DATA_DIR: ${volume}/data exists and is writable (created by --create-dirs)`,
        `PASS storage:BACKEND_VOLUME_DIR: ${volume} exists and is writable`,
        `PASS storage:notifs-subscriptions: ${volume}/data/notifications/subscriptions exists and is writable (created by --create-dirs)`,
        `PASS storage:sqlite:cache_sqlite: ${volume} exists and is writable`,
        `PASS storage:sqlite:notifications_sqlite: ${volume} exists and is writable`,
        "Environment verification passed.",
      ],
    ]);
    await writeFile(join(volume, "file"), "");
    const file = await results(["--check-storage"], { BACKEND_VOLUME_DIR: join(volume, "file") });
    expect(file.lines).toContain(
      `FAIL storage:BACKEND_VOLUME_DIR: Unable to validate path '${volume}/file': it is not a directory`,
    );
  });

  it("tells where secrets are from, and which file cannot be read", async () => {
    const folder = await temporaryDirectory();
    await writeFile(join(folder, "db"), "secret-of-file\n");
    await mkdir(join(folder, "not-a-file"));
    const { DB_PASSWORD: _password, ...others } = environment;
    const { code, stdout } = await run(["verify_env", "--check-env"], {
      ...others,
      DB_PASSWORD_FILE: join(folder, "db"),
      EMAIL_HOST_PASSWORD_FILE: join(folder, "none"),
      DJANGO_SECRET_KEY: "abc=",
      DISCORD_WEBHOOK_URL: "https://discord.com/api/webhooks/1/secret-of-hook",
    });
    expect(code).toBe(1);
    expect(stdout).not.toContain("secret-of-");
    expect(stdout.split("\n").slice(3, -1)).toEqual([
      "  PASS env:DJANGO_SECRET_KEY: DJANGO_SECRET_KEY is set",
      `  PASS env:DB_PASSWORD: DB_PASSWORD loaded from file ${folder}/db`,
      `  FAIL env:EMAIL_HOST_PASSWORD: EMAIL_HOST_PASSWORD_FILE is set but unreadable/missing: ${folder}/none`,
      "  PASS env:DISCORD_WEBHOOK_URL: DISCORD_WEBHOOK_URL is set",
    ]);
    const whole = await run(["verify_env", "--check-env", "--json"], {
      DB_DEFAULT: '{"PASSWORD":"x"}',
      EMAIL_BACKEND: "django.core.mail.backends.console.EmailBackend",
    });
    expect(JSON.parse(whole.stdout)).toMatchObject([
      { item: "env:DJANGO_SECRET_KEY", passed: false },
      { item: "env:DB_PASSWORD", passed: true, message: "DB_PASSWORD is set" },
      { item: "env:EMAIL_HOST_PASSWORD", passed: true },
      { item: "env:DISCORD_WEBHOOK_URL", passed: true },
    ]);
  });

  it("knows one database, and says why it cannot be asked", async () => {
    const { code, lines } = await results(["--check-db", "--database-alias", "default,other"]);
    expect([code, lines]).toEqual([
      1,
      [
        "PASS db:default: Connected to DB alias 'default' and got result: (1,)",
        "FAIL db:other: Database alias 'other' is not defined in settings",
      ],
    ]);
    const away = await results(["--check-db"], { DB_PORT: "1" });
    expect(away.lines).toEqual([
      expect.stringMatching(/^FAIL db:default: Failed connecting DB alias 'default': /),
    ]);
    const folder = await temporaryDirectory();
    const { stderr } = await run(["verify_env", "--check-db"], {
      KERNELBOARD_DATA_DIR: join(folder, "none"),
    });
    expect(stderr).toContain("Failed connecting DB alias 'default': there is none in");
  });

  it.skipIf(!redisAnswers)("asks the Redis of the settings, or of its options", async () => {
    const { host, port } = REDIS;
    expect((await results(["--check-redis"], { REDIS_URL: `redis://${host}:${port}/3` })).lines).toEqual([
      `PASS redis: Connected to Redis at ${host}:${port}/3 (PING=True)`,
      "Environment verification passed.",
    ]);
    const zero = await results(["--check-redis", "--redis-db", "0"], { REDIS_HOST: host, REDIS_DB: "3" });
    expect(zero.lines[0]).toBe(`PASS redis: Connected to Redis at ${host}:${port}/0 (PING=True)`);
    const refused = await results(["--check-redis", "--redis-db", "99999"], { REDIS_HOST: host });
    expect(refused.lines).toEqual([expect.stringContaining("Failed connecting to Redis at")]);
  });

  it("says what is no Redis at all", async () => {
    expect((await results(["--check-redis", "--redis-port", "many"])).lines).toEqual([
      "FAIL redis: Invalid Redis configuration for 127.0.0.1:many/0: 'many' is no port",
    ]);
    const wrong = await results(["--check-redis"], { REDIS_URL: "http://secret-of-redis@x" });
    expect(wrong.lines).toEqual([
      expect.stringContaining("Invalid Redis configuration for 127.0.0.1:6379/0"),
    ]);
  });

  it("connects to the mail server, and sends a test mail", async () => {
    await withMailServer(async (port, received) => {
      const mail = {
        EMAIL_HOST: "127.0.0.1",
        EMAIL_PORT: String(port),
        EMAIL_USE_TLS: "False",
        EMAIL_HOST_USER: "bot@example.org",
        EMAIL_HOST_PASSWORD: "secret-of-mail",
      };
      const opened = await results(["--check-email"], mail);
      expect([opened.code, opened.lines.at(-2)]).toEqual([
        0,
        "PASS email:smtp: SMTP backend opened successfully",
      ]);
      expect(received).toEqual([]);

      const args = [
        "--send-test-email",
        "--to-email",
        "a@example.org",
        "--cc",
        "b@example.org, c@example.org",
      ];
      const { code, stdout } = await run(["verify_env", ...args], { ...environment, ...mail });
      expect(code).toBe(0);
      expect(stdout.split("\n")[0]).toBe(
        "WARNING: This will attempt to send a real email using the configured SMTP settings.",
      );
      expect(stdout).toContain("  PASS email:test: Test email sent successfully\n");
      expect(received.map(({ to }) => to)).toEqual([["a@example.org", "b@example.org", "c@example.org"]]);
      expect(received[0]?.text).toMatch(/^From: KernelCI Dashboard <bot@example\.org>\r$/m);
      expect(received[0]?.text).toMatch(/^Subject: KernelCI email check\r$/m);

      // TLS is demanded, and this server has none.
      const strict = await results(["--check-email"], { ...mail, EMAIL_USE_TLS: "true" });
      expect([strict.code, strict.lines.at(-1)]).toEqual([
        1,
        expect.stringMatching(/^FAIL email:smtp: SMTP backend connection failed: /),
      ]);
      const password = await results(args, { ...mail, EMAIL_HOST_PASSWORD: "secret-of-else" });
      expect(password.lines.slice(-2)).toEqual([
        expect.stringMatching(/^FAIL email:smtp: SMTP backend connection failed: Invalid login/),
        expect.stringMatching(/^FAIL email:test: Test email send failed: /),
      ]);
      expect(received).toHaveLength(1);
    });
    expect(await run(["verify_env", "--send-test-email"], environment)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "CommandError: --send-test-email requires --to-email to be set.\n",
    });
  });
});
