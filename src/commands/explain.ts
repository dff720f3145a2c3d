/** `kernelboard explain`: the statements that a request runs, with their plans (chapter 08, section 9). */
import { Command, InvalidArgumentError, Option } from "commander";
import type { Database } from "../database/database.ts";
import { errorMessage } from "../database/errors.ts";
import { masking, type Mask } from "../database/masking.ts";
import { explainPrepared, recordingPool, type RecordedStatement } from "../database/plans.ts";
import { createLog } from "../log.ts";
import { withPrimaryOnly } from "../settings.ts";
import { CommandError, runCommand, withDatabase, type Context } from "./context.ts";

const METHODS = ["GET", "POST"] as const;
/** A statement that takes longer is given up when it is run to be explained. */
const STATEMENT_TIMEOUT = "60s";

interface ExplainArguments {
  body?: string;
  analyze?: boolean;
  json?: boolean;
}

interface Explained {
  name: string | null;
  statement: string;
  values: string[];
  /** Lines. */
  plan: string[];
}

async function run(
  context: Context,
  method: "GET" | "POST",
  url: URL,
  args: ExplainArguments,
): Promise<void> {
  await withDatabase(context, async (database) => {
    const { pool, take } = recordingPool(database.pool);
    const { createServer } = await import("../http/server.ts");
    const app = await createServer({
      pool,
      connection: database.connection,
      // Statements that go elsewhere are not recorded.
      settings: withPrimaryOnly(context.settings),
      log: createLog("error"),
    });
    try {
      const answer = await app.inject({
        method,
        url: url.pathname + url.search,
        headers: { host: "localhost" },
        ...(args.body === undefined ? {} : { payload: args.body }),
      });
      const statements = await explained(database, take(), args, masking(context.loaded.secrets));
      const status = `${method} ${url.pathname}${url.search}: status ${answer.statusCode}, ${answer.rawPayload.length} bytes`;
      if (args.json)
        console.log(
          JSON.stringify({ status: answer.statusCode, bytes: answer.rawPayload.length, statements }, null, 2),
        );
      else console.log([status, ...statements.map(statementText)].join("\n\n"));
      if (answer.statusCode >= 400)
        throw new CommandError(
          `the request was answered with ${answer.statusCode}: ${answer.payload.slice(0, 500)}`,
        );
    } finally {
      await app.close();
    }
  });
}

/** Each in a transaction that cannot write, also when it is run. */
async function explained(
  { pool }: Database,
  statements: readonly RecordedStatement[],
  { analyze }: ExplainArguments,
  mask: Mask,
): Promise<Explained[]> {
  const client = await pool.connect();
  const result: Explained[] = [];
  try {
    for (const { name, text, values } of statements) {
      await client.query("begin transaction read only");
      await client.query(`set local statement_timeout = '${STATEMENT_TIMEOUT}'`);
      let plan: string[];
      try {
        const options = analyze ? "analyze, buffers, format text" : "format text";
        plan = await explainPrepared<string>(client, options, text, values);
      } catch (error) {
        plan = [`cannot be explained: ${errorMessage(error)}`];
      }
      await client.query("rollback");
      result.push({ name: name ?? null, statement: text.trim(), values: values.map(mask), plan });
    }
  } finally {
    client.release();
  }
  return result;
}

function statementText({ name, statement, values, plan }: Explained, index: number): string {
  const bound = values.map((value, at) => `  $${at + 1} = ${value}`);
  return [
    `Statement ${index + 1}${name === null ? "" : ` (${name})`}:`,
    statement,
    ...bound,
    "",
    ...plan,
  ].join("\n");
}

function parseUrl(text: string): URL {
  const base = "http://localhost";
  if (!URL.canParse(text, base) || !/^(\/|https?:\/\/)/.test(text))
    throw new InvalidArgumentError(`'${text}' is neither a path such as /api/tree/ nor an address`);
  return new URL(text, base);
}

function parseMethod(text: string): "GET" | "POST" {
  const method = METHODS.find((candidate) => candidate === text.toUpperCase());
  if (method === undefined) throw new InvalidArgumentError(`'${text}' is none of ${METHODS.join(", ")}`);
  return method;
}

export function explainCommand(): Command {
  return new Command("explain")
    .summary("show the statements of a request with their plans")
    .description(
      "Answers a request inside this process with the code of the server, and prints each statement that it ran, its values\n" +
        "with secrets masked, and its plan. Nothing is changed: plans are made in transactions that cannot write.",
    )
    .argument("<method>", METHODS.join(" or "), parseMethod)
    .argument("<url>", "path with its query; the host of an address is ignored", parseUrl)
    .addOption(new Option("--body <json>", "body of a POST"))
    .option("--analyze", "run the statements, and show times, rows and buffers of each step")
    .option("--json", "print a JSON object")
    .addHelpText(
      "after",
      `
Examples:
  kernelboard explain GET '/api/tree/?origin=maestro'
  kernelboard explain GET /api/build/maestro:1234/tests --analyze
  kernelboard explain POST /api/issue/extras/ --body '{"issues": [["maestro:1", 1]]}'`,
    )
    .action((method: "GET" | "POST", url: URL, args: ExplainArguments) =>
      runCommand((context) => run(context, method, url, args)),
    );
}
