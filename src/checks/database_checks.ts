/** Checks of the database: reachable, new enough, ours to write to, migrated, and with our idea of the time. */
import { isIP } from "node:net";
import pg from "pg";
import { errorMessage } from "../database/errors.ts";
import { loadMigrations, migrationStatus } from "../database/migrate.ts";
import { clientOptions, type Connection } from "../database/pool.ts";
import { error, info, warning, type Finding } from "./finding.ts";
import { isLoopback } from "./settings_checks.ts";

/** The oldest that is still maintained, and that the statements are written for. */
const MIN_VERSION = 130_000;
/** Seconds that the clocks may differ; above the second, cached answers and windows of days go wrong visibly. */
const CLOCK_WARNING_SECONDS = 2;
const CLOCK_ERROR_SECONDS = 60;
/** The program is from after this day. */
const EARLIEST_NOW = Date.UTC(2025, 0, 1);
const QUERY_TIMEOUT_MS = 10_000;

interface ServerFacts {
  version: number;
  version_text: string;
  is_superuser: boolean;
  is_standby: boolean;
  can_create: boolean;
  can_make_temporary: boolean;
  /** Empty over a socket. */
  address: string | null;
  has_tls: boolean;
  now_ms: number;
}

/** @param connection where the settings lead */
export async function databaseChecks(connection: Connection): Promise<Finding[]> {
  const client = new pg.Client({
    ...clientOptions(connection, "kernelboard check"),
    query_timeout: QUERY_TIMEOUT_MS,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const facts = await serverFacts(client);
    return [
      ...serverFindings(facts),
      ...clockFindings(facts.before, facts.now_ms, facts.after),
      ...(await migrationFindings(client, connection)),
      ...(await tableFindings(client)),
    ];
  } catch (failure) {
    return [
      error(
        "kernelboard.E020",
        `The database at ${connection.host}:${connection.port} cannot be used: ${errorMessage(failure)}.`,
        "Start PostgreSQL, and see whether DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASSWORD are right: `kernelboard settings` shows them.",
      ),
    ];
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function serverFacts(client: pg.Client): Promise<ServerFacts & { before: number; after: number }> {
  const before = Date.now();
  const { rows } = await client.query<ServerFacts>(
    `select current_setting('server_version_num')::integer as version, current_setting('server_version') as version_text,
       current_setting('is_superuser') = 'on' as is_superuser, pg_is_in_recovery() as is_standby,
       has_schema_privilege(current_schema(), 'create') as can_create,
       has_database_privilege(current_database(), 'temporary') as can_make_temporary,
       host(inet_server_addr()) as address,
       coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as has_tls,
       (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms`,
  );
  const after = Date.now();
  const [row] = rows;
  if (row === undefined) throw new Error("the server tells nothing about itself");
  return { ...row, before, after };
}

function serverFindings(facts: ServerFacts): Finding[] {
  const found: Finding[] = [];
  if (facts.version < MIN_VERSION)
    found.push(
      error(
        "kernelboard.E021",
        `The server is PostgreSQL ${facts.version_text}.`,
        `Upgrade it to PostgreSQL ${MIN_VERSION / 10_000} or later.`,
      ),
    );
  if (facts.is_standby)
    found.push(
      error(
        "kernelboard.E022",
        "The server is a standby: nothing can be written.",
        "Let DB_HOST be the primary.",
      ),
    );
  if (!facts.can_create && !facts.is_standby)
    found.push(
      error(
        "kernelboard.E023",
        "The role may not create tables, which migrations do.",
        "As the owner of the schema: GRANT CREATE, USAGE ON SCHEMA public TO the role of DB_USER.",
      ),
    );
  if (!facts.can_make_temporary)
    found.push(
      error(
        "kernelboard.E024",
        "The role may not make temporary tables, which ingestion does.",
        "As the owner of the database: GRANT TEMPORARY ON DATABASE to the role of DB_USER.",
      ),
    );
  if (facts.is_superuser)
    found.push(
      warning(
        "kernelboard.W020",
        "The role is a superuser: an error here could do anything on the database server.",
        "Make a role without rights beyond its own database, and name it in DB_USER.",
      ),
    );
  if (!facts.has_tls && facts.address !== null && isPublic(facts.address))
    found.push(
      warning(
        "kernelboard.W021",
        `The connection to the database at ${facts.address} has no TLS, and that is a public address.`,
        'Turn TLS on there, and demand it: DB_DEFAULT={"OPTIONS": {"sslmode": "verify-full"}}.',
      ),
    );
  return found;
}

/** Whether an address is outside of the ranges for private networks. */
function isPublic(address: string): boolean {
  if (isLoopback(address)) return false;
  if (isIP(address) === 4) return !/^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.)/.test(address);
  return !/^f[cde]/i.test(address);
}

/**
 * What the database's clock says about ours.
 *
 * @param before our time when it was asked
 * @param after our time when it had answered, so that its time is between them where the clocks agree
 */
export function clockFindings(before: number, databaseTime: number, after: number): Finding[] {
  if (before < EARLIEST_NOW)
    return [
      error(
        "kernelboard.E025",
        `This machine's clock says ${new Date(before).toISOString()}.`,
        "Set it, and keep it right with NTP (chrony, systemd-timesyncd).",
      ),
    ];
  const offset = Math.max(before - databaseTime, databaseTime - after, 0) / 1000;
  if (offset <= CLOCK_WARNING_SECONDS) return [];
  const found = offset > CLOCK_ERROR_SECONDS ? error : warning;
  return [
    found(
      offset > CLOCK_ERROR_SECONDS ? "kernelboard.E026" : "kernelboard.W022",
      `This machine's clock and the database server's differ by ${offset.toFixed(1)} s.`,
      "Keep both right with NTP (chrony, systemd-timesyncd).",
    ),
  ];
}

async function migrationFindings(client: pg.Client, connection: Connection): Promise<Finding[]> {
  const status = await migrationStatus(connection);
  const pending = status.filter(({ appliedAt }) => appliedAt === undefined);
  if (pending.length > 0)
    return [
      warning(
        "kernelboard.W023",
        `${pending.length} of ${status.length} migrations are pending, from ${pending[0]?.name ?? ""} on.`,
        "Run `kernelboard migrate`; the server does it when it starts.",
      ),
    ];
  const { rows } = await client.query<{ newest: number }>(
    "select max(number) as newest from kernelboard_migrations",
  );
  const newest = rows[0]?.newest ?? 0;
  if (newest <= status.length) return [];
  return [
    error(
      "kernelboard.E027",
      `The database has migration ${newest}, which this version does not know.`,
      "Use the newer version of kernelboard that made it.",
    ),
  ];
}

/** Tables of the migrations that are there, and that the role may not read and write. */
async function tableFindings(client: pg.Client): Promise<Finding[]> {
  const names = (await loadMigrations()).flatMap(({ sql }) =>
    [...sql.matchAll(/^create table (?:if not exists )?(\w+)/gim)].map((match) => match[1]),
  );
  const { rows } = await client.query<{ name: string; missing: string }>(
    `select c.relname as name, string_agg(privilege, ', ' order by privilege) as missing
     from pg_class c, unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) privilege
     where c.relnamespace = current_schema()::regnamespace
       and c.relkind in ('r', 'p')
       and c.relname = any($1)
       and not has_table_privilege(c.oid, privilege)
     group by c.relname
     order by c.relname`,
    [names],
  );
  return rows.map(({ name, missing }) =>
    error(
      "kernelboard.E028",
      `The role may not ${missing} in table ${name}.`,
      `As the owner of the table: GRANT SELECT, INSERT, UPDATE, DELETE ON ${name} TO the role of DB_USER.`,
    ),
  );
}

/** What is said where the embedded database cannot be looked at. */
export function embeddedNotExamined(reason: string): Finding {
  return info(
    "kernelboard.I020",
    `The embedded database was not examined: ${reason}.`,
    "Let the check run where no server uses the data directory, or ask the running server with --url.",
  );
}
