/** The commands around scheduled jobs, from the outside: jobs, crontab, warm_metrics_cache. */
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "./support/database.ts";
import { jobsFile } from "./support/jobs.ts";
import { databaseEnvironment, run, start } from "./support/program.ts";
import { testServer } from "./support/server.ts";
import { sink } from "./support/sink.ts";
import { temporaryDirectory } from "./support/spool.ts";

const NEVER_NOW = "0 0 1 1 *";

let database: TestDatabase;
let environment: Record<string, string>;

beforeAll(async () => {
  database = await testDatabase();
  environment = { ...databaseEnvironment(database.connection), KERNELBOARD_LOG_LEVEL: "fatal" };
});

interface ListedJob {
  name: string;
  available: boolean;
  last: { outcome: string; output: string; exit_code: number | null } | null;
}

async function listed(more: Record<string, string>): Promise<ListedJob[]> {
  return JSON.parse(
    (await run(["jobs", "list", "--json"], { ...environment, ...more })).stdout,
  ) as ListedJob[];
}

describe("kernelboard jobs", () => {
  it("lists the jobs, runs them by hand, and shows what became of them", async () => {
    const more = await jobsFile({
      good: { schedule: NEVER_NOW, args: ["token", "--help"] },
      bad: { schedule: NEVER_NOW, args: ["token", "show", "no-token"] },
      slow: { schedule: NEVER_NOW, args: ["serve", "--port", "0"], timeout_seconds: 2 },
      later: { schedule: NEVER_NOW, args: ["notifications", "--action=summary"] },
    });
    const own = { ...environment, ...more };
    const [good, bad, slow, later] = await Promise.all(
      ["good", "bad", "slow", "later"].map((name) => run(["jobs", "run", name], own)),
    );
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining("token create") as string });
    expect(bad?.code).toBe(1);
    expect(bad?.stderr).toContain("CommandError: job bad failed with exit code 1");
    expect(slow).toMatchObject({ code: 1, stderr: expect.stringContaining("job slow timed out") as string });
    expect(later).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("this version has no command 'notifications' yet") as string,
    });

    const jobs = await listed(more);
    expect(jobs.map(({ name, available, last }) => [name, available, last?.outcome])).toEqual([
      ["good", true, "succeeded"],
      ["bad", true, "failed"],
      ["slow", true, "timed out"],
      ["later", false, "unavailable"],
    ]);
    expect(jobs[1]?.last?.output).toContain("KERNELBOARD_SUBMIT_SECRET is not set");
    expect(jobs[1]?.last?.exit_code).toBe(1);
    const history = await run(["jobs", "history", "bad"], own);
    expect(history.stdout).toMatch(/^bad .* failed .* 1 .* manual .*:\d+$/m);
    expect((await run(["jobs", "run", "none"], own)).stderr).toContain(
      "there is no job 'none'; there are: good",
    );
    expect((await run(["jobs", "history", "--limit", "0"], own)).code).toBe(2);
  });

  it("does not run a job twice at a time, and calls a run lost whose process was killed", async () => {
    const more = await jobsFile({ serving: { schedule: NEVER_NOW, args: ["serve", "--port", "0"] } });
    const own = { ...environment, ...more };
    const first = start(["jobs", "run", "serving"], own);
    await first.shows(/Listening on/);
    const second = await run(["jobs", "run", "serving"], own);
    expect(second).toMatchObject({ code: 1, stderr: "CommandError: job serving runs already\n" });
    first.child.kill("SIGKILL");
    await first.ended;
    const third = start(["jobs", "run", "serving"], own);
    await third.shows(/Listening on/);
    third.child.kill("SIGTERM");
    expect((await third.ended).stderr).toContain("job serving stopped");
    const { stdout } = await run(["jobs", "history", "serving", "--json"], own);
    expect((JSON.parse(stdout) as { outcome: string }[]).map(({ outcome }) => outcome)).toEqual([
      "stopped",
      "lost",
    ]);
  });

  it("has the default jobs, and names a wrong file, job, key and rule", async () => {
    const jobs = await listed({});
    expect(jobs).toHaveLength(8);
    const file = join(await temporaryDirectory(), "jobs.yaml");
    await writeFile(file, "jobs: { warm_metrics_cache: { schedule: x } }");
    for (const command of [["jobs", "list"], ["schedule"], ["crontab", "show"]])
      expect((await run(command, { ...environment, KERNELBOARD_JOBS_FILE: file })).stderr).toContain(
        `CommandError: ${file}: warm_metrics_cache.schedule: must be a text of five fields`,
      );
  });
});

describe("kernelboard crontab", () => {
  it("lists the scheduler's jobs where there is no cron, as in the container", async () => {
    const nowhere = { ...environment, PATH: await temporaryDirectory() };
    const { code, stdout } = await run(["crontab", "show"], nowhere);
    expect([code, stdout.split("\n")[0]]).toEqual([
      0,
      "There is no cron here. Jobs that the scheduler runs:",
    ]);
    expect(stdout).toMatch(/\n[0-9a-f]{32} -> .*delete_unused_hardware_status/);
  });

  const FOREIGN = "# mine\nMAILTO=me@example.org\n\n5 4 * * * echo '100%' # not a job\n";
  const OLD =
    "59 * * * * /usr/bin/python3 /app/manage.py crontab run 1d918bc6115453f8991ef867c82d3ae7 >> /x 2>&1 # django-cronjobs for kernelCI\n";

  /** A program `crontab` that keeps the table in a file. */
  async function fakeCrontab(table: string): Promise<{ path: string; read: () => Promise<string> }> {
    const folder = await temporaryDirectory();
    const file = join(folder, "table");
    if (table !== "") await writeFile(file, table);
    await writeFile(
      join(folder, "crontab"),
      `#!/bin/sh
if [ "$1" = -l ]; then
  if [ -f "${file}" ]; then exec cat "${file}"; fi
  echo "no crontab for me" >&2; exit 1
fi
exec cat > "${file}"
`,
    );
    await chmod(join(folder, "crontab"), 0o755);
    return { path: `${folder}:${process.env.PATH ?? ""}`, read: () => readFile(file, "utf8") };
  }

  it("puts the jobs beside foreign lines, in place of its own and the reference's, and takes them out", async () => {
    const { path, read } = await fakeCrontab(FOREIGN + OLD);
    const own = { ...environment, PATH: path, CRONTAB_COMMAND_SUFFIX: ">> /tmp/log 2>&1" };
    const dry = await run(["crontab", "add", "--dry-run", "--json"], own);
    expect(JSON.parse(dry.stdout)).toMatchObject({
      dry_run: true,
      removed: [{ hash: "1d918bc6115453f8991ef867c82d3ae7", job: null }],
      added: expect.arrayContaining([expect.objectContaining({ job: "warm_metrics_cache" })]) as unknown,
    });
    expect(await read()).toBe(FOREIGN + OLD);
    const added = await run(["crontab", "add"], own);
    expect(added.code).toBe(0);
    expect(added.stdout).toContain(
      "removing cronjob: (1d918bc6115453f8991ef867c82d3ae7) -> no job of the present list\n",
    );
    expect(added.stdout).toMatch(
      /^ {2}adding cronjob: \([0-9a-f]{32}\) -> warm_metrics_cache: 10 0 \* \* 6 warm/m,
    );
    const table = await read();
    expect(table.startsWith(FOREIGN)).toBe(true);
    const lines = table.slice(FOREIGN.length).trimEnd().split("\n");
    expect(lines).toHaveLength(8);
    for (const line of lines)
      expect(line).toMatch(
        /^(?:\S+ ){5}\S+ \S+\/bin\/kernelboard crontab run [0-9a-f]{32} >> \/tmp\/log 2>&1 # kernelboard job \w+$/,
      );
    // Again: the same. And with other jobs, or none, those that are there are no trouble.
    await run(["crontab", "add", "-v", "0"], own).then((again) => {
      expect(again.stdout).toBe("");
    });
    expect(await read()).toBe(table);
    const shown = await run(["crontab", "show"], own);
    expect(shown.stdout.split("\n")[0]).toBe("Currently active jobs in crontab:");
    expect(shown.stdout).toMatch(
      /^[0-9a-f]{32} -> update_hardware_registry: 0 3 \* \* \* update_hardware_registry/m,
    );
    const skipped = { ...own, SKIP_CRONJOBS: "true" };
    expect((await run(["crontab", "show"], skipped)).stdout).toContain("-> no job of the present list");
    expect((await run(["crontab", "add"], skipped)).code).toBe(0);
    expect(await read()).toBe(FOREIGN);
    await run(["crontab", "add"], own);
    expect((await run(["crontab", "remove"], own)).stdout).toContain("removing cronjob: (");
    expect(await read()).toBe(FOREIGN);
  });

  it("runs a job by its hash, once a minute on all machines, and fails when the job does", async () => {
    const { path, read } = await fakeCrontab("");
    const channel = await sink();
    const own = {
      ...environment,
      ...(await jobsFile({
        fails: { schedule: NEVER_NOW, args: ["token", "show", "no-token"] },
        seconds: { schedule: "* * * * * *", args: ["settings"] },
      })),
      PATH: path,
      CRONTAB_COMMAND_SUFFIX: "",
      KERNELBOARD_ERROR_WEBHOOK_URL: channel.url,
    };
    expect((await run(["crontab", "add"], own)).code).toBe(0);
    const table = await read();
    expect(table.split("\n")).toHaveLength(2);
    const hash = /crontab run ([0-9a-f]{32}) # kernelboard job fails\n$/.exec(table)?.[1] ?? "";
    const unknown = await run(["crontab", "run", "0".repeat(32)], own);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain(
      `No job with hash ${"0".repeat(32)} found. It seems the crontab is out of sync`,
    );

    const both = await Promise.all([run(["crontab", "run", hash], own), run(["crontab", "run", hash], own)]);
    const [row, ...others] = await database.rows(
      "select started_by, outcome, date_part('second', scheduled_for) as second from job_runs where job = 'fails'",
    );
    expect(row).toEqual({ started_by: "crontab", outcome: "failed", second: 0 });
    // The minute may change between the two.
    expect(others.length).toBeLessThanOrEqual(1);
    expect(both.filter(({ stderr }) => stderr.includes("job fails failed with exit code 1"))).toHaveLength(
      1 + others.length,
    );
    const [told] = await channel.holds(1);
    expect(JSON.parse(told?.body ?? "")).toMatchObject({
      kind: "job",
      title: "Job fails failed with exit code 1",
      reason: expect.stringContaining("KERNELBOARD_SUBMIT_SECRET is not set") as string,
      command: "token show no-token",
    });
  });

  it("says what to do where there is no crontab", async () => {
    const { code, stderr } = await run(["crontab", "add"], {
      ...environment,
      PATH: await temporaryDirectory(),
    });
    expect(code).toBe(1);
    expect(stderr).toContain("CommandError: there is no program crontab here; install cron, or let");
  });
});

describe("kernelboard warm_metrics_cache", () => {
  it("asks the server for the two periods before the last Saturday, and fails when it does not answer", async () => {
    const { base, log } = await testServer(database.pool);
    const warmed = await run(["warm_metrics_cache"], { ...environment, KERNELBOARD_SERVER_URL: base });
    expect(warmed).toMatchObject({ code: 0, stderr: "" });
    expect(warmed.stdout).toMatch(/Warming metrics cache for 7-day Sat-Fri period \(end_days_ago=[0-6]\)\n/);
    expect(warmed.stdout).toContain("Warmed metrics cache for 14-day period\n");
    const asked = log
      .map((line) => (JSON.parse(line) as { url?: string }).url ?? "")
      .filter((url) => url.startsWith("/api/metrics/"));
    const days = asked.map(
      (url) => /start_days_ago=(\d+)&end_days_ago=(\d+)/.exec(url)?.slice(1).map(Number) ?? [],
    );
    expect(days.map(([from = 0, to = 0]) => from - to)).toEqual([7, 14]);
    const failed = await run(["warm_metrics_cache", "--server", "http://127.0.0.1:1"], environment);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("Failed to warm metrics cache for 7-day period: ");
  });
});
