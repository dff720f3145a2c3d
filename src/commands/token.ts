/** `kernelboard token`: makes the tokens of submitters, and tells what one says (chapter 02, section 14). */
import { Command, InvalidArgumentError } from "commander";
import { isOrigin } from "../submit/submitter.ts";
import { CommandError, runCommand, type Context } from "./context.ts";

const UNIT_MS = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** Later than any year that a date can be written with. */
const MAX_DURATION = 100_000;

function originArgument(text: string, before: [string, ...string[]] | undefined): [string, ...string[]] {
  if (!isOrigin(text))
    throw new InvalidArgumentError(`'${text}' must consist of a-z, 0-9 and _, or be * for all origins`);
  return before === undefined ? [text] : [...before, text];
}

/** A time from now such as `12h`, `90d` or `52w`, or a date with or without a time of day in UTC. */
function expiryArgument(text: string): Date {
  const duration = /^(\d{1,6})([hdw])$/.exec(text);
  const date = duration === null ? dateArgument(text) : undefined;
  const count = Number(duration?.[1] ?? 0);
  if (count > MAX_DURATION) throw new InvalidArgumentError(`'${text}' is more than ${MAX_DURATION}`);
  const unit = (duration?.[2] ?? "h") as keyof typeof UNIT_MS;
  const expires = date ?? new Date(Date.now() + count * UNIT_MS[unit]);
  if (expires.getTime() <= Date.now()) throw new InvalidArgumentError(`'${text}' is not in the future`);
  return expires;
}

function dateArgument(text: string): Date {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?Z)?$/.exec(text);
  const day = match?.[1] ?? "";
  const date = new Date(`${day}T${match?.[2] ?? "00:00"}${match?.[3] ?? ":00"}Z`);
  // The 31st of a month that has none would be one of the next.
  if (Number.isNaN(date.getTime()) || !date.toISOString().startsWith(day))
    throw new InvalidArgumentError(
      `'${text}' is neither a time such as 90d, 12h or 52w nor a date such as 2027-01-31`,
    );
  return date;
}

function secretOf({ settings }: Context): string {
  const { secret } = settings.submissions;
  if (secret === undefined)
    throw new CommandError(
      "KERNELBOARD_SUBMIT_SECRET is not set; example: KERNELBOARD_SUBMIT_SECRET=$(openssl rand -hex 32)",
    );
  return secret;
}

interface CreateOptions {
  origin: [string, ...string[]];
  expires?: Date;
  json?: boolean;
}

function createCommand(): Command {
  return new Command("create")
    .summary("make a token")
    .description(
      "Prints a token, signed with KERNELBOARD_SUBMIT_SECRET, whose holder may submit objects of these origins. A token is\n" +
        "stored nowhere: it is good until it expires, or until the secret is changed.",
    )
    .requiredOption("--origin <origin>", "an origin, or * for all; may be repeated", originArgument)
    .option(
      "--expires <when>",
      "from now (12h, 90d, 52w) or a date (2027-01-31, 2027-01-31T12:00Z); default: never",
      expiryArgument,
    )
    .option("--json", "print a JSON object with the token and what it says")
    .addHelpText(
      "after",
      `
Examples:
  kernelboard token create --origin maestro --expires 90d
  kernelboard token create --origin maestro --origin broonie --expires 2027-01-31 --json`,
    )
    .action(({ origin, expires, json }: CreateOptions) =>
      runCommand(async (context) => {
        // Loaded here, so that other commands start without it.
        const { createToken } = await import("../submit/tokens.ts");
        const token = await createToken(secretOf(context), origin, expires);
        console.log(json ? JSON.stringify({ token, ...said(origin, expires) }, null, 2) : token);
      }),
    );
}

function showCommand(): Command {
  return new Command("show")
    .summary("tell what a token says, and whether it is good")
    .description(
      "Checks a token with KERNELBOARD_SUBMIT_SECRET, and prints what it says. Exit code 1 when it is not good.",
    )
    .argument("<token>", "the token")
    .option("--json", "print a JSON object")
    .addHelpText("after", '\nExamples:\n  kernelboard token show "$TOKEN"')
    .action((token: string, { json }: { json?: boolean }) =>
      runCommand(async (context) => {
        const { verifyToken } = await import("../submit/tokens.ts");
        const { origins, expires } = await verifyToken(secretOf(context), token);
        if (json) console.log(JSON.stringify(said(origins, expires), null, 2));
        else console.log(`origins  ${origins.join(", ")}\nexpires  ${expires?.toISOString() ?? "never"}`);
      }),
    );
}

function said(
  origins: readonly string[],
  expires: Date | undefined,
): { origins: readonly string[]; expires: string | null } {
  return { origins, expires: expires?.toISOString() ?? null };
}

export function tokenCommand(): Command {
  return new Command("token")
    .summary("make and check tokens of submitters")
    .description("Tokens for POST /submit, signed with KERNELBOARD_SUBMIT_SECRET.")
    .addHelpText("after", "\nExamples:\n  kernelboard token create --origin maestro --expires 90d")
    .addCommand(createCommand())
    .addCommand(showCommand());
}
