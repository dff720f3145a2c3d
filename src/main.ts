/** The command line: reads the arguments and runs one command. */
import { Command, CommanderError } from "commander";
import { commandNamed, COMMANDS, otherSpelling } from "./commands/commands.ts";
import { compileNextTick } from "./next_tick.ts";
import { endWithScheduler } from "./schedule/orphan.ts";
import { VERSION } from "./version.ts";

/** Exit code of a usage error. */
const USAGE = 2;
/** As a shell gives it for a program that SIGPIPE ended. */
const READER_GONE = 141;

function createProgram(commands: readonly Command[]): Command {
  const program = new Command("kernelboard")
    .description(
      "Results of Linux-kernel continuous integration: KCIDB submissions in, trees, builds and tests out.",
    )
    .version(VERSION)
    .showHelpAfterError("Try --help for usage and examples.");
  for (const command of commands) program.addCommand(withBothSpellings(command));
  // Ending the process is left to main, which decides on the exit code.
  for (const command of withSubcommands(program)) command.exitOverride();
  return program;
}

function withBothSpellings(command: Command): Command {
  const name = command.name();
  const other = otherSpelling(name);
  return other === name || command.aliases().includes(other) ? command : command.alias(other);
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** The commands that the first argument can mean: the one of that name, or all of them where it is no name. */
async function loadCommands(name: string | undefined): Promise<Command[]> {
  if (name === "--version" || name === "-V") return [];
  const load = name === undefined ? undefined : commandNamed(name);
  return Promise.all(load === undefined ? [...COMMANDS.values()].map((each) => each()) : [load()]);
}

/** Runs the command that the arguments name. @returns the exit code for what commander itself ends; commands set their own */
async function main(argv: string[]): Promise<void> {
  const [name] = argv;
  const program = createProgram(await loadCommands(name));
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

// As other programs end whose reader has seen enough, such as `head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(READER_GONE);
});
endWithScheduler();
await compileNextTick();
await main(process.argv.slice(2));
