/** The command line: reads the arguments and runs one command. */
import { Command, CommanderError } from "commander";
import { backfillHardwareAggregationsCommand } from "./commands/backfill_hardware_aggregations.ts";
import { deleteUnusedHardwareStatusCommand } from "./commands/delete_unused_hardware_status.ts";
import { checkCommand } from "./commands/check.ts";
import { dbshellCommand } from "./commands/dbshell.ts";
import { crontabCommand } from "./commands/crontab.ts";
import { demoCommand } from "./commands/demo.ts";
import { explainCommand } from "./commands/explain.ts";
import { ingestCommand, monitorSubmissionsCommand } from "./commands/ingest.ts";
import { jobsCommand } from "./commands/jobs.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { makeMigrationsCommand, showMigrationsCommand } from "./commands/migrations.ts";
import { populateTreeTestsRollupCommand } from "./commands/populate_tree_tests_rollup.ts";
import { processPendingAggregationsCommand } from "./commands/process_pending_aggregations.ts";
import { pruneDbCommand } from "./commands/prune_db.ts";
import { retryFailedCommand } from "./commands/retry_failed.ts";
import { rollupsCommand } from "./commands/rollups.ts";
import { scheduleCommand } from "./commands/schedule.ts";
import { runserverCommand, serveCommand } from "./commands/serve.ts";
import { seedTestDataCommand } from "./commands/seed_test_data.ts";
import { settingsCommand } from "./commands/settings.ts";
import { spectacularCommand } from "./commands/spectacular.ts";
import { submissionCommand } from "./commands/submission.ts";
import { tokenCommand } from "./commands/token.ts";
import { treeproofCommand } from "./commands/treeproof.ts";
import { updateDbCommand } from "./commands/update_db.ts";
import { updateHardwareRegistryCommand } from "./commands/update_hardware_registry.ts";
import { verifyEnvCommand } from "./commands/verify_env.ts";
import { warmMetricsCacheCommand } from "./commands/warm_metrics_cache.ts";
import { endWithScheduler } from "./schedule/orphan.ts";
import { VERSION } from "./version.ts";

const COMMANDS = [
  demoCommand,
  serveCommand,
  ingestCommand,
  scheduleCommand,
  jobsCommand,
  crontabCommand,
  migrateCommand,
  showMigrationsCommand,
  makeMigrationsCommand,
  settingsCommand,
  checkCommand,
  verifyEnvCommand,
  explainCommand,
  dbshellCommand,
  tokenCommand,
  submissionCommand,
  seedTestDataCommand,
  monitorSubmissionsCommand,
  runserverCommand,
  spectacularCommand,
  rollupsCommand,
  pruneDbCommand,
  updateDbCommand,
  deleteUnusedHardwareStatusCommand,
  updateHardwareRegistryCommand,
  retryFailedCommand,
  treeproofCommand,
  processPendingAggregationsCommand,
  populateTreeTestsRollupCommand,
  backfillHardwareAggregationsCommand,
  warmMetricsCacheCommand,
];

/** Exit code of a usage error. */
const USAGE = 2;

function createProgram(): Command {
  const program = new Command("kernelboard")
    .description(
      "Results of Linux-kernel continuous integration: KCIDB submissions in, trees, builds and tests out.",
    )
    .version(VERSION)
    .showHelpAfterError("Try --help for usage and examples.");
  for (const create of COMMANDS) program.addCommand(withBothSpellings(create()));
  // Ending the process is left to main, which decides on the exit code.
  for (const command of withSubcommands(program)) command.exitOverride();
  return program;
}

/** The reference implementation's names have underscores; each of ours can be typed either way. */
function withBothSpellings(command: Command): Command {
  const name = command.name();
  const other = name.includes("_") ? name.replaceAll("_", "-") : name.replaceAll("-", "_");
  return other === name || command.aliases().includes(other) ? command : command.alias(other);
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Runs the command that the arguments name. @returns the exit code for what commander itself ends; commands set their own */
async function main(argv: string[]): Promise<void> {
  const program = createProgram();
  const [name] = argv;
  if (
    name !== undefined &&
    !name.startsWith("-") &&
    name !== "help" &&
    !program.commands.some((c) => c.name() === name || c.aliases().includes(name))
  ) {
    console.error(`Unknown command: '${name}'\nType 'kernelboard help' for usage.`);
    process.exitCode = 1;
    return;
  }
  try {
    if (argv.length === 0) program.help();
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  }
}

endWithScheduler();
await main(process.argv.slice(2));
