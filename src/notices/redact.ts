/** What must not leave the house: secrets in texts that are sent to others. */
import type { Settings } from "../settings.ts";

const REDACTED = "[redacted]";
/** A shorter value of a setting is found in too many innocent texts. */
const SHORTEST_SECRET = 6;
/** More of a text is neither looked at nor sent. */
const LONGEST_TEXT = 64 * 1024;

const SECRET_NAME =
  "[\\w.-]*(?:passw(?:or)?d|passwd|secret|token|api[_-]?key|apikey|authorization|credential|cookie|session|private[_-]?key|signature)[\\w.-]*";

const PATTERNS: [RegExp, string][] = [
  // "token": "...", also cut off in the middle
  [
    new RegExp(`("${SECRET_NAME}"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*(?:"|$)|[^\\s,}\\]"]+)`, "gi"),
    `$1"${REDACTED}"`,
  ],
  // token=..., --password ..., Authorization: ...
  [
    new RegExp(`(\\b${SECRET_NAME}\\s*[=:]\\s*)(?:(?:bearer|basic|token)\\s+)?[^\\s&"',;]+`, "gi"),
    `$1${REDACTED}`,
  ],
  [/\b(bearer|basic)\s+[\w~+/.=-]{8,}/gi, `$1 ${REDACTED}`],
  // scheme://user:password@host
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, `$1${REDACTED}@`],
  // signed tokens
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, REDACTED],
];

/** A function that takes secrets out of a text: those of the settings, and what looks like one. */
export function createRedactor(settings: Settings): (text: string) => string {
  const { database, submissions, excerpts, notices, schedule } = settings;
  const known = [
    database.kind === "external" ? database.password : undefined,
    submissions.secret,
    excerpts.token,
    notices.discordUrl,
    notices.webhookUrl,
    ...schedule.healthPings.paths.values(),
  ]
    .filter((secret) => secret !== undefined)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    // Of two of which one is within the other the longer one first.
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text.slice(0, LONGEST_TEXT);
    for (const secret of known) clean = clean.replaceAll(secret, REDACTED);
    for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
    return clean;
  };
}
