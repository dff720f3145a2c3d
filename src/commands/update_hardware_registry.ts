/** `kernelboard update_hardware_registry`: the hardware registry out of YAML files (chapter 08, section 4.4). */
import { Command } from "commander";
import { parseIndex, parseRegistry } from "../registry/parse.ts";
import { RegistryError, SECTIONS } from "../registry/registry.ts";
import { readSource, resolveSource } from "../registry/source.ts";
import {
  deleteEntities,
  storeRegistry,
  withdrawnEntities,
  type EntityIds,
  type SectionCounts,
} from "../registry/store.ts";
import { CommandError, runCommand, type Context } from "./context.ts";
import { withMigrated } from "./migrated.ts";

interface RegistryArguments {
  index?: string;
  prune?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

const MAX_SHOWN = 20;

interface FileResult {
  source: string;
  entities: number;
  written: SectionCounts;
}

async function run(context: Context, file: string | undefined, args: RegistryArguments): Promise<void> {
  const { index, dryRun = false } = args;
  if (file === undefined && index === undefined)
    throw new CommandError("Provide either a registry_file or --index.");
  if (file !== undefined && index !== undefined)
    throw new CommandError("Provide either a registry_file or --index, not both.");
  if (args.prune && index === undefined)
    throw new CommandError("--prune needs --index: one file does not tell what the others have.");
  const { signal } = context;
  const sources =
    index === undefined
      ? [file ?? ""]
      : parseIndex(await readSource(index, signal), index).map((name) => resolveSource(name, index));
  await withMigrated(context, async ({ pool }) => {
    const client = await pool.connect();
    try {
      const results: FileResult[] = [];
      const listed: EntityIds = {
        silicon_vendors: [],
        processors: [],
        platform_vendors: [],
        system_modules: [],
        platforms: [],
      };
      for (const source of sources) {
        signal.throwIfAborted();
        const { registry, missing } = parseRegistry(await readSource(source, signal), source);
        if (missing.length > 0)
          console.error(
            `Missing typical hardware-registry sections in ${source}: ${missing.toSorted().join(", ")}`,
          );
        const written = await storeRegistry(client, registry, source, dryRun);
        let entities = 0;
        for (const section of SECTIONS) {
          entities += registry[section].length;
          listed[section].push(...registry[section].map(({ id }) => id));
        }
        results.push({ source, entities, written });
        if (args.json !== true) console.log(dryRun ? `[DRY RUN] Read: ${source}` : `Processed: ${source}`);
      }
      const withdrawn = index === undefined ? undefined : await withdrawnEntities(client, listed);
      const pruned = withdrawn && args.prune && !dryRun ? await deleteEntities(client, withdrawn) : undefined;
      if (args.json)
        console.log(
          JSON.stringify(
            { dry_run: dryRun, files: results, withdrawn: withdrawn ?? null, pruned: pruned ?? null },
            null,
            2,
          ),
        );
      else show(results, withdrawn, pruned !== undefined, dryRun);
    } finally {
      client.release();
    }
  });
}

function show(
  results: FileResult[],
  withdrawn: EntityIds | undefined,
  isPruned: boolean,
  dryRun: boolean,
): void {
  const entities = results.reduce((sum, file) => sum + file.entities, 0);
  const written = results.flatMap((file) => Object.values(file.written)).reduce((sum, rows) => sum + rows, 0);
  console.log(
    `${entities} entities, ${written} of them new or changed${dryRun ? "; nothing was written" : ""}.`,
  );
  const names = SECTIONS.flatMap((section) => (withdrawn?.[section] ?? []).map((id) => `${section} ${id}`));
  if (names.length === 0) return;
  const more = names.length > MAX_SHOWN ? `, and ${names.length - MAX_SHOWN} more` : "";
  const shown = `${names.slice(0, MAX_SHOWN).join(", ")}${more}`;
  console.log(
    isPruned
      ? `Deleted because they are in none of the files: ${shown}.`
      : `In none of the files any more (--prune deletes them): ${shown}.`,
  );
}

export function updateHardwareRegistryCommand(): Command {
  return new Command("update_hardware_registry")
    .summary("take in the hardware registry")
    .description(
      "Takes vendors, processors, system modules and platforms out of a YAML file, or out of all files that an index\n" +
        "lists, each from a path or an http(s) URL. A file is stored as a whole or not at all.",
    )
    .argument("[registry_file]", "a registry file, path or URL")
    .option("--index <index>", "a file that lists registry files, path or URL")
    .option("--prune", "with --index: delete what is in none of the files any more")
    .option("--dry-run", "only read and check")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard update_hardware_registry ./ti.yaml\n" +
        "  kernelboard update_hardware_registry --index https://raw.githubusercontent.com/kernelci/kernelci-pipeline/main/config/hardware_registry/index.yaml",
    )
    .action((file: string | undefined, args: RegistryArguments) =>
      runCommand(async (context) => {
        try {
          await run(context, file, args);
        } catch (error) {
          throw error instanceof RegistryError ? new CommandError(error.message) : error;
        }
      }),
    );
}
