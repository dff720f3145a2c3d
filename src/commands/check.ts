/** `kernelboard check`: what is wrong or doubtful about the settings and, with --deploy, about the deployment (chapter 08, section 5). */
import { Command, InvalidArgumentError, Option } from "commander";
import { DEPLOY_TAGS, findAll, TAGS, type Tag } from "../checks/check.ts";
import { LEVELS, type Finding, type Level } from "../checks/finding.ts";
import { reportOf, reportText, type Report } from "../checks/report.ts";
import { settingErrors } from "../checks/settings_checks.ts";
import { createPool, type Connection } from "../database/pool.ts";
import { createLog } from "../log.ts";
import { loadWhatIsRight, withPrimaryOnly, type Settings } from "../settings.ts";
import { CommandError, endedWithError } from "./context.ts";
import { existingDatabase } from "./existing_database.ts";

const ALIASES = ["default"];

interface CheckArguments {
  deploy?: boolean;
  failLevel: Level;
  tag?: string[];
  listTags?: boolean;
  database?: string[];
  url?: URL;
  json?: boolean;
}

/** Nothing is asked of it by the requests that look at headers. */
const NO_DATABASE: Connection = {
  host: "127.0.0.1",
  port: 0,
  database: "",
  user: "",
  password: "",
  ssl: false,
  connectTimeoutSeconds: 1,
  idleTimeoutSeconds: 0,
};

function chosenTags(args: CheckArguments): Set<Tag> {
  const possible: readonly Tag[] = args.deploy ? TAGS : ["settings"];
  const asked = args.tag?.map((name) => {
    const tag = possible.find((candidate) => candidate === name);
    if (tag === undefined)
      throw new CommandError(
        DEPLOY_TAGS.some((candidate) => candidate === name)
          ? `There is no system check with the "${name}" tag without --deploy.`
          : `There is no system check with the "${name}" tag.`,
      );
    return tag;
  });
  const tags = new Set(asked ?? possible);
  if (args.database !== undefined && asked === undefined) tags.add("database");
  return tags;
}

/** Everything that the arguments ask for, found. @throws CommandError for a tag that is none */
export async function check(
  args: CheckArguments,
  environment?: Readonly<Record<string, string | undefined>>,
): Promise<Report> {
  const [found, silencedIds] = await findings(args, chosenTags(args), environment);
  return reportOf(found, silencedIds, args.failLevel);
}

async function findings(
  args: CheckArguments,
  tags: ReadonlySet<Tag>,
  environment: Readonly<Record<string, string | undefined>> | undefined,
): Promise<[Finding[], string[]]> {
  const { loaded, problems } = loadWhatIsRight(environment);
  // Values that stop every start: what they were meant to be cannot be looked at.
  if (loaded === undefined || problems.length > 0) return [settingErrors(problems), []];
  const { settings } = loaded;
  const database = tags.has("database") ? await existingDatabase(settings.database) : undefined;
  const own = tags.has("security") && args.url === undefined ? await ownServer(settings) : undefined;
  try {
    const base = args.url ?? own?.base;
    const server = base === undefined ? undefined : { base, isOwn: own !== undefined };
    return [await findAll({ loaded, tags, database, server }), settings.security.silencedChecks];
  } finally {
    await own?.close();
    if (typeof database === "object") await database.close();
  }
}

/** The real server on a free port of this machine. */
async function ownServer(settings: Settings): Promise<{ base: URL; close: () => Promise<void> }> {
  const { createServer } = await import("../http/server.ts");
  const log = createLog("silent");
  const pool = createPool(NO_DATABASE, log, 1);
  const { trustedProxies } = settings.security;
  // The check comes from this machine, and stands for the proxy where there is one.
  const security =
    trustedProxies.length === 0
      ? settings.security
      : { ...settings.security, trustedProxies: [...trustedProxies, "loopback"] };
  const app = await createServer({
    pool,
    connection: NO_DATABASE,
    settings: { ...withPrimaryOnly(settings), security },
    log,
  });
  const base = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  return {
    base,
    close: async () => {
      await app.close();
      await pool.end();
    },
  };
}

function show(report: Report, json: boolean): void {
  const { findings: issues, silenced, isFailed } = report;
  if (json) console.log(JSON.stringify({ issues, silenced, failed: isFailed }, null, 2));
  else if (issues.length === 0) console.log(reportText(report));
  else console.error(reportText(report));
  if (isFailed) process.exitCode = 1;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new InvalidArgumentError(`'${text}' is no address of the form http(s)://host`);
  return url;
}

const collect = (value: string, before: string[] = []): string[] => [...before, value];

function alias(value: string, before?: string[]): string[] {
  if (!ALIASES.includes(value)) throw new InvalidArgumentError(`'${value}' is none of ${ALIASES.join(", ")}`);
  return collect(value, before);
}

export function checkCommand(): Command {
  return new Command("check")
    .summary("tell what is wrong with the settings and the deployment")
    .description(
      "Reads all settings and tells what stops the start. With --deploy it also looks at the headers that are really sent,\n" +
        "proxies, secrets, hosts, CORS, debug flags, the database (rights, version, migrations, clock), Redis, the spool and the\n" +
        "volume directory. Nothing is changed. Exit code 1 when a finding is as severe as --fail-level.",
    )
    .option("--deploy", "also check the deployment")
    .addOption(
      new Option("--fail-level <level>", "findings from this level on fail the check")
        .choices(LEVELS)
        .default("ERROR"),
    )
    .option("-t, --tag <tag>", "only this group of checks; may be repeated", collect)
    .option("--list-tags", "only list the groups of checks")
    .option("--database <alias>", "also check this database (default); may be repeated", alias)
    .option("--url <address>", "ask this server for its headers, instead of one of its own", parseUrl)
    .option("--json", "print a JSON object")
    .addHelpText(
      "after",
      `
Examples:
  kernelboard check
  kernelboard check --deploy --fail-level WARNING
  kernelboard check --deploy --tag security --url https://dashboard.example.org`,
    )
    .action((args: CheckArguments) =>
      endedWithError(async () => {
        if (args.listTags) {
          console.log([...(args.deploy ? TAGS : (["settings"] as const))].sort().join("\n"));
          return;
        }
        show(await check(args), args.json ?? false);
      }),
    );
}
