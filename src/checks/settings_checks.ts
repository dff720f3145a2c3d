/** Checks of the settings themselves: debug flags, secrets, hosts, CORS, proxies (chapter 08, section 5). */
import { isIP } from "node:net";
import type { LoadedSettings, SettingError, Settings } from "../settings.ts";
import { error, info, warning, type Finding } from "./finding.ts";

/** Of the secret key, as the reference implementation's framework demands it. */
const MIN_KEY_CHARACTERS = 50;
const MIN_KEY_DISTINCT = 5;
/** A random secret of 32 bytes has more, in hexadecimal too. */
const MIN_SECRET_DISTINCT = 8;
const DEFAULT_PASSWORD = "admin";

/** What is wrong with values that stop every start. */
export function settingErrors(problems: readonly SettingError[]): Finding[] {
  return problems.map((problem) => {
    const { message, variable } = problem;
    const [text = message, example] = message.split("; example: ");
    const hint = example === undefined ? `Correct ${variable}.` : `For example: ${example}`;
    if (variable === "CORS_ALLOWED_ORIGINS")
      return error(
        "corsheaders.E013",
        text,
        'Give each origin with its scheme, as in CORS_ALLOWED_ORIGINS=["https://example.com"].',
      );
    if (variable.endsWith("_FILE"))
      return error(
        "kernelboard.E002",
        text,
        `Let the file be readable by the user that kernelboard runs as, or set ${variable.replace(/_FILE$/, "")}.`,
      );
    return error("kernelboard.E001", text, hint);
  });
}

/** What is doubtful about settings with which the program starts. */
export function doubtfulSettings({ settings, sources }: LoadedSettings): Finding[] {
  return [
    ...debugFlags(settings),
    ...secrets(settings),
    ...hosts(settings),
    ...proxies(
      settings,
      sources.find(({ name }) => name === "KERNELBOARD_TRUSTED_PROXIES")?.from !== "default",
    ),
  ];
}

function debugFlags({ debug, debugging }: Settings): Finding[] {
  const found: Finding[] = [];
  if (debug)
    found.push(
      warning("security.W018", "You should not have DEBUG set to true in deployment.", "Unset DEBUG."),
    );
  if (debugging.databaseVariables)
    found.push(
      warning(
        "kernelboard.W001",
        "DEBUG_DB_VARS is on: every start writes where the database is and how long its password is.",
        "Unset DEBUG_DB_VARS.",
      ),
    );
  if (debugging.sqlQuery)
    found.push(
      warning(
        "kernelboard.W002",
        "DEBUG_SQL_QUERY is on: every statement is written to the log.",
        "Unset DEBUG_SQL_QUERY.",
      ),
    );
  return found;
}

function distinct(text: string): number {
  return new Set(text).size;
}

function secrets({ security, submissions, database }: Settings): Finding[] {
  const found: Finding[] = [];
  const { secretKey = "" } = security;
  if (
    secretKey.length < MIN_KEY_CHARACTERS ||
    distinct(secretKey) < MIN_KEY_DISTINCT ||
    secretKey.startsWith("django-insecure-")
  )
    found.push(
      warning(
        "security.W009",
        `Your DJANGO_SECRET_KEY is not set, has less than ${MIN_KEY_CHARACTERS} characters, less than ${MIN_KEY_DISTINCT} unique characters, or it's prefixed with 'django-insecure-'.`,
        "Set DJANGO_SECRET_KEY to what `openssl rand -base64 48` prints.",
      ),
    );
  const { secret } = submissions;
  if (secret !== undefined && (distinct(secret) < MIN_SECRET_DISTINCT || secret === secretKey))
    found.push(
      warning(
        "kernelboard.W003",
        secret === secretKey
          ? "KERNELBOARD_SUBMIT_SECRET is the same as DJANGO_SECRET_KEY."
          : `KERNELBOARD_SUBMIT_SECRET has less than ${MIN_SECRET_DISTINCT} unique characters: tokens of submitters can be forged by who guesses it.`,
        "Set KERNELBOARD_SUBMIT_SECRET to what `openssl rand -hex 32` prints; tokens have to be made again.",
      ),
    );
  if (database.kind === "external" && (database.password === "" || database.password === DEFAULT_PASSWORD))
    found.push(
      warning(
        "kernelboard.W004",
        `The database's password is ${database.password === "" ? "empty" : "the default one"}.`,
        "Give the role a password of its own, and name it in DB_PASSWORD or the file of DB_PASSWORD_FILE.",
      ),
    );
  return found;
}

function hosts({ http }: Settings): Finding[] {
  const found: Finding[] = [];
  if (http.allowedHosts.length === 0)
    found.push(
      warning(
        "security.W020",
        "ALLOWED_HOSTS must not be empty in deployment.",
        'List the names that users ask for, as in ALLOWED_HOSTS=["dashboard.example.org"].',
      ),
    );
  if (http.allowedHosts.some((host) => host === "*" || host === "."))
    found.push(
      warning(
        "kernelboard.W005",
        "ALLOWED_HOSTS has a wildcard: requests for every host are answered.",
        'List the names that users ask for, as in ALLOWED_HOSTS=["dashboard.example.org"].',
      ),
    );
  if (http.corsAllowAllOrigins)
    found.push(
      warning(
        "kernelboard.W006",
        "CORS_ALLOW_ALL_ORIGINS is on: pages of every origin may read the answers.",
        "Unset it, and list the pages' origins in CORS_ALLOWED_ORIGINS.",
      ),
    );
  const plain = http.corsAllowedOrigins.filter(
    (origin) => /^http:/i.test(origin) && !isLoopback(new URL(origin).hostname),
  );
  if (plain.length > 0)
    found.push(
      warning(
        "kernelboard.W007",
        `CORS_ALLOWED_ORIGINS has origins without TLS: ${plain.join(", ")}.`,
        "Serve these pages over https://, and list them so.",
      ),
    );
  return found;
}

export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  if (isIP(name) === 4) return name.startsWith("127.");
  return name === "::1" || name === "localhost" || name.endsWith(".localhost");
}

function proxies({ http, security }: Settings, isGiven: boolean): Finding[] {
  const found: Finding[] = [];
  const everybody = security.trustedProxies.filter((proxy) => /\/[1-7]$/.test(proxy));
  if (everybody.length > 0)
    found.push(
      warning(
        "kernelboard.W008",
        `KERNELBOARD_TRUSTED_PROXIES has ${everybody.join(", ")}: the X-Forwarded-* headers of much of the Internet are believed.`,
        "List the addresses of your proxies only.",
      ),
    );
  // Whoever reaches the port from elsewhere reaches it without TLS; a proxy that is named stands between.
  if (!isLoopback(http.host) && !isGiven)
    found.push(
      warning(
        "security.W008",
        `The server listens on ${http.host} without TLS, and no proxy before it is named: it redirects nobody from HTTP to HTTPS, and does not know who came by HTTPS.`,
        "Put a proxy with TLS before it that redirects, and name its address in KERNELBOARD_TRUSTED_PROXIES; or listen on 127.0.0.1 only.",
      ),
    );
  if (security.trustedProxies.length === 0)
    found.push(
      info(
        "kernelboard.I001",
        "No proxy is trusted: requests over HTTPS are not recognised, and clients are known by the proxy's address.",
        'Name the proxies, as in KERNELBOARD_TRUSTED_PROXIES=["10.0.0.2"].',
      ),
    );
  return found;
}
