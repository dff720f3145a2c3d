/** A local HTTP server that keeps what it is sent, and answers as a test says. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { atEndOfFile } from "./cleanup.ts";

export interface Received {
  method: string;
  path: string;
  body: string;
}

export interface Sink {
  /** `http://127.0.0.1:PORT` */
  url: string;
  received: Received[];
  /** Answers from now on; 204 at first. */
  answer: (answer: (response: ServerResponse) => void) => void;
  /** Kept when there are so many. */
  holds: (count: number) => Promise<Received[]>;
}

/** Closed after the test file. */
export async function sink(): Promise<Sink> {
  const received: Received[] = [];
  let answer = (response: ServerResponse): void => {
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      received.push({ method: request.method ?? "", path: request.url ?? "", body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEndOfFile(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: (next) => {
      answer = next;
    },
    holds: async (count) => {
      while (received.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
      return received;
    },
  };
}
