/** The tables of `docs/settings.md`, `docs/commands.md` and `docs/features.md` say what there is, and nothing else. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadSettings } from "../src/settings.ts";
import { run } from "./support/program.ts";
import { PROJECT, SHARED } from "./support/shared.ts";

/** The first cells of the rows whose first cell is a name in backquotes. */
function rowsOf(markdown: string): { name: string; cells: string[] }[] {
  return [...markdown.matchAll(/^\| `([^`]+)` *\|(.*)\|$/gm)].map(([, name = "", rest = ""]) => ({
    name,
    cells: rest.split("|").map((cell) => cell.trim()),
  }));
}

/** Which variables are looked for depends on the kind of database, so all kinds are tried. */
function namesThatAreRead(): Set<string> {
  const environments = [{}, { DB_HOST: "x" }, { DB_DEFAULT: "{}" }, { REDIS_URL: "redis://x" }];
  return new Set(environments.flatMap((environment) => [...loadSettings(environment).names]));
}

describe("docs/settings.md", () => {
  let read: string[];
  let unread: string[];
  beforeAll(async () => {
    const text = await readFile(join(PROJECT, "docs", "settings.md"), "utf8");
    const [used = "", others = ""] = text.split(
      "## Variables of the reference implementation that are not read",
    );
    read = rowsOf(used).map(({ name }) => name);
    unread = rowsOf(others).map(({ name }) => name);
  });

  it("lists every variable that is read, once, with a default that is true", async () => {
    expect([...read].sort()).toEqual([...namesThatAreRead()].sort());
    expect(unread.filter((name) => namesThatAreRead().has(name))).toEqual([]);
    expect(new Set(unread).size).toBe(unread.length);
    const text = await readFile(join(PROJECT, "docs", "settings.md"), "utf8");
    const sources = [{}, { DB_HOST: "x" }].flatMap((environment) => loadSettings(environment).sources);
    for (const { name, cells } of rowsOf(text)) {
      const source = sources.find((candidate) => candidate.name === name && candidate.from === "default");
      if (source === undefined || source.value === "********") continue;
      expect([name, cells[0]?.replaceAll("`", "")]).toEqual([name, source.value]);
    }
  });

  it("lists every variable of the reference implementation, read or not", async () => {
    const text = await readFile(join(PROJECT, "docs", "settings.md"), "utf8");
    const named = new Set([...text.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map((match) => match[1]));
    const missing = REFERENCE_VARIABLES.filter((name) => !named.has(name));
    expect(missing).toEqual([]);
  });
});

const OPTIONS = "## Options of commands that change something";

describe("docs/commands.md", () => {
  it("lists every command of the program, and none that is not there", async () => {
    const { stdout } = await run(["--help"]);
    const [, list = ""] = stdout.split("Commands:\n");
    const there = [...list.matchAll(/^ {2}([\w-]+)/gm)].map((match) => match[1]);
    expect(there.length).toBeGreaterThan(10);
    const [commands = ""] = (await readFile(join(PROJECT, "docs", "commands.md"), "utf8")).split(OPTIONS);
    const rows = rowsOf(commands);
    const inState = (...states: string[]): string[] =>
      rows.filter(({ cells }) => states.includes(cells[0] ?? "")).map(({ name }) => name);
    expect(inState("there").sort()).toEqual([...there].sort());
    expect(inState("there", "not yet", "never")).toHaveLength(rows.length);
  });

  it("says which of the common options each command that changes something has", async () => {
    const [, options = ""] = (await readFile(join(PROJECT, "docs", "commands.md"), "utf8")).split(OPTIONS);
    const rows = rowsOf(options);
    expect(rows.length).toBeGreaterThan(10);
    const found = [];
    for (const { name } of rows) {
      const { code, stdout } = await run([...name.split(" "), "--help"]);
      expect([name, code]).toEqual([name, 0]);
      const has = ["--dry-run", "--yes", "--json"].map((option) =>
        new RegExp(`^ +${option}\\b`, "m").test(stdout) ? "yes" : "no",
      );
      found.push({ name, cells: has });
    }
    expect(found).toEqual(rows);
  });
});

const CHAPTER = join(SHARED, "spec", "08-operations.md");
const noChapter = existsSync(CHAPTER) ? undefined : "there is no ../shared/spec beside the project";
if (noChapter !== undefined) console.warn(`${noChapter}: docs/features.md is not held against it`);

/** Cells of the table under the first header that begins with a text, of the rows below it. */
function tableUnder(markdown: string, header: string): string[][] {
  const lines = markdown.slice(markdown.indexOf(header)).split("\n");
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(2, end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe("docs/features.md", () => {
  let rows: string[][];
  beforeAll(async () => {
    rows = tableUnder(await readFile(join(PROJECT, "docs", "features.md"), "utf8"), "| Section ");
  });

  it.skipIf(noChapter !== undefined)(
    "has every row of chapter 08, section 1, with its variables",
    async () => {
      const chapter = tableUnder(await readFile(CHAPTER, "utf8"), "| README section |");
      expect(chapter.length).toBeGreaterThan(10);
      const section = (cell = ""): string => cell.replace('("external") ', "");
      expect(rows.map(([name]) => name)).toEqual(chapter.map(([name]) => section(name)));
      for (const [index, [name, feature = ""]] of chapter.entries()) {
        const names = [...feature.matchAll(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g)].map(([variable]) => variable);
        const here = rows[index]?.join(" ") ?? "";
        expect([name, names.filter((variable) => !here.includes(variable))]).toEqual([name, []]);
      }
    },
  );

  it("names files that there are", () => {
    const named = rows.flatMap((cells) => [
      ...(cells[3] ?? "").matchAll(/`([\w./-]+\.(?:md|ts|sh|mjs|json)|Dockerfile)`/g),
    ]);
    expect(named.length).toBeGreaterThan(10);
    expect(named.map(([, path = ""]) => path).filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
    expect(rows.filter(([, , state = ""]) => !/^(there|differs)/.test(state))).toEqual([]);
  });
});

/** Of chapter 08, section 2; those of Compose files and of the front end's build too. */
const REFERENCE_VARIABLES = `
  DB_DEFAULT DB_NAME DB_USER DB_PASSWORD DB_HOST DB_PORT DB_ENGINE DB_CONN_MAX_AGE DB_CONN_HEALTH_CHECKS
  DB_OPTIONS_CONNECT_TIMEOUT DB_PASSWORD_FILE APP_DB_USER APP_DB DEBUG_DB_VARS
  DB_DEFAULT_ENGINE DB_DEFAULT_NAME DB_DEFAULT_USER DB_DEFAULT_PASSWORD DB_DEFAULT_HOST DB_DEFAULT_PORT
  DB_DEFAULT_CONN_MAX_AGE DB_DEFAULT_TIMEOUT
  DJANGO_SECRET_KEY DJANGO_SETTINGS_MODULE DEBUG ALLOWED_HOSTS CORS_ALLOWED_ORIGINS CORS_ALLOW_ALL_ORIGINS REDIS_HOST
  CACHE_TIMEOUT DEFAULT_ORIGIN_LISTING_INTERVAL_IN_DAYS BACKEND_VOLUME_DIR PROMETHEUS_METRICS_ENABLED
  PROMETHEUS_METRICS_PORT PROMETHEUS_MULTIPROC_DIR SKIP_CRONJOBS CRONTAB_COMMAND_SUFFIX HARDWARE_REGISTRY_INDEX_URL
  HEALTHCHECK_ID_DELETE_UNUSED_HARDWARE_STATUS HEALTHCHECK_ID_NOTIFICATIONS_HARDWARE_SUMMARY
  HEALTHCHECK_ID_NOTIFICATIONS_METRICS_SUMMARY HEALTHCHECK_ID_NOTIFICATIONS_NEW_ISSUES
  HEALTHCHECK_ID_NOTIFICATIONS_SUMMARY_MICROSOFT HEALTHCHECK_ID_NOTIFICATIONS_SUMMARY_MAESTRO
  DISCORD_WEBHOOK_URL EMAIL_BACKEND EMAIL_HOST EMAIL_PORT EMAIL_USE_TLS EMAIL_HOST_USER EMAIL_HOST_PASSWORD
  DEBUG_SQL_QUERY ENABLE_LOGGING PYTHONOPTIMIZE PYTHONUNBUFFERED RUN_MAIN TEST_BASE_URL DASHBOARD_BACKEND_DIR
  VERBOSE CONVERT_LOG_EXCERPT LOGEXCERPT_THRESHOLD STORAGE_TOKEN STORAGE_BASE_URL CACHE_LOGS_SIZE_LIMIT
  INGEST_FILES_BATCH_SIZE INGEST_CYCLE_BATCH_SIZE INGEST_BATCH_SIZE INGEST_QUEUE_MAXSIZE INGESTER_METRICS_PORT
  INGEST_FLUSH_TIMEOUT_SEC PROCESS_PENDING_MAX_RETRIES
  IMAGE_REGISTRY IMAGE_OWNER IMAGE_REPOSITORY IMAGE_TAG DASHBOARD_VERSION ANUBIS_IMAGE ANUBIS_COOKIE_SECURE
  DB_PORT_PUBLISHED STAGING_EXTERNAL_HTTP_PORT EXTERNAL_HTTP_PORT EXTERNAL_HTTPS_PORT EXTERNAL_PROM_METRICS_PORT
  SSL_CHAIN_FILE SSL_KEY_FILE PROXY_TARGET INGESTER_SPOOL_DIR PENDING_AGGREGATIONS_METRICS_PORT TEST_DB_HOST TEST_DB_PORT
  VITE_API_BASE_URL VITE_FEATURE_FLAG_SHOW_DEV VITE_DASHBOARD_VERSION PLAYWRIGHT_TEST_BASE_URL`
  .trim()
  .split(/\s+/);
