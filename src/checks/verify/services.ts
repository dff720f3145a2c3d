/** The items of `verify_env` that ask servers: database, Redis, mail (chapter 08, section 4.1). */
import type { Database } from "../../database/database.ts";
import { errorCode, errorMessage, databaseErrorKind } from "../../database/errors.ts";
import { openMailTransport, type Mail } from "../../mail/transport.ts";
import type { EmailSettings, RedisSettings } from "../../settings.ts";
import { pingRedis } from "../redis.ts";
import { fail, pass, type Result } from "./result.ts";

/** Classes of SQLSTATE: the login was refused, there is no such database. */
const LOGIN_CLASSES = ["28", "3D"];
const MAX_PORT = 65_535;

/** @param database opened, or why it was not */
export async function verifyDatabase(
  alias: string,
  database: Database | string | undefined,
): Promise<Result> {
  const item = `db:${alias}`;
  if (database === undefined) return fail(item, `Database alias '${alias}' is not defined in settings`);
  if (typeof database === "string") return fail(item, `Failed connecting DB alias '${alias}': ${database}`);
  try {
    const { rows } = await database.pool.query<{ result: number }>("select 1 as result");
    return pass(item, `Connected to DB alias '${alias}' and got result: (${rows[0]?.result ?? ""},)`);
  } catch (error) {
    const isOfConnection =
      databaseErrorKind(error) === "transient" || LOGIN_CLASSES.includes(errorCode(error)?.slice(0, 2) ?? "");
    return fail(
      item,
      `${isOfConnection ? "Failed connecting" : "Unexpected DB error for"}${isOfConnection ? " DB" : ""} alias '${alias}': ${errorMessage(error)}`,
    );
  }
}

/** As the command line and the environment give them: the port and the database may be no numbers. */
export type RedisTarget = Omit<RedisSettings, "isConfigured" | "port" | "db"> & { port: string; db: string };

/** @param problem what is wrong with the settings, if anything */
export async function verifyRedis(target: RedisTarget, problem?: string): Promise<Result> {
  const where = `${target.host}:${target.port}/${target.db}`;
  const invalid =
    problem ??
    (!/^\d{1,5}$/.test(target.port) || Number(target.port) < 1 || Number(target.port) > MAX_PORT
      ? `'${target.port}' is no port`
      : !/^\d{1,6}$/.test(target.db)
        ? `'${target.db}' is no number of a database`
        : undefined);
  if (invalid !== undefined) return fail("redis", `Invalid Redis configuration for ${where}: ${invalid}`);
  try {
    await pingRedis({ ...target, port: Number(target.port), db: Number(target.db) });
    return pass("redis", `Connected to Redis at ${where} (PING=True)`);
  } catch (error) {
    return fail("redis", `Failed connecting to Redis at ${where}: ${errorMessage(error)}`);
  }
}

const shown = (text: string): string => (text === "" ? "<unset>" : text);

/** What the settings of mail say; the server is only asked by `verifySmtp`. */
export function verifyEmailSettings(email: EmailSettings): Result[] {
  const { backend, kind, host, port, user, password } = email;
  const result = (item: string, isGood: boolean, message: string): Result => ({ item, isGood, message });
  return [
    result("email:config", backend !== "", `EMAIL_BACKEND=${shown(backend)}`),
    result("email:server", host !== "", `EMAIL_HOST=${shown(host)} EMAIL_PORT=${port}`),
    result("email:sender", user !== "", `EMAIL_HOST_USER=${shown(user)}`),
    kind !== "smtp"
      ? pass("email:password", "EMAIL_HOST_PASSWORD skipped for non-SMTP backend")
      : password === ""
        ? fail("email:password", "EMAIL_HOST_PASSWORD is empty (SMTP authentication likely fails)")
        : pass("email:password", "EMAIL_HOST_PASSWORD is set"),
  ];
}

/** Opens and closes a connection. */
export async function verifySmtp(email: EmailSettings): Promise<Result> {
  if (email.kind !== "smtp") return pass("email:smtp", "SMTP connection skipped for non-SMTP backend");
  const transport = openMailTransport(email);
  try {
    await transport.verify();
    return pass("email:smtp", "SMTP backend opened successfully");
  } catch (error) {
    return fail("email:smtp", `SMTP backend connection failed: ${errorMessage(error)}`);
  } finally {
    transport.close();
  }
}

export async function sendTestEmail(email: EmailSettings, mail: Omit<Mail, "from">): Promise<Result> {
  try {
    const transport = openMailTransport(email);
    try {
      await transport.send({ ...mail, from: { name: "KernelCI Dashboard", address: email.user } });
    } finally {
      transport.close();
    }
    return pass("email:test", "Test email sent successfully");
  } catch (error) {
    return fail("email:test", `Test email send failed: ${errorMessage(error)}`);
  }
}
