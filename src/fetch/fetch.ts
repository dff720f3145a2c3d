/** Fetching what clients name, without becoming their way into this network (chapter 06, section 6.2). */
import { once } from "node:events";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import type { Readable } from "node:stream";
import { Agent, type Dispatcher } from "undici";
import { VERSION } from "../version.ts";
import { contentEncodings, decodeBody } from "./body.ts";
import { PRODUCTION_POLICY, type FetchPolicy } from "./policy.ts";
import { judgeUrl, type Refusal } from "./target.ts";

const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const REQUEST_HEADERS = {
  accept: "*/*",
  "accept-encoding": "identity",
  "user-agent": `kernelboard/${VERSION}`,
};

export interface FetchLimits {
  /** For everything together, from the first name looked up to the last byte read. */
  deadlineMs: number;
  /** Of the body, before and after decoding. */
  maxBytes: number;
  /** Ends the fetch: its client went away. */
  signal: AbortSignal;
}

export type Outcome =
  | { kind: "refused"; why: Refusal }
  /** Any status but 200, a redirect too many among them. */
  | { kind: "unsuccessful"; status: number; reason: string }
  | FetchedFile;

export interface FetchedFile {
  kind: "file";
  contentType: string | undefined;
  contentDisposition: string | undefined;
  /** Known when the bytes are passed on as they came. */
  contentLength: string | undefined;
  /** The first bytes are there. It fails when the rest does not come in full; destroying it ends the fetch. */
  body: Readable;
}

type Response = Dispatcher.ResponseData;

/**
 * GETs a URL. Every URL on the way is judged, its host's addresses are looked up once and all have to be public, and
 * the connection goes to one of them.
 *
 * @throws Error when names, connections, deadline or the beginning of the body fail; its text is for the log
 */
export async function guardedFetch(
  text: string,
  limits: FetchLimits,
  policy: FetchPolicy = PRODUCTION_POLICY,
): Promise<Outcome> {
  const stop = new AbortController();
  const abort = (): void => {
    stop.abort(new Error("the client went away"));
  };
  const deadline = setTimeout(
    () => {
      stop.abort(new Error("the deadline has passed"));
    },
    Math.min(limits.deadlineMs, policy.deadlineMs ?? limits.deadlineMs),
  );
  limits.signal.addEventListener("abort", abort, { once: true });
  if (limits.signal.aborted) abort();
  const agents: Agent[] = [];
  const finish = (): void => {
    clearTimeout(deadline);
    limits.signal.removeEventListener("abort", abort);
    for (const agent of agents) void agent.destroy().catch(() => undefined);
  };

  try {
    const response = await follow(text, policy, agents, stop.signal);
    if (typeof response === "string") return finished({ kind: "refused", why: response });
    if (response.statusCode !== 200)
      return finished({ kind: "unsuccessful", status: response.statusCode, reason: response.statusText });
    const file = await fileOf(response, limits.maxBytes);
    file.body.once("close", finish);
    stop.signal.addEventListener("abort", () => file.body.destroy(stop.signal.reason as Error));
    return file;
  } catch (error) {
    finish();
    throw error;
  }

  function finished(outcome: Outcome): Outcome {
    finish();
    return outcome;
  }
}

/** The first answer that is no redirect, or one redirect more than are followed. */
async function follow(
  text: string,
  policy: FetchPolicy,
  agents: Agent[],
  signal: AbortSignal,
): Promise<Response | Refusal> {
  let url = judgeUrl(text, policy.allows);
  for (let redirects = 0; ; redirects++) {
    if (typeof url === "string") return url;
    const addresses = await checkedAddresses(url, policy, signal);
    if (addresses === undefined) return "forbidden";
    const agent = agentFor(addresses, policy);
    agents.push(agent);
    const response = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: "GET",
      headers: REQUEST_HEADERS,
      signal,
    });
    response.body.on("error", () => undefined);
    const location = first(response.headers.location);
    if (!REDIRECTS.has(response.statusCode) || location === undefined || redirects === MAX_REDIRECTS)
      return response;
    url = judgeUrl(location, policy.allows, url);
  }
}

/** All addresses of a URL's host, or undefined when one of them is not public. */
async function checkedAddresses(
  url: URL,
  policy: FetchPolicy,
  signal: AbortSignal,
): Promise<LookupAddress[] | undefined> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const addresses = await unlessAborted(policy.resolve(host), signal);
  if (addresses.length === 0) throw new Error(`${host} has no address`);
  return addresses.every(({ address }) => policy.isPublic(address)) ? addresses : undefined;
}

/** A lookup of names cannot be aborted, but it need not be waited for. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", stop);
    });
  });
}

/** An agent that knows only these addresses, so that a name which changes meanwhile leads nowhere else. */
function agentFor(addresses: readonly LookupAddress[], policy: FetchPolicy): Agent {
  const lookup: LookupFunction = (_host, options, done) => {
    if (options.all) done(null, [...addresses]);
    else done(null, addresses[0]?.address ?? "", addresses[0]?.family);
  };
  const { certificates } = policy;
  return new Agent({
    connect: { lookup, ...(certificates === undefined ? {} : { ca: certificates }) },
    // The deadline is for everything; a pause alone is no failure.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

async function fileOf({ headers, body }: Response, maxBytes: number): Promise<FetchedFile> {
  const encodings = contentEncodings([headers["content-encoding"] ?? []].flat().join(","));
  const length = first(headers["content-length"]);
  if (Number(length) > maxBytes) throw new Error(`the body has ${length} bytes, more than ${maxBytes}`);
  const decoded = decodeBody(body, encodings, maxBytes);
  await once(decoded, "readable");
  return {
    kind: "file",
    contentType: headerText(first(headers["content-type"])),
    contentDisposition: headerText(first(headers["content-disposition"])),
    contentLength: encodings.length === 0 ? length : undefined,
    body: decoded,
  };
}

function first(header: string | string[] | undefined): string | undefined {
  return typeof header === "object" ? header[0] : header;
}

/** A header's text as it can be sent on: one character a byte. */
function headerText(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const bytes = /[^\0-\xff]/.test(text) ? Buffer.from(text).toString("latin1") : text;
  return bytes.replace(/[^\t\x20-\x7e\x80-\xff]/g, "");
}
