/** Servers on loopback that stand for other hosts, and the policy that lets the server under test reach them. */
import { once } from "node:events";
import { createServer, get, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { PRODUCTION_POLICY, type FetchPolicy } from "../../src/fetch/policy.ts";
import { isAllowedUrl } from "../../src/fetch/target.ts";
import { CERTIFICATE, CERTIFICATE_KEY } from "./certificate.ts";
import { atEndOfFile } from "./cleanup.ts";

export const LOOPBACK = { address: "127.0.0.1", family: 4 };

/** A listening server, closed after the test file. @returns its port */
export async function upstream(listener: RequestListener): Promise<number> {
  return listen(createServer(listener));
}

/** The same with TLS, for `files.kernelci.org`. */
export async function tlsUpstream(listener: RequestListener): Promise<number> {
  return listen(createTlsServer({ cert: CERTIFICATE, key: CERTIFICATE_KEY }, listener));
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEndOfFile(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** Production's policy, but every name leads to 127.0.0.1, which counts as public, and these ports are allowed. */
export function loopbackPolicy(ports: readonly number[], more: Partial<FetchPolicy> = {}): FetchPolicy {
  return {
    ...PRODUCTION_POLICY,
    allows: (url) => {
      const plain = new URL(url);
      if (ports.includes(Number(plain.port))) plain.port = "";
      return isAllowedUrl(plain);
    },
    isPublic: (address) => address === LOOPBACK.address || PRODUCTION_POLICY.isPublic(address),
    resolve: () => Promise.resolve([LOOPBACK]),
    ...more,
  };
}

export interface ScriptedUpstream {
  port: number;
  /** What it does with each path; others are not found. */
  handlers: Record<string, RequestListener>;
  /** The requests that it saw. */
  seen: IncomingMessage[];
}

/** A server that does what a test says. */
export async function scriptedUpstream(): Promise<ScriptedUpstream> {
  const handlers: Record<string, RequestListener> = {};
  const seen: IncomingMessage[] = [];
  const port = await upstream((request, response) => {
    seen.push(request);
    const handler = handlers[request.url ?? ""];
    if (handler === undefined) response.writeHead(404).end("nothing here");
    else handler(request, response);
  });
  return { port, handlers, seen };
}

export interface RawAnswer {
  status: number;
  headers: IncomingMessage["headers"];
  bytes: Buffer;
  /** Whether the body came in full. */
  complete: boolean;
}

/** A GET whose body is left as it comes over the wire. */
export async function rawGet(url: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const request = get(url, { headers });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  response.on("error", () => undefined);
  await new Promise((resolve) => response.on("close", resolve));
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    bytes: Buffer.concat(chunks),
    complete: response.complete,
  };
}
