/** Checks of what a server really sends: one of this process's own, or one that an address names (chapter 08, section 5). */
import { connect as tlsConnect } from "node:tls";
import { request as httpsRequest } from "node:https";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { errorMessage } from "../database/errors.ts";
import { error, warning, type Finding } from "./finding.ts";

const TIMEOUT_MS = 10_000;
/** Answers without asking a database. */
const PATH = "/api/schema/";
/** Nobody's: `.invalid` is reserved. */
const FOREIGN_HOST = "kernelboard-check.invalid";
const CERTIFICATE_WARNING_DAYS = 14;
const DAY_MS = 86_400_000;
const REFERRER_POLICIES = new Set([
  "no-referrer",
  "no-referrer-when-downgrade",
  "origin",
  "origin-when-cross-origin",
  "same-origin",
  "strict-origin",
  "strict-origin-when-cross-origin",
]);

export interface HeaderCheckOptions {
  /** Where the server is. */
  base: URL;
  /** Whether it is this process's own, which can be told that a request came through a proxy with TLS. */
  isOwn: boolean;
  /** What the settings let pass, so that it is not held against the server. */
  allowsEveryHost: boolean;
  allowsEveryOrigin: boolean;
}

interface Sent {
  status: number;
  headers: IncomingHttpHeaders;
}

export async function headerChecks(options: HeaderCheckOptions): Promise<Finding[]> {
  const { base, isOwn } = options;
  try {
    const asHttps = isOwn ? { "x-forwarded-proto": "https" } : {};
    const sent = await ask(base, { ...asHttps, origin: `https://${FOREIGN_HOST}` });
    return [
      ...(sent.status === 200 ? [] : [wrongStatus(base, sent.status)]),
      ...(isOwn || base.protocol === "https:" ? strictTransport(sent.headers) : []),
      ...headerFindings(sent.headers),
      ...(options.allowsEveryOrigin ? [] : foreignOrigin(sent.headers)),
      ...(options.allowsEveryHost ? [] : await foreignHost(base, isOwn)),
      ...(isOwn ? [] : await transportFindings(base)),
    ];
  } catch (failure) {
    return [
      error(
        "kernelboard.E030",
        `${base.href} cannot be asked: ${errorMessage(failure)}.`,
        "Start the server there, or correct --url; its certificate has to be good for the name.",
      ),
    ];
  }
}

/** fetch lets nobody set the Host header. */
function ask(base: URL, headers: Record<string, string>): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const request = base.protocol === "https:" ? httpsRequest : httpRequest;
    request(new URL(PATH, base), { headers, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    })
      .on("timeout", function (this: { destroy: (error: Error) => void }) {
        this.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`));
      })
      .on("error", reject)
      .end();
  });
}

function wrongStatus(base: URL, status: number): Finding {
  return error(
    "kernelboard.E031",
    `${new URL(PATH, base).href} answers with status ${status}.`,
    "See the server's log; with 400 the name is missing in ALLOWED_HOSTS.",
  );
}

const AT_PROXY = "Let the proxy pass the server's headers on as they are.";

function strictTransport(headers: IncomingHttpHeaders): Finding[] {
  const parts = (headers["strict-transport-security"] ?? "")
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const seconds = Number(
    /^max-age=(\d+)$/.exec(parts.find((part) => part.startsWith("max-age=")) ?? "")?.[1] ?? 0,
  );
  if (seconds === 0)
    return [
      warning(
        "security.W004",
        "No Strict-Transport-Security is sent over HTTPS: browsers may come again without TLS.",
        `Name the proxy in KERNELBOARD_TRUSTED_PROXIES and let it set X-Forwarded-Proto. ${AT_PROXY}`,
      ),
    ];
  const found: Finding[] = [];
  if (!parts.includes("includesubdomains"))
    found.push(
      warning(
        "security.W005",
        "Strict-Transport-Security has no includeSubDomains: names below this one may be reached without TLS.",
        "Set KERNELBOARD_HSTS_INCLUDE_SUBDOMAINS=true when all of them have TLS.",
      ),
    );
  if (!parts.includes("preload"))
    found.push(
      warning(
        "security.W021",
        "Strict-Transport-Security has no preload: this host cannot be put on the browsers' lists.",
        "Set KERNELBOARD_HSTS_PRELOAD=true when you want it to be there.",
      ),
    );
  return found;
}

function headerFindings(headers: IncomingHttpHeaders): Finding[] {
  const found: Finding[] = [];
  const value = (name: string): string => String(headers[name] ?? "").toLowerCase();
  if (value("x-content-type-options") !== "nosniff")
    found.push(warning("security.W006", "No X-Content-Type-Options: nosniff is sent.", AT_PROXY));
  if (value("x-frame-options") !== "deny")
    found.push(
      warning("security.W019", "No X-Frame-Options: DENY is sent: other sites can frame the page.", AT_PROXY),
    );
  const policies = value("referrer-policy")
    .split(",")
    .map((policy) => policy.trim());
  if (!policies.every((policy) => REFERRER_POLICIES.has(policy)))
    found.push(warning("security.W022", "No safe Referrer-Policy is sent.", AT_PROXY));
  if (!["same-origin", "same-origin-allow-popups"].includes(value("cross-origin-opener-policy")))
    found.push(warning("kernelboard.W032", "No Cross-Origin-Opener-Policy: same-origin is sent.", AT_PROXY));
  if (value("x-powered-by") !== "" || /\d/.test(value("server")))
    found.push(
      warning(
        "kernelboard.W033",
        "The answers tell which software made them.",
        "Let the proxy remove Server and X-Powered-By.",
      ),
    );
  return found;
}

function foreignOrigin(headers: IncomingHttpHeaders): Finding[] {
  if (headers["access-control-allow-origin"] === undefined) return [];
  return [
    warning(
      "kernelboard.W034",
      "Pages of every origin may read the answers, although the settings do not say so.",
      "Let the proxy add no Access-Control-Allow-Origin of its own.",
    ),
  ];
}

async function foreignHost(base: URL, isOwn: boolean): Promise<Finding[]> {
  const { status } = await ask(base, { host: FOREIGN_HOST });
  // A proxy may know the name of no such site, in whatever words; what it must not do is answer.
  if (isOwn ? status === 400 : status >= 300) return [];
  return [
    warning(
      "kernelboard.W035",
      `A request for the host ${FOREIGN_HOST} is answered with status ${status}.`,
      "Let the proxy pass the Host header on, and list your names in ALLOWED_HOSTS.",
    ),
  ];
}

/** TLS of another server, and where its plain HTTP leads. */
async function transportFindings(base: URL): Promise<Finding[]> {
  if (base.protocol === "http:") {
    const { status, headers } = await ask(base, {});
    return status >= 300 && status < 400 && String(headers.location).startsWith("https:")
      ? []
      : [notRedirected(base)];
  }
  const found: Finding[] = [];
  const until = await certificateEnd(base);
  const days = Math.floor((until - Date.now()) / DAY_MS);
  if (days < CERTIFICATE_WARNING_DAYS)
    found.push(
      warning(
        "kernelboard.W036",
        `The certificate of ${base.hostname} expires in ${days} days.`,
        "Renew it.",
      ),
    );
  const plain = new URL(base);
  plain.protocol = "http:";
  // A port of its own is that of TLS: plain HTTP has no place to be looked for.
  if (base.port === "") {
    const answer = await ask(plain, {}).catch(() => undefined);
    if (answer !== undefined && !String(answer.headers.location).startsWith("https:"))
      found.push(notRedirected(plain));
  }
  return found;
}

function notRedirected({ href }: URL): Finding {
  return warning(
    "security.W008",
    `${href} is not redirected to HTTPS.`,
    "Let the proxy answer plain HTTP with a redirect to https://.",
  );
}

function certificateEnd({ hostname, port }: URL): Promise<number> {
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = tlsConnect(
      { host, port: port === "" ? 443 : Number(port), servername: host, timeout: TIMEOUT_MS },
      () => {
        resolve(Date.parse(socket.getPeerCertificate().valid_to));
        socket.end();
      },
    );
    socket.on("timeout", () => socket.destroy(new Error("no answer")));
    socket.on("error", reject);
  });
}
