/** `kernelboard treeproof`: the file of tree names from the stored checkouts (chapter 02, section 12.1). */
import { Command } from "commander";
import { isMigrated } from "../database/migrate.ts";
import { errorMessage } from "../database/errors.ts";
import { storedTrees, writeTreeNames } from "../ingest/treeproof.ts";
import { CommandError, runCommand, withDatabase, type Context } from "./context.ts";

interface TreeproofArguments {
  file?: string;
  dryRun?: boolean;
  json?: boolean;
}

async function run(context: Context, args: TreeproofArguments): Promise<void> {
  const path = args.file ?? context.settings.ingest.treesFile;
  const trees = await withDatabase(context, async ({ pool }) => {
    if (!(await isMigrated(pool)))
      throw new CommandError("the database's tables are not up to date; run 'kernelboard migrate' first");
    return storedTrees(pool);
  });
  const dryRun = args.dryRun ?? false;
  const { added, skipped, entries } = await writeTreeNames(path, trees, dryRun).catch((error: unknown) => {
    throw new CommandError(`${path}: ${errorMessage(error)}`);
  });
  if (args.json) {
    console.log(JSON.stringify({ dry_run: dryRun, file: path, trees: entries, added, skipped }, null, 2));
    return;
  }
  for (const { name, url } of added) console.log(`added ${name}: ${url}`);
  for (const { url, reason } of skipped) console.log(`skipped ${url}: ${reason}`);
  console.log(
    `${dryRun ? "DRY-RUN " : ""}${path}: ${entries} trees, ${added.length} added, ${skipped.length} skipped`,
  );
}

export function treeproofCommand(): Command {
  return new Command("treeproof")
    .summary("write the file of tree names")
    .description(
      "Adds the trees of the stored checkouts to the file of tree names that ingestion reads. Entries that are there are\n" +
        "kept as they are, with their comments and other keys.",
    )
    .option("--file <file>", "YAML file of tree names (default: tree-names.yaml in BACKEND_VOLUME_DIR)")
    .option("--dry-run", "only show what would be added")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard treeproof --dry-run\n  BACKEND_VOLUME_DIR=/volume_data kernelboard treeproof",
    )
    .action((args: TreeproofArguments) => runCommand((context) => run(context, args)));
}
