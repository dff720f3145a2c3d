/** Metrics on a port of their own, at any path, for scrape jobs that know the reference (chapter 02, section 13). */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { MetricsText } from "../http/metrics.ts";
import type { Log } from "../log.ts";

/** Connections at once: a few scrapers and people who look. */
const MAX_CONNECTIONS = 64;
/** For a whole request to arrive. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface MetricsListener {
  /** The port that it listens on. */
  port: number;
  close(): Promise<void>;
}

/**
 * Listens on all addresses, as the reference does. Metrics are no reason not to work: when the port cannot be had, a
 * warning says so.
 *
 * @param port 0 for any free one
 * @returns undefined when the port cannot be had
 */
export async function openMetricsListener(
  port: number,
  source: MetricsText,
  log: Log,
): Promise<MetricsListener | undefined> {
  const server = createServer((request, response) => {
    void answer(source, request, response, log);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, resolve);
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ port, error: reason }, "the port for metrics cannot be used; there are no metrics on it");
    return undefined;
  }
  server.on("error", (error) => {
    log.warn({ error: error.message }, "the listener for metrics failed");
  });
  const { port: actual } = server.address() as AddressInfo;
  log.info({ port: actual }, "metrics can be read");
  return {
    port: actual,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  source: MetricsText,
  { method }: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<void> {
  if (method !== "GET" && method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  try {
    const text = await source.metrics();
    response.writeHead(200, { "content-type": source.contentType }).end(method === "HEAD" ? undefined : text);
  } catch (error) {
    log.error({ err: error }, "metrics could not be read");
    response.writeHead(500).end();
  }
}
