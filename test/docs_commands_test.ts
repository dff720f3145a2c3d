/**
 * Each command in a code block of README.md and docs/ is run, or is on the list below with the reason why not. Those of
 * docs/migrating.md are run by `migrating_test.ts`.
 */
import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { atEndOfFile } from "./support/cleanup.ts";
import { createDatabase, EXTERNAL, externalProblem, type TestDatabase } from "./support/database.ts";
import {
  codeBlocks,
  commandsOf,
  DocShell,
  type DocCommand,
  type RunningCommand,
} from "./support/doc_commands.ts";
import { databaseEnvironment, type Outcome } from "./support/program.ts";
import { syntaxProblem } from "./support/program_syntax.ts";
import { PROJECT } from "./support/shared.ts";
import { ingestSmallWorld } from "./support/small_world.ts";
import { submission } from "./support/spool.ts";
import { upstream } from "./support/upstream.ts";

const CONTAINERS = "needs Docker and images that are built";
const KUBERNETES = "needs a cluster";
const ROOT = "changes the machine: users, system folders, services";
const MEASURES = "measures for minutes, on a machine of its own";
const FROM_NOTHING = "installs and builds everything; CI does it on a fresh clone";
const OTHER_PROGRAM = "a client of its own, run by test/clients where it is installed";

const NOT_RUN: Record<string, string> = {
  "npm ci && npm run demo": FROM_NOTHING,
  "npm ci && npm test": FROM_NOTHING,
  "npm ci && npm run build": FROM_NOTHING,
  "npm run build": FROM_NOTHING,
  "docker build -t kernelboard .": CONTAINERS,
  "docker run -e DB_HOST=... -e DB_PASSWORD=... -p 8000:8000 kernelboard": CONTAINERS,
  "cd deploy/compose && cp ../.env.example .env": CONTAINERS,
  "docker compose up -d": CONTAINERS,
  "docker compose -f compose.cluster.yml up -d": CONTAINERS,
  "cp deploy/kubernetes/secret.example.yaml secret.yaml": KUBERNETES,
  "kubectl -n kernelboard apply -f secret.yaml": KUBERNETES,
  "kubectl apply -k deploy/kubernetes/overlays/production": KUBERNETES,
  "useradd --system --home-dir /var/lib/kernelboard kernelboard": ROOT,
  "install -d -o kernelboard -g kernelboard -m 0750 /var/spool/kernelboard": ROOT,
  "install -D -m 0600 deploy/.env.example /etc/kernelboard/environment": ROOT,
  "cp deploy/systemd/kernelboard.service /etc/systemd/system/": ROOT,
  "systemctl enable --now kernelboard": ROOT,
  "node test/load/ingest.mjs --server external --workers 2": MEASURES,
  "node test/load/latency.mjs --server external": MEASURES,
  "node test/load/latency.mjs --server embedded": MEASURES,
  "node test/load/hot.mjs --server external": MEASURES,
  "node test/load/freshness.mjs --server external": MEASURES,
  "node test/load/freshness.mjs --server embedded": MEASURES,
  "node test/load/flood.mjs --server external --seconds 12": MEASURES,
  "node test/load/load.mjs --seconds 60": MEASURES,
  "node test/load/load.mjs --seconds 60 --think 10": MEASURES,
};
/** Beginnings of commands of several lines. */
const NOT_RUN_FROM: Record<string, string> = { "kci-dev submit build ": OTHER_PROGRAM };
/** Names of processes and connections, no command lines. */
const NAMES = ["kernelboard web 1", "kernelboard events"];

const OWN_TEST = "docs/migrating.md";
const pages = ["README.md", ...(await readdir(join(PROJECT, "docs"))).sort().map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith(".md"))
  // Tokens are made and submissions sent before anything asks for them.
  .sort((a, b) => rank(a) - rank(b));
function rank(page: string): number {
  const index = ["README.md", "docs/submitting.md"].indexOf(page);
  return index < 0 ? 2 : index;
}
const texts = new Map<string, string>();
for (const page of pages) texts.set(page, await readFile(join(PROJECT, page), "utf8"));

const same = (text: string): string => text.replaceAll("bin/kernelboard", "kernelboard");
const exception = ({ text }: DocCommand): string | undefined =>
  NOT_RUN[text] ?? Object.entries(NOT_RUN_FROM).find(([start]) => text.startsWith(start))?.[1];
const all = [...texts]
  .filter(([page]) => page !== OWN_TEST)
  .flatMap(([page, text]) => commandsOf(page, text));
/** A command that stands in two places is run once. */
const toRun = all
  .filter((command) => exception(command) === undefined)
  .filter(({ text }, index, list) => list.findIndex((other) => same(other.text) === same(text)) === index);

interface Plan {
  /** What a command shows that goes on until it is stopped. */
  until?: RegExp;
  /** It runs as long as the tests do. @param shown the first group of `until` */
  keep?: (shown: string) => void;
  before?: () => Promise<unknown>;
  after?: (outcome: Outcome) => unknown;
  /** Why it cannot be run here. */
  without?: string | undefined;
}

/** Whether something listens. */
const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => {
      resolve(false);
    });
  });
const external = await externalProblem();
const noDump =
  external ?? (spawnSync("pg_dump", ["--version"]).error === undefined ? undefined : "there is no pg_dump");
const noRedis = (await listens(6379)) ? undefined : "there is no Redis on 127.0.0.1:6379";
const noCurl = spawnSync("curl", ["--version"]).error === undefined ? undefined : "there is no curl";

const DUMP = "dashboard-20260131T020000Z.dump";
const SUBMISSION_ID = "1790f47f68cf1648b2be8fb8a5ae09bd";
const INDEX_URL =
  "https://raw.githubusercontent.com/kernelci/kernelci-pipeline/main/config/hardware_registry/index.yaml";
const REGISTRY = `
silicon_vendors: {ti: {id: ti, type: silicon_vendor, url: "https://www.ti.com"}}
platform_vendors: {}
processors: {}
system_modules: {}
platforms: {}
`;
/** With a test that is refused, as on the page. */
const RESULTS = submission({
  checkouts: [{ id: "maestro:c", origin: "maestro", tree_name: "mainline", git_commit_hash: "a".repeat(40) }],
  builds: [{ id: "maestro:b", checkout_id: "maestro:c", origin: "maestro", status: "PASS" }],
  tests: [
    { id: "maestro:t1", build_id: "maestro:b", origin: "maestro", status: "PASS" },
    { id: "maestro:t2", build_id: "maestro:b", origin: "maestro", status: "BROKEN" },
  ],
});

let database: TestDatabase;
let shell: DocShell;
let server: RunningCommand | undefined;

/** What a command needs before it, or leaves for those after it. */
const PLANS: Record<string, Plan> = {
  "kernelboard migrate": { after: () => ingestSmallWorld(database.connection) },
  "kernelboard serve --spool-dir /spool": {
    until: /Listening on http:\/\/(\S+)\//,
    keep: (address) => {
      shell.replacements.push(["127.0.0.1:8000", address]);
    },
  },
  "kernelboard token create --origin maestro --expires 90d": {
    after: ({ stdout }) => (shell.environment.TOKEN = stdout.trim()),
  },
  'curl --fail-with-body -H "Authorization: Bearer $TOKEN" --data-binary @results.json http://127.0.0.1:8000/submit':
    {
      without: noCurl,
      after: ({ stdout }) => {
        const { id } = JSON.parse(stdout) as { id: string };
        shell.replacements.push([SUBMISSION_ID, id]);
      },
    },
  [`kernelboard submission show ${SUBMISSION_ID} --spool-dir /spool`]: { without: noCurl },
  "curl -N 'http://127.0.0.1:8000/api/events?tree=mainline&tree=next'": {
    without: noCurl,
    until: /event: hello/,
  },
  "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 kernelboard serve": { until: /Listening on/ },
  "kernelboard verify_env": { without: noRedis },
  "kernelboard rollups verify": {
    before: () => database.pool.query("update tree_listing set test_pass = test_pass + 1"),
  },
  "kernelboard process_pending_aggregations --loop --interval 5": { until: /Sleeping for/ },
  "DB_HOST=db DB_USER=admin DB_PASSWORD=... deploy/backup/dump.sh /backup 30": {
    without: noDump,
    after: ({ stdout }) => shell.replacements.unshift([DUMP, stdout.trim().split("/").at(-1) ?? ""]),
  },
  [`DB_HOST=db DB_USER=admin DB_PASSWORD=... deploy/backup/restore.sh /backup/${DUMP} dashboard_new`]: {
    without: noDump,
  },
};

beforeAll(async () => {
  database = await createDatabase(external === undefined ? EXTERNAL : inject("connection"));
  atEndOfFile(database.drop);
  const restored = `${database.connection.database}_new`;
  atEndOfFile(() => database.pool.query(`drop database if exists ${restored} with (force)`));
  const port = await upstream((request, response) =>
    response.end(request.url === "/index.yaml" ? "registries: [ti.yaml]" : REGISTRY),
  );
  const index = `http://127.0.0.1:${port}/index.yaml`;
  shell = await DocShell.create({
    ...databaseEnvironment(database.connection),
    // The external server may ask for none, but `verify_env` wants to see one.
    ...(database.connection.password === "" ? { DB_PASSWORD: "not-asked-for" } : {}),
    PORT: "0",
    // So that a loop without work is heard of.
    KERNELBOARD_LOG_LEVEL: "debug",
    KERNELBOARD_WORKERS: "1",
    KERNELBOARD_SUBMIT_SECRET: "0123456789abcdef0123456789abcdef",
    DJANGO_SECRET_KEY: "h8Jk2mQw9ZxCv5Bn7Lp3Rt6Ys1Df4Gh0Kl2Mn8Qw5Er7Ty9Ui3OpAsDfGhJkLzXc",
    EMAIL_BACKEND: "django.core.mail.backends.locmem.EmailBackend",
    HARDWARE_REGISTRY_INDEX_URL: index,
    BACKEND_VOLUME_DIR: "volume",
    BACKEND_DATA_DIR: "volume/data",
  });
  await mkdir(join(shell.folder, "volume", "data", "notifications", "subscriptions"), { recursive: true });
  await writeFile(join(shell.folder, "results.json"), JSON.stringify(RESULTS));
  shell.replacements.push(
    ["DB_HOST=db DB_USER=admin DB_PASSWORD=... ", ""],
    [" /spool", ` ${shell.folder}/spool`],
    [" /backup", ` ${shell.folder}/backup`],
    ["=/volume_data", `=${shell.folder}/volume`],
    ["dashboard_new", restored],
    ["http://collector:4318", "http://127.0.0.1:1"],
    ["maestro:3d61d9b0f15f1791ae8f1642", "o:c00"],
    [INDEX_URL, index],
  );
});
afterAll(async () => {
  if (server !== undefined) expect((await server.stop()).code).toBe(0);
});

/** Runs a command that goes on until it is stopped. */
async function runForAWhile({ text }: DocCommand, { until, keep }: Plan): Promise<void> {
  const running = await shell.runUntil(text, until ?? /$/);
  if (keep !== undefined) {
    keep(running.shown);
    server = running;
    return;
  }
  const { code } = await running.stop();
  // curl is ended by the signal, the program ends by itself.
  expect(code).toBe(text.startsWith("curl") ? null : 0);
}

describe("commands of the documentation", () => {
  it.each(toRun.map((command) => ({ ...command, where: `${command.doc}:${command.line} ${command.text}` })))(
    "$where",
    async (command) => {
      const plan = PLANS[same(command.text)] ?? {};
      if (plan.without !== undefined) {
        console.warn(`${plan.without}: not run: ${command.text}`);
        return;
      }
      await plan.before?.();
      if (plan.until !== undefined) {
        await runForAWhile(command, plan);
        return;
      }
      const outcome = await shell.run(command.text);
      expect({ ...outcome, code: outcome.code }).toEqual({ ...outcome, code: command.exitCode });
      await plan.after?.(outcome);
    },
  );

  it("are known: those that are not run, and what is done around others", () => {
    const there = all.map(({ text }) => text);
    expect(Object.keys(NOT_RUN).filter((text) => !there.includes(text))).toEqual([]);
    expect(
      Object.keys(NOT_RUN_FROM).filter((start) => !there.some((text) => text.startsWith(start))),
    ).toEqual([]);
    expect(Object.keys(PLANS).filter((text) => !there.some((other) => same(other) === text))).toEqual([]);
    expect(toRun.length).toBeGreaterThan(30);
  });

  it("could be run where they are not: commands, options, scripts and files are there", async () => {
    const problems = [];
    for (const command of all.filter((candidate) => exception(candidate) !== undefined)) {
      const problem = await syntaxProblem(command.text);
      if (problem !== undefined) problems.push(`${command.doc}:${command.line}: ${problem}`);
    }
    expect(problems).toEqual([]);
  });
});

describe("the documentation", () => {
  it("says of each code block what it is in, so that none with commands is overlooked", () => {
    const unnamed = [...texts].flatMap(([page, text]) =>
      codeBlocks(text)
        .filter(({ language }) => language === "")
        .map(({ line }) => `${page}:${line}`),
    );
    expect(unnamed).toEqual([]);
  });

  it("names in its texts only commands and options that there are", async () => {
    const problems = [];
    for (const [page, text] of texts) {
      for (const [, line = ""] of text
        .replaceAll(/^```[\s\S]*?^```$/gm, "")
        .matchAll(/`((?:bin\/)?kernelboard\s[^`]+)`/g)) {
        if (NAMES.includes(line)) continue;
        const problem = await syntaxProblem(line);
        if (problem !== undefined) problems.push(`${page}: ${line}: ${problem}`);
      }
    }
    expect(problems).toEqual([]);
  });
});
