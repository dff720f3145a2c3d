/** A client of server-sent events, which reads them as the standard says. */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { expect } from "vitest";
import { atEndOfFile } from "./cleanup.ts";

export interface ServerEvent {
  id: string;
  event: string;
  data: unknown;
}

export interface EventClient {
  status: number;
  headers: IncomingHttpHeaders;
  /** Those with data, in order. */
  events: ServerEvent[];
  /** Texts of comments. */
  comments: string[];
  /** The id that a browser would send when it connects again. */
  lastId: () => string;
  /** Resolves when the connection has ended, by whomever. */
  ended: Promise<void>;
  /** Waits until there are as many events. */
  has: (count: number) => Promise<ServerEvent[]>;
  pause: () => void;
  resume: () => void;
  /** Ends the connection as a browser does that leaves the page. */
  leave: () => void;
}

/** Waits longer than the runner does by itself: this machine may be busy. */
export function eventually<T>(value: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(value, { timeout: 30_000 });
}

/** Opens a stream of events. */
export async function listenTo(url: string, headers: Record<string, string> = {}): Promise<EventClient> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(url, { headers, agent: false }, resolve).on("error", reject).end();
  });
  const leave = (): void => {
    response.destroy();
  };
  atEndOfFile(() => {
    leave();
    return Promise.resolve();
  });
  const events: ServerEvent[] = [];
  const comments: string[] = [];
  let lastId = "";
  let rest = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      let event = "message";
      const data: string[] = [];
      for (const line of block.split("\n")) {
        const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
        if (line.startsWith(":")) comments.push(value);
        else if (field === "id") lastId = value;
        else if (field === "event") event = value;
        else if (field === "data") data.push(value);
      }
      if (data.length > 0) events.push({ id: lastId, event, data: JSON.parse(data.join("\n")) as unknown });
    }
  });
  response.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => {
    response.on("close", resolve);
  });
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    comments,
    lastId: () => lastId,
    ended,
    has: async (count) => {
      await eventually(() => events.length).toBeGreaterThanOrEqual(count);
      return events;
    },
    pause: () => response.pause(),
    resume: () => response.resume(),
    leave,
  };
}
