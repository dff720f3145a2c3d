import { describe, expect, it } from "vitest";
import { loadSettings } from "./settings.ts";

const noFiles = (path: string): string => {
  throw new Error(`ENOENT: ${path}`);
};
const load = (environment: Record<string, string>, readFile = noFiles): ReturnType<typeof loadSettings> =>
  loadSettings(environment, readFile);
const external = { DB_HOST: "db.example.org" };

describe("loadSettings", () => {
  it("uses the embedded database unless an external one is asked for", () => {
    expect(load({}).settings.database).toEqual({ kind: "embedded", dataDir: "./data" });
    expect(load({ KERNELBOARD_DATA_DIR: "/srv/kb" }).settings.database).toEqual({
      kind: "embedded",
      dataDir: "/srv/kb",
    });
    for (const asking of [{ DB_HOST: "h" }, { DB_NAME: "n" }, { DB_DEFAULT: "{}" }]) {
      expect(load(asking).settings.database.kind).toBe("external");
    }
    expect(load({ DB_USER: "u", DB_DEFAULT: "" }).settings.database.kind).toBe("embedded");
  });

  it("has the reference's defaults", () => {
    expect(load(external).settings.database).toEqual({
      kind: "external",
      name: "dashboard",
      user: "admin",
      password: "admin",
      host: "db.example.org",
      port: 5432,
      connectTimeoutSeconds: 16,
      connectionMaxAgeSeconds: 0,
      sslMode: "prefer",
    });
  });

  it("takes DB_DEFAULT key by key, and says so where it differs from DB_*", () => {
    const whole = JSON.stringify({
      ENGINE: "django.db.backends.postgresql",
      NAME: "kernelci",
      PASSWORD: 'a"b',
      PORT: "5433",
      CONN_MAX_AGE: null,
      OPTIONS: { connect_timeout: 2, sslmode: "disable" },
    });
    const { settings, warnings, sources } = load({ DB_DEFAULT: whole, DB_NAME: "other", DB_USER: "me" });
    expect(settings.database).toEqual({
      kind: "external",
      name: "kernelci",
      user: "me",
      password: 'a"b',
      host: "127.0.0.1",
      port: 5433,
      connectTimeoutSeconds: 2,
      connectionMaxAgeSeconds: null,
      sslMode: "disable",
    });
    expect(warnings).toEqual(["DB_DEFAULT and DB_NAME are both set and differ; DB_DEFAULT is used"]);
    expect(sources.find(({ name }) => name === "DB_NAME")).toMatchObject({
      value: "kernelci",
      from: "DB_DEFAULT",
    });
  });

  it("takes the older names as aliases", () => {
    const { settings, sources } = load({
      DB_DEFAULT_HOST: "old",
      DB_DEFAULT_NAME: "kb",
      DB_DEFAULT_CONN_MAX_AGE: "null",
      DB_DEFAULT_TIMEOUT: "2",
    });
    expect(settings.database).toMatchObject({
      host: "old",
      name: "kb",
      connectionMaxAgeSeconds: null,
      connectTimeoutSeconds: 2,
    });
    expect(sources.find(({ name }) => name === "DB_HOST")).toMatchObject({
      value: "old",
      from: "DB_DEFAULT_HOST",
    });
  });

  it("reads secrets from files, less one line end, and never shows them", () => {
    const { settings, sources } = load(
      { ...external, DB_PASSWORD_FILE: "/run/secrets/db" },
      () => " hunter  2*\n\n",
    );
    expect(settings.database).toMatchObject({ password: " hunter  2*\n" });
    expect(JSON.stringify(sources)).not.toContain("hunter");
    expect(sources.find(({ name }) => name === "DB_PASSWORD")).toMatchObject({
      value: "********",
      from: "file /run/secrets/db",
    });
  });

  it.each<[Record<string, string>, string]>([
    [{ PORT: "abc" }, "PORT: 'abc' is not a whole number; example: PORT=8000"],
    [{ PORT: "" }, "PORT: '' is not a whole number; example: PORT=8000"],
    [{ PORT: "70000" }, "PORT: 70000 is above 65535; example: PORT=8000"],
    [
      { ALLOWED_HOSTS: "localhost" },
      `ALLOWED_HOSTS: is not valid JSON; example: ALLOWED_HOSTS=["dashboard.example.org"]`,
    ],
    [{ ALLOWED_HOSTS: '"localhost"' }, "ALLOWED_HOSTS: must be a JSON list of strings"],
    [{ CORS_ALLOWED_ORIGINS: '["x.example.org"]' }, "'x.example.org' is no origin of the form scheme://host"],
    [{ DASHBOARD_URL: "d.example.org" }, "'d.example.org' is no address of the form http(s)://host"],
    [
      { STORAGE_BASE_URL: "files.example.org" },
      "'files.example.org' is no address of the form http(s)://host",
    ],
    [{ STORAGE_BASE_URL: "ftp://files.example.org" }, "is no address of the form http(s)://host"],
    [{ STORAGE_BASE_URL: "https://me:pw@files.example.org" }, "must not have a user, a password"],
    [{ STORAGE_BASE_URL: "https://files.example.org/?a=b" }, "must not have a user, a password, a query"],
    [{ STORAGE_TOKEN: "a b" }, "STORAGE_TOKEN: must consist of visible ASCII characters"],
    [{ LOGEXCERPT_THRESHOLD: "-1" }, "LOGEXCERPT_THRESHOLD: -1 is below 0"],
    [{ CACHE_LOGS_SIZE_LIMIT: "many" }, "CACHE_LOGS_SIZE_LIMIT: 'many' is not a whole number"],
    [{ KERNELBOARD_LOG_LEVEL: "loud" }, "'loud' is none of trace, debug"],
    [{ ...external, DB_PORT: "5432a" }, "DB_PORT: '5432a' is not a whole number"],
    [{ ...external, DB_ENGINE: "mysql" }, "DB_ENGINE: 'mysql' is not PostgreSQL"],
    [{ ...external, DB_USER: "<DB-USER>" }, "DB_USER: still contains the placeholder <DB-USER>"],
    [
      { DB_DEFAULT: '{"PASSWORD":"<DB-PASSWORD>"}' },
      "DB_DEFAULT: still contains the placeholder <DB-PASSWORD>",
    ],
    [{ DB_DEFAULT: "{" }, "DB_DEFAULT: is not valid JSON"],
    [{ DB_DEFAULT: "[]" }, "DB_DEFAULT: must be a JSON object"],
    [{ DB_DEFAULT: '{"PORT":true}' }, "DB_DEFAULT: PORT must be a whole number"],
    [{ DB_DEFAULT: '{"OPTIONS":{"sslmode":"on"}}' }, "DB_DEFAULT: OPTIONS.sslmode must be one of disable"],
    [
      { ...external, DB_PASSWORD: "a", DB_PASSWORD_FILE: "/f" },
      "both DB_PASSWORD and DB_PASSWORD_FILE are set (but are exclusive)",
    ],
    [{ ...external, DB_PASSWORD_FILE: "/f" }, "DB_PASSWORD_FILE: cannot be read (ENOENT: /f)"],
    [
      { KERNELBOARD_SUBMIT_SECRET: "hunter2" },
      "KERNELBOARD_SUBMIT_SECRET: has 7 bytes, and needs 32 or more (JWT_SECRET stands in for it); example:",
    ],
    [{ JWT_SECRET: "x".repeat(31) }, "KERNELBOARD_SUBMIT_SECRET: has 31 bytes, and needs 32 or more"],
    [{ KERNELBOARD_SUBMIT_MAX_BYTES: "536870913" }, "KERNELBOARD_SUBMIT_MAX_BYTES: 536870913 is above"],
    [{ KERNELBOARD_SPOOL_MAX_FILES: "0" }, "KERNELBOARD_SPOOL_MAX_FILES: 0 is below 1"],
  ])("refuses %j in one line", (environment, message) => {
    let text = "";
    try {
      load(environment);
    } catch (error) {
      text = error instanceof Error ? error.message : "";
    }
    expect(text).toContain(message);
    expect(text).not.toContain("\n");
  });

  it("moves no log excerpts and shows no metrics unless it is told to", () => {
    const { settings } = load({});
    expect(settings.excerpts).toEqual({
      convert: false,
      threshold: 256,
      token: undefined,
      baseUrl: "https://files-staging.kernelci.org",
      cacheEntries: 100_000,
    });
    expect(settings.metrics).toEqual({
      enabled: false,
      hasMultiprocDir: false,
      ingesterPort: 8002,
      webPort: 8001,
      pendingPort: 8001,
    });
  });

  it("reads where log excerpts go, and never shows the token", () => {
    const { settings, sources } = load({
      STORAGE_BASE_URL: "http://Files.example.org/a//",
      STORAGE_TOKEN: "s3cret",
    });
    expect(settings.excerpts).toMatchObject({ baseUrl: "http://files.example.org/a", token: "s3cret" });
    expect(JSON.stringify(sources)).not.toContain("s3cret");
    expect(load({ STORAGE_TOKEN: "" }).settings.excerpts.token).toBeUndefined();
    expect(load({ STORAGE_TOKEN_FILE: "/f" }, () => "from-a-file\n").settings.excerpts.token).toBe(
      "from-a-file",
    );
  });

  it("takes any metrics directory as a wish for metrics, and a bad port as its default", () => {
    const { settings, warnings } = load({ PROMETHEUS_MULTIPROC_DIR: "/tmp/x", INGESTER_METRICS_PORT: "x" });
    expect(settings.metrics).toEqual({
      enabled: false,
      hasMultiprocDir: true,
      ingesterPort: 8002,
      webPort: 8001,
      pendingPort: 8001,
    });
    expect(warnings).toEqual(["Invalid INGESTER_METRICS_PORT, using default 8002"]);
  });

  it("falls back with a warning for the variables that operators know to be lenient", () => {
    const { settings, warnings } = load({ INGEST_BATCH_SIZE: "many", INGEST_CYCLE_BATCH_SIZE: "0" });
    expect(settings.ingest).toMatchObject({ batchSize: 10_000, cycleBatchSize: 50_000 });
    expect(warnings).toEqual([
      "Invalid INGEST_CYCLE_BATCH_SIZE, using default 50000",
      "Invalid INGEST_BATCH_SIZE, using default 10000",
    ]);
    expect(() => load({ INGEST_FILES_BATCH_SIZE: "many" })).toThrow("INGEST_FILES_BATCH_SIZE");
  });

  it("takes the secret of submitters under either name, and from a file, and never shows it", () => {
    const secret = "0123456789abcdef0123456789abcdef";
    for (const [environment, from] of [
      [{ KERNELBOARD_SUBMIT_SECRET: secret }, "environment"],
      [{ JWT_SECRET: secret }, "JWT_SECRET"],
      [{ KERNELBOARD_SUBMIT_SECRET_FILE: "/run/secrets/submit" }, "file /run/secrets/submit"],
    ] as const) {
      const { settings, sources } = load(environment, () => `${secret}\n`);
      expect(settings.submissions.secret).toBe(secret);
      expect(sources.find(({ name }) => name === "KERNELBOARD_SUBMIT_SECRET")?.from).toBe(from);
      expect(JSON.stringify(sources)).not.toContain(secret);
    }
    expect(load({}).settings.submissions).toEqual({
      spoolDir: undefined,
      secret: undefined,
      maxBytes: 536_870_912,
      maxWaitingFiles: 100_000,
      minFreeBytes: 268_435_456,
    });
    expect(load({ JWT_SECRET: "" }).settings.submissions.secret).toBeUndefined();
  });

  it("takes limits and proxies, and says what is wrong with them", () => {
    const proxies = (value: string): string[] =>
      load({ KERNELBOARD_TRUSTED_PROXIES: value }).settings.security.trustedProxies;
    expect(proxies('["10.0.0.0/8", "::1", "uniquelocal"]')).toEqual(["10.0.0.0/8", "::1", "uniquelocal"]);
    expect(proxies("[]")).toEqual([]);
    expect(load({}).settings.security.trustedProxies).toEqual(["loopback"]);
    for (const wrong of ["10.0.0.0/33", "10.0.0/8", "proxy", "::1/64/1", ""])
      expect(() => proxies(JSON.stringify([wrong]))).toThrow(
        `KERNELBOARD_TRUSTED_PROXIES: '${wrong}' is no address`,
      );
    expect(() => load({ KERNELBOARD_POOL_SIZE: "2" })).toThrow("KERNELBOARD_POOL_SIZE: 2 is below 4");
    expect(() => load({ KERNELBOARD_WORKERS: "-1" })).toThrow("KERNELBOARD_WORKERS: -1 is below 0");
  });

  it("reads booleans as true only when they say so", () => {
    const debug = (value: string): boolean => load({ DEBUG: value }).settings.debug;
    expect(["true", "True", "TRUE"].map(debug)).toEqual([true, true, true]);
    expect(["1", "yes", "on", "", "false"].map(debug)).toEqual([false, false, false, false, false]);
  });

  it("takes numbers as the reference reads them", () => {
    expect(load({ PORT: " +8_080 " }).settings.http.port).toBe(8080);
  });
});
