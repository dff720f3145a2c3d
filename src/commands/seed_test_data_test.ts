import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { loadSettings } from "../settings.ts";
import { instanceKind } from "../demo/instance_kind.ts";
import { testDatabase } from "../../test/support/database.ts";
import { confirmDeletion, refusal, seedTestDataCommand } from "./seed_test_data.ts";

describe("the command", async () => {
  const database = await testDatabase();
  let output: string;
  let errors: string;

  beforeEach(() => {
    output = errors = "";
    vi.spyOn(console, "log").mockImplementation((line: string) => void (output += `${line}\n`));
    vi.spyOn(console, "error").mockImplementation((line: string) => void (errors += `${line}\n`));
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      output += String(text);
      return true;
    });
    const { host, port, user, password } = inject("connection");
    const environment = {
      DB_HOST: host,
      DB_PORT: String(port),
      DB_USER: user,
      DB_PASSWORD: password,
      DB_NAME: database.connection.database,
      DEBUG: "true",
      KERNELBOARD_LOG_LEVEL: "silent",
    };
    for (const [name, text] of Object.entries(environment)) vi.stubEnv(name, text);
  });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    process.exitCode = undefined;
  });

  async function run(input: string, ...args: string[]): Promise<void> {
    await seedTestDataCommand(Readable.from(input === "" ? [] : [input])).parseAsync(args, { from: "user" });
  }

  it("seeds once, and says how to seed again", async () => {
    await run("");
    expect(errors).toBe("");
    expect(process.exitCode).toBeUndefined();
    expect(output).toMatch(/^Seeding test database with realistic data\.\.\.\nCreating 50 checkouts\.\.\.\n/);
    expect(output.slice(output.indexOf("Successfully")).split("\n")).toEqual([
      "Successfully seeded database with:",
      "- 50 checkouts",
      "- 20 builds",
      "- 24 tests",
      "- 20 issues",
      "- 8 incidents",
      "- 21 tree_tests_rollup rows",
      "- 16 latest_checkout rows",
      "- 18 hardware_status rows",
      "",
    ]);
    await run("");
    expect(process.exitCode).toBe(1);
    expect(errors).toMatch(
      /^CommandError: duplicate key value .*checkouts_pkey.*--clear deletes everything first\.\n$/,
    );
  });

  it("clears after a yes only", async () => {
    await run("no\n", "--clear");
    expect(output).toBe("Type 'yes' to confirm data deletion: ");
    expect(errors).toBe("CommandError: Input is not 'yes'. Operation cancelled.\n");
    expect(process.exitCode).toBe(1);
    await run("yes\n", "--clear", "--checkouts", "2", "--issues=1");
    expect(output).toContain("Clearing all data from local environment...\nClearing existing data...\n");
    expect(output).toContain("- 2 checkouts\n");
    await run("", "--clear", "--yes", "--tree-listing");
    expect(output).toMatch(/\n- 21 tree_listing rows\n$/);
    expect(await database.rows("select count(*)::integer as checkouts from checkouts")).toEqual([
      { checkouts: 58 },
    ]);
  });

  it("is refused on a staging instance", async () => {
    vi.stubEnv("DEBUG", "false");
    await run("", "--clear", "--yes");
    expect(errors).toMatch(
      /^PRODUCTION ENVIRONMENT DETECTED!\n.*staging.*\nCommandError: Data clearing is DISABLED in production environments\.\n$/,
    );
    expect(process.exitCode).toBe(1);
  });

  it("is refused on a staging instance that holds data, but fills an empty one", async () => {
    vi.stubEnv("DEBUG", "false");
    await run("");
    expect(errors).toContain("CommandError: Data seeding is DISABLED in production environments.");
    await database.pool.query(
      "truncate checkouts, builds, tests, issues, incidents, hardware_status, latest_checkout, tree_tests_rollup, tree_listing",
    );
    errors = "";
    await run("");
    expect(errors).toBe("");
    expect(output).toContain("- 50 checkouts\n");
  });
});

describe("the confirmation", () => {
  it.each(["", "no\n", "\n", "yes please\n"])("is not given by %j", async (answer) => {
    const asked = confirmDeletion(Readable.from(answer === "" ? [] : [answer]), () => undefined);
    await expect(asked).rejects.toThrow("Input is not 'yes'. Operation cancelled.");
  });

  it("is given by yes, and asked for", async () => {
    let question = "";
    await confirmDeletion(Readable.from(["yes\n"]), (text) => (question += text));
    expect(question).toBe("Type 'yes' to confirm data deletion: ");
  });

  it("is not waited for after the stop signal", async () => {
    const asked = confirmDeletion(
      new Readable({ read: () => undefined }),
      () => undefined,
      AbortSignal.abort(),
    );
    await expect(asked).rejects.toThrow("Operation cancelled.");
  });
});

describe("the kind of instance", () => {
  const kind = (environment: Record<string, string>): string =>
    instanceKind(loadSettings(environment).settings);

  it("is production with the public page, else local only in development mode", () => {
    const page = '["https://dashboard.kernelci.org"]';
    expect(kind({ CORS_ALLOWED_ORIGINS: page, DEBUG: "true" })).toBe("production");
    expect(kind({ CORS_ALLOWED_ORIGINS: '["https://example.org"]' })).toBe("staging");
    expect(kind({})).toBe("staging");
    expect(kind({ DEBUG: "True" })).toBe("local");
  });

  it("decides on the refusal", () => {
    expect(refusal("local", true, false)).toBeUndefined();
    expect(refusal("production", false, true)?.error).toBe(
      "Data seeding is DISABLED in production environments.",
    );
    expect(refusal("staging", true, true)?.error).toBe(
      "Data clearing is DISABLED in production environments.",
    );
    expect(refusal("staging", false, false)?.error).toBe(
      "Data seeding is DISABLED in production environments.",
    );
    expect(refusal("staging", false, true)).toBeUndefined();
  });
});
