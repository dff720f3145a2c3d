/** The server that the HTTP tests ask, and whether it is there. */
import { connect } from "node:net";
import { describe, expect, it } from "vitest";

const BASE = new URL(process.env.TEST_BASE_URL ?? "http://localhost:8000/");
const CONNECT_TIMEOUT_MS = 6000;

function answers({ hostname, port, protocol }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
      timeout: CONNECT_TIMEOUT_MS,
    });
    const end = (result: boolean) => (): void => {
      socket.destroy();
      resolve(result);
    };
    socket.on("connect", end(true)).on("timeout", end(false)).on("error", end(false));
  });
}

const isOnline = await answers(BASE);
// What builds a change has to see that nothing was tested; somebody at a desk need not start a server for everything.
const mustBeOnline = process.env.CI?.toLowerCase() === "true";
if (!isOnline && !mustBeOnline) console.warn(`Server is not online: ${BASE.href} (TEST_BASE_URL)`);

/** A group of tests of the server; skipped while it is offline, but with CI=true they fail. */
export function describeServer(name: string, tests: () => void): void {
  describe.skipIf(!isOnline && !mustBeOnline)(name, tests);
}

export interface Case {
  title: string;
  path: string;
  /** A POST with this body. */
  body?: unknown;
  status?: number;
  /** What the answer has to match. */
  answer: unknown;
}

/** A test for each case: the first two without --run-all, which stand for the others. */
export function cases(all: readonly Case[]): void {
  const chosen = process.env.TEST_RUN_ALL === "true" ? all : all.slice(0, 2);
  it.each(chosen)("$title", async ({ path, body, status = 200, answer }) => {
    const response = await fetch(new URL(path, BASE), {
      headers: { "user-agent": "kci-dev" },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(answer as object);
  });
}
