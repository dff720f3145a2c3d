/** `kernelboard verify_env`: whether everything that the environment names can be reached and used (chapter 08, section 4.1). */
import { Command } from "commander";
import type { Result } from "../checks/verify/result.ts";
import { loadWhatIsRight, type LoadedSettings, type SettingError } from "../settings.ts";
import { CommandError, endedWithError } from "./context.ts";
import { existingDatabase } from "./existing_database.ts";

const CHECKS = ["db", "redis", "email", "storage", "email_test", "env"] as const;
type Check = (typeof CHECKS)[number];

const REDIS_VARIABLES = ["REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_URL"];

interface VerifyArguments {
  checkDb?: boolean;
  checkRedis?: boolean;
  checkEmail?: boolean;
  checkStorage?: boolean;
  checkEnv?: boolean;
  databaseAlias?: string[];
  sendTestEmail?: boolean;
  toEmail?: string;
  cc?: string;
  subject: string;
  body: string;
  redisHost?: string;
  redisPort?: string;
  redisDb?: string;
  redisPassword?: string;
  createDirs?: boolean;
  json?: boolean;
}

function chosen(args: VerifyArguments): Set<Check> {
  const checks = new Set<Check>();
  if (args.checkDb) checks.add("db");
  if (args.checkRedis) checks.add("redis");
  if (args.checkEmail || args.sendTestEmail) checks.add("email");
  if (args.checkStorage) checks.add("storage");
  if (args.sendTestEmail) checks.add("email_test");
  if (args.checkEnv) checks.add("env");
  return checks.size > 0 ? checks : new Set<Check>(["db", "redis", "email", "storage", "env"]);
}

const parts = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** All results, in the order of `CHECKS`. */
async function verify(
  args: VerifyArguments,
  loaded: LoadedSettings,
  problems: readonly SettingError[],
): Promise<Result[]> {
  // Loaded here, so that commands that ask no server start without their clients.
  const services = await import("../checks/verify/services.ts");
  const { verifyStorage } = await import("../checks/verify/storage.ts");
  const { verifyEnvironment } = await import("../checks/verify/environment.ts");
  const { email, redis, dataDir, volumeDir } = loaded.settings;
  let smtp: Result | undefined;
  const work: Record<Check, () => Promise<Result[]>> = {
    db: () => databases(args, loaded, services.verifyDatabase),
    redis: async () => {
      const problem = problems.find(({ variable }) => REDIS_VARIABLES.includes(variable));
      const target = {
        ...redis,
        host: args.redisHost ?? redis.host,
        port: args.redisPort ?? String(redis.port),
        db: args.redisDb ?? String(redis.db),
        password: args.redisPassword ?? redis.password,
      };
      return [await services.verifyRedis(target, problem?.message)];
    },
    email: async () => {
      const results = services.verifyEmailSettings(email);
      if (!args.checkEmail && !args.sendTestEmail) return results;
      smtp = await services.verifySmtp(email);
      return [...results, smtp];
    },
    storage: () => verifyStorage(dataDir, volumeDir, args.createDirs ?? false),
    email_test: async () => {
      if (smtp?.isGood === false)
        return [{ ...smtp, item: "email:test", message: `Test email send failed: ${smtp.message}` }];
      const { subject, body: text } = args;
      const mail = { to: parts(args.toEmail), cc: parts(args.cc), subject, text };
      return [await services.sendTestEmail(email, mail)];
    },
    env: () => Promise.resolve(verifyEnvironment(loaded, problems)),
  };
  const asked = chosen(args);
  const results: Result[] = [];
  for (const check of CHECKS) if (asked.has(check)) results.push(...(await work[check]()));
  return results;
}

async function databases(
  args: VerifyArguments,
  { settings }: LoadedSettings,
  verifyDatabase: typeof import("../checks/verify/services.ts").verifyDatabase,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const alias of args.databaseAlias?.flatMap(parts) ?? ["default"]) {
    const database = alias === "default" ? await existingDatabase(settings.database) : undefined;
    try {
      results.push(await verifyDatabase(alias, database));
    } finally {
      if (typeof database === "object") await database.close();
    }
  }
  return results;
}

async function run(args: VerifyArguments): Promise<void> {
  if (args.sendTestEmail && parts(args.toEmail).length === 0)
    throw new CommandError("--send-test-email requires --to-email to be set.");
  const { loaded, problems } = loadWhatIsRight();
  // A file of a secret that cannot be read, and a Redis that cannot be meant, are results; anything else stops every start.
  const other = problems.find(
    ({ variable }) => !variable.endsWith("_FILE") && !REDIS_VARIABLES.includes(variable),
  );
  const unusable = other ?? (loaded === undefined ? problems[0] : undefined);
  if (loaded === undefined || unusable !== undefined)
    throw new CommandError(unusable?.message ?? "the settings cannot be read");
  const say = (line: string): void => {
    if (!args.json) console.log(line);
  };
  if (args.sendTestEmail)
    say("WARNING: This will attempt to send a real email using the configured SMTP settings.");
  say("Starting environment verification...");
  const results = await verify(args, loaded, problems);
  say("\nVerification results:");
  for (const { item, isGood, message } of results) say(`  ${isGood ? "PASS" : "FAIL"} ${item}: ${message}`);
  const failed = results.filter(({ isGood }) => !isGood);
  if (args.json)
    console.log(
      JSON.stringify(
        results.map(({ item, isGood, message }) => ({ item, passed: isGood, message })),
        null,
        2,
      ),
    );
  if (failed.length > 0)
    throw new CommandError(
      ["Environment verification failed:", ...failed.map(({ message }) => message)].join("\n"),
    );
  say("Environment verification passed.");
}

const collect = (value: string, before: string[] = []): string[] => [...before, value];

export function verifyEnvCommand(): Command {
  return new Command("verify_env")
    .summary("try everything that the environment names")
    .description(
      "Connects to the database, Redis and, when asked, the mail server, and looks at directories and variables. Nothing is\n" +
        "changed but with --create-dirs. Without a --check option all five checks run. Exit code 1 when one fails.",
    )
    .option("--check-db", "only this check, and others that are named")
    .option("--check-redis", "likewise")
    .option("--check-email", "likewise; also connects to the mail server")
    .option("--check-storage", "likewise")
    .option("--check-env", "likewise")
    .option(
      "--database-alias <alias>",
      "databases, separated by commas; may be repeated (default: default)",
      collect,
    )
    .option("--send-test-email", "send a real mail to --to-email")
    .option("--to-email <addresses>", "recipients of the test mail, separated by commas")
    .option("--cc <addresses>", "more recipients, separated by commas")
    .option("--subject <text>", "subject of the test mail", "KernelCI email check")
    .option(
      "--body <text>",
      "text of the test mail",
      "This is a test message generated by the verify_env command. If you received this email, SMTP env settings are working.",
    )
    .option("--redis-host <host>", "instead of the setting")
    .option("--redis-port <port>", "instead of the setting")
    .option("--redis-db <number>", "instead of the setting")
    .option("--redis-password <password>", "instead of the setting")
    .option("--create-dirs", "create directories that are missing")
    .option("--json", "print a JSON array of results")
    .addHelpText(
      "after",
      `
Examples:
  kernelboard verify_env
  kernelboard verify_env --check-storage --create-dirs
  kernelboard verify_env --send-test-email --to-email me@example.org`,
    )
    .action((args: VerifyArguments) => endedWithError(() => run(args)));
}
