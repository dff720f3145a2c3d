/** `kernelboard dbshell`: PostgreSQL's own client on the database of the settings (chapter 08, section 3.1). */
import { spawn } from "node:child_process";
import { Command } from "commander";
import { errorCode } from "../database/errors.ts";
import { childEnvironment } from "../settings.ts";
import { CommandError, runCommand, withDatabase } from "./context.ts";

export function dbshellCommand(): Command {
  return new Command("dbshell")
    .summary("open psql on the database")
    .description(
      "Starts psql, which has to be installed, on the database of the settings. Arguments after -- are psql's.",
    )
    .argument("[arguments...]", "arguments of psql")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard dbshell\n  kernelboard dbshell -- -c 'select count(*) from tests'",
    )
    .action((args: string[]) =>
      runCommand((context) =>
        withDatabase(context, async ({ connection }) => {
          const { host, port, database, user, password } = connection;
          const code = await new Promise<number>((resolve, reject) => {
            const child = spawn(
              "psql",
              ["-h", host, "-p", String(port), "-U", user, "-d", database, ...args],
              {
                stdio: "inherit",
                // Not among the arguments, which every user of the machine can see.
                env: childEnvironment({ PGPASSWORD: password }),
              },
            );
            child.on("error", reject);
            child.on("close", (exitCode) => {
              resolve(exitCode ?? 1);
            });
          }).catch((error: unknown) => {
            throw errorCode(error) === "ENOENT"
              ? new CommandError("psql is not installed, or not in PATH")
              : error;
          });
          process.exitCode = code === 0 ? 0 : 1;
        }),
      ),
    );
}
