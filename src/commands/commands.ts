/** The program's commands by their names. */
import type { Command } from "commander";

/** The commands in the order of the help, each loaded when it is asked for: most need no more than their own libraries. */
export const COMMANDS = new Map<string, () => Promise<Command>>(
  Object.entries({
    demo: async () => (await import("./demo.ts")).demoCommand(),
    serve: async () => (await import("./serve.ts")).serveCommand(),
    ingest: async () => (await import("./ingest.ts")).ingestCommand(),
    schedule: async () => (await import("./schedule.ts")).scheduleCommand(),
    jobs: async () => (await import("./jobs.ts")).jobsCommand(),
    crontab: async () => (await import("./crontab.ts")).crontabCommand(),
    migrate: async () => (await import("./migrate.ts")).migrateCommand(),
    showmigrations: async () => (await import("./migrations.ts")).showMigrationsCommand(),
    makemigrations: async () => (await import("./migrations.ts")).makeMigrationsCommand(),
    settings: async () => (await import("./settings.ts")).settingsCommand(),
    check: async () => (await import("./check.ts")).checkCommand(),
    verify_env: async () => (await import("./verify_env.ts")).verifyEnvCommand(),
    explain: async () => (await import("./explain.ts")).explainCommand(),
    dbshell: async () => (await import("./dbshell.ts")).dbshellCommand(),
    token: async () => (await import("./token.ts")).tokenCommand(),
    submission: async () => (await import("./submission.ts")).submissionCommand(),
    seed_test_data: async () => (await import("./seed_test_data.ts")).seedTestDataCommand(),
    monitor_submissions: async () => (await import("./ingest.ts")).monitorSubmissionsCommand(),
    runserver: async () => (await import("./serve.ts")).runserverCommand(),
    spectacular: async () => (await import("./spectacular.ts")).spectacularCommand(),
    rollups: async () => (await import("./rollups.ts")).rollupsCommand(),
    prune_db: async () => (await import("./prune_db.ts")).pruneDbCommand(),
    update_db: async () => (await import("./update_db.ts")).updateDbCommand(),
    delete_unused_hardware_status: async () =>
      (await import("./delete_unused_hardware_status.ts")).deleteUnusedHardwareStatusCommand(),
    update_hardware_registry: async () =>
      (await import("./update_hardware_registry.ts")).updateHardwareRegistryCommand(),
    "retry-failed": async () => (await import("./retry_failed.ts")).retryFailedCommand(),
    treeproof: async () => (await import("./treeproof.ts")).treeproofCommand(),
    process_pending_aggregations: async () =>
      (await import("./process_pending_aggregations.ts")).processPendingAggregationsCommand(),
    populate_tree_tests_rollup: async () =>
      (await import("./populate_tree_tests_rollup.ts")).populateTreeTestsRollupCommand(),
    backfill_hardware_aggregations: async () =>
      (await import("./backfill_hardware_aggregations.ts")).backfillHardwareAggregationsCommand(),
    warm_metrics_cache: async () => (await import("./warm_metrics_cache.ts")).warmMetricsCacheCommand(),
  }),
);

/** The reference implementation's names have underscores; each of ours can be typed either way. */
export function otherSpelling(name: string): string {
  return name.includes("_") ? name.replaceAll("_", "-") : name.replaceAll("-", "_");
}

/** What loads the command of a name, in either spelling; undefined when there is none. */
export function commandNamed(name: string): (() => Promise<Command>) | undefined {
  return COMMANDS.get(name) ?? COMMANDS.get(otherSpelling(name));
}
