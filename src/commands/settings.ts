/** `kernelboard settings`: what is in force, and where each value came from. */
import { Command } from "commander";
import { runCommand } from "./context.ts";

export function settingsCommand(): Command {
  return new Command("settings")
    .summary("show the settings in force and where each came from")
    .description("Prints every setting with its value and its source. Secrets are masked.")
    .option("--json", "print a JSON array")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard settings\n  DB_HOST=db.example.org kernelboard settings --json",
    )
    .action((options: { json?: boolean }) =>
      runCommand(({ loaded }) => {
        if (options.json) {
          console.log(JSON.stringify(loaded.sources, null, 2));
          return Promise.resolve();
        }
        const width = Math.max(...loaded.sources.map(({ name, value }) => name.length + value.length + 1));
        for (const { name, value, from } of loaded.sources)
          console.log(`${`${name}=${value}`.padEnd(width)}  ${from}`);
        return Promise.resolve();
      }),
    );
}
