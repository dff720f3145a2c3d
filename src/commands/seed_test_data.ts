/** `kernelboard seed_test_data`: the rows that the black-box test suite asks for (chapter 08, section 7). */
import { createInterface } from "node:readline";
import { Command } from "commander";
import { errorCode, errorMessage } from "../database/errors.ts";
import type { Pool } from "../database/pool.ts";
import { instanceKind, type InstanceKind } from "../demo/instance_kind.ts";
import { seedTestData, type SeedCounts } from "../demo/seed/seed.ts";
import { wholeNumber } from "./arguments.ts";
import { CommandError, runCommand, withDatabase, type Context } from "./context.ts";
import { bringUpToDateUnless } from "./migrate.ts";

/** Ids count up to eight hexadecimal digits, but nobody needs more than this. */
const MAX_ROWS = 100_000;
/** PostgreSQL's code of a key that is taken. */
const UNIQUE_VIOLATION = "23505";

interface SeedArguments {
  checkouts: number;
  issues: number;
  clear?: boolean;
  yes?: boolean;
  treeListing?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/**
 * What is said where the kind of instance forbids the command; undefined on a local one. Outside of development mode
 * every instance counts as staging, a fresh one on somebody's machine too; there an empty database may be filled.
 */
export function refusal(
  kind: InstanceKind,
  clear: boolean,
  isEmpty: boolean,
): { banner: string; reason: string; error: string } | undefined {
  if (kind === "local" || (kind === "staging" && isEmpty && !clear)) return undefined;
  const reason =
    kind === "staging" ? "DEBUG is not true" : "CORS_ALLOWED_ORIGINS names the page that everybody uses";
  return {
    banner: "PRODUCTION ENVIRONMENT DETECTED!",
    reason: `This is a ${kind} instance, because ${reason}.`,
    error: `Data ${clear ? "clearing" : "seeding"} is DISABLED in production environments.`,
  };
}

/**
 * Asks whether everything may be deleted.
 *
 * @param input where the answer is read from; its end is an answer other than yes
 * @param write shows the question
 * @throws CommandError when the answer is not `yes`
 */
export async function confirmDeletion(
  input: NodeJS.ReadableStream,
  write: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  write("Type 'yes' to confirm data deletion: ");
  const lines = createInterface({ input, ...(signal ? { signal } : {}) });
  try {
    const answer = await lines[Symbol.asyncIterator]().next();
    if (answer.done !== true && answer.value.trim() === "yes") return;
  } finally {
    lines.close();
  }
  throw new CommandError("Input is not 'yes'. Operation cancelled.");
}

/** The lines that tell what was made. */
function summary(counts: SeedCounts): string[] {
  const { treeListings } = counts;
  return [
    "Successfully seeded database with:",
    `- ${counts.checkouts} checkouts`,
    `- ${counts.builds} builds`,
    `- ${counts.tests} tests`,
    `- ${counts.issues} issues`,
    `- ${counts.incidents} incidents`,
    `- ${counts.treeTestsRollups} tree_tests_rollup rows`,
    `- ${counts.latestCheckouts} latest_checkout rows`,
    `- ${counts.hardwareStatuses} hardware_status rows`,
    ...(treeListings === undefined ? [] : [`- ${treeListings} tree_listing rows`]),
  ];
}

function countsJson(counts: SeedCounts, { clear, dryRun }: SeedArguments): object {
  return {
    dry_run: dryRun ?? false,
    cleared: clear ?? false,
    checkouts: counts.checkouts,
    builds: counts.builds,
    tests: counts.tests,
    issues: counts.issues,
    incidents: counts.incidents,
    tree_tests_rollup: counts.treeTestsRollups,
    latest_checkout: counts.latestCheckouts,
    hardware_status: counts.hardwareStatuses,
    tree_listing: counts.treeListings ?? 0,
  };
}

async function run(context: Context, args: SeedArguments, input: NodeJS.ReadableStream): Promise<void> {
  const clear = args.clear ?? false;
  const kind = instanceKind(context.settings);
  // What no database could change is refused before one is opened.
  refuse(refusal(kind, clear, true));
  if (clear && args.yes !== true && args.dryRun !== true) {
    // Standard output is for the result alone where a program reads it.
    const shown = args.json ? process.stderr : process.stdout;
    await confirmDeletion(input, (text) => shown.write(text), context.signal);
  }
  await withDatabase(context, async (database) => {
    await bringUpToDateUnless(args.dryRun, database, context.log);
    refuse(refusal(kind, clear, await isEmpty(database.pool)));
    const client = await database.pool.connect();
    try {
      const counts = await seedTestData(client, {
        checkouts: args.checkouts,
        issues: args.issues,
        clear,
        treeListing: args.treeListing ?? false,
        dryRun: args.dryRun ?? false,
        now: new Date(),
        report: (line) => {
          if (args.json !== true) console.log(line);
        },
      });
      if (args.json) console.log(JSON.stringify(countsJson(counts, args), null, 2));
      else {
        for (const line of summary(counts)) console.log(line);
        if (args.dryRun) console.log("[DRY RUN] Everything was undone.");
      }
    } catch (error) {
      throw explained(error);
    } finally {
      client.release();
    }
  });
}

function refuse(refused: ReturnType<typeof refusal>): void {
  if (refused === undefined) return;
  console.error(`${refused.banner}\n${refused.reason}`);
  throw new CommandError(refused.error);
}

async function isEmpty(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ empty: boolean }>(
    `select not exists (select from checkouts) and not exists (select from builds) and not exists (select from tests)
       and not exists (select from issues) and not exists (select from incidents) as empty`,
  );
  return rows[0]?.empty === true;
}

/** A taken key says what to do about it. */
function explained(error: unknown): unknown {
  if (errorCode(error) !== UNIQUE_VIOLATION) return error;
  const detail = error instanceof Error && "detail" in error ? ` ${String(error.detail)}` : "";
  return new CommandError(
    `${errorMessage(error)}.${detail} The test data is in this database already; --clear deletes everything first.`,
  );
}

/** @param input where the confirmation is read from */
export function seedTestDataCommand(input: NodeJS.ReadableStream = process.stdin): Command {
  return new Command("seed_test_data")
    .summary("write the rows that the black-box test suite asks for")
    .description(
      "Writes a small fixed set of checkouts, builds, tests, issues and incidents with their derived rows, in one\n" +
        "transaction. A database that holds data is only touched on a local instance: DEBUG=true, and not the public\n" +
        "page in CORS_ALLOWED_ORIGINS.",
    )
    .option("--checkouts <n>", "checkouts to create", wholeNumber(0, MAX_ROWS), 50)
    .option("--issues <n>", "issues to create", wholeNumber(0, MAX_ROWS), 20)
    .option("--clear", "delete all data first")
    .option("--yes", "do not ask before deleting")
    .option("--dry-run", "do everything, tell what was made, and undo it")
    .option("--json", "print the result as JSON")
    .option("--tree-listing", "also fill tree_listing, which the test suite expects empty")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard seed_test_data\n  DEBUG=true kernelboard seed_test_data --clear --yes",
    )
    .action((args: SeedArguments) => runCommand((context) => run(context, args, input)));
}
