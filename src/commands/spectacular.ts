/** `kernelboard spectacular`: the API's description, as the reference implementation's generator writes it. */
import { writeFile } from "node:fs/promises";
import { Command } from "commander";
import { pino } from "pino";
import { createPool } from "../database/pool.ts";
import { loadSettings } from "../settings.ts";

/** Nothing is asked of it, so that no database has to be there. */
const NO_DATABASE = {
  host: "127.0.0.1",
  port: 0,
  database: "",
  user: "",
  password: "",
  ssl: false,
  connectTimeoutSeconds: 1,
  idleTimeoutSeconds: 0,
};

/** What `GET /api/schema/` answers with the settings' defaults, whatever the environment says. */
async function description(): Promise<string> {
  const { createServer } = await import("../http/server.ts");
  const log = pino({ level: "silent" });
  const { settings } = loadSettings({});
  const pool = createPool(NO_DATABASE, log, 1);
  const app = await createServer({ pool, connection: NO_DATABASE, settings, log });
  try {
    return (await app.inject({ url: "/api/schema/", headers: { host: "localhost" } })).payload;
  } finally {
    await app.close();
  }
}

export function spectacularCommand(): Command {
  return new Command("spectacular")
    .summary("write the API's description")
    .description("Writes the OpenAPI description of the API, the same YAML as GET /api/schema/.")
    .option("--file <file>", "where to write it (default: standard output)")
    .option("--color", "accepted and ignored")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard spectacular\n  kernelboard spectacular --file schema.yml",
    )
    .action(async ({ file }: { file?: string }) => {
      const text = await description();
      if (file === undefined) process.stdout.write(text);
      else await writeFile(file, text);
    });
}
