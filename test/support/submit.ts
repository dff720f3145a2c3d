/** A server that takes submissions, and clients that submit, also half of something. */
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { createToken } from "../../src/submit/tokens.ts";
import type { SubmissionOptions } from "../../src/submit/routes.ts";
import type { OwnPool } from "../../src/database/pool.ts";
import { request, testServer, type Answer, type TestServer } from "./server.ts";
import { submission, temporaryDirectory } from "./spool.ts";

export const SECRET = "a secret of the tests, thirty-two bytes and more";

export interface SubmitServer extends TestServer {
  spoolDir: string;
  /** A token for the origin `o`. */
  token: string;
  /** POST of a submission; objects become JSON. */
  submit: (content: object | string | Buffer, headers?: Record<string, string>) => Promise<Answer>;
  /** Names of everything in a folder of the spool, which is the inbox unless one is named, directories aside. */
  files: (folder?: string) => Promise<string[]>;
}

/** The disk of the machine that runs the tests need not have the room that operators want. */
const ENVIRONMENT = { KERNELBOARD_SUBMIT_SECRET: SECRET, KERNELBOARD_SPOOL_MIN_FREE_BYTES: "0" };

export async function submitServer(
  pool: OwnPool,
  environment: Record<string, string> = {},
  options: Partial<SubmissionOptions> = {},
): Promise<SubmitServer> {
  const spoolDir = options.spoolDir ?? (await temporaryDirectory());
  const server = await testServer(pool, { ...ENVIRONMENT, ...environment }, undefined, undefined, {
    ...options,
    spoolDir,
  });
  const token = await createToken(SECRET, ["o"]);
  return {
    ...server,
    spoolDir,
    token,
    submit: (content, headers = {}) =>
      request(`${server.base}/submit`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        body: typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content),
      }),
    files: async (folder = ".") =>
      (await readdir(`${spoolDir}/${folder}`, { withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .sort(),
  };
}

/** A submission with one test of the origin `o`, another one for each name. */
export function oneTest(name = "t"): object {
  return submission({ tests: [{ id: `o:${name}`, build_id: "o:b", origin: "o" }] });
}

export interface HalfRequest {
  socket: Socket;
  sendRest: () => void;
  /** Everything that the server answered until it closed the connection, or until it matches. */
  answer: (pattern?: RegExp) => Promise<string>;
}

/** What comes of a body is written to the spool in pieces of a quarter of a megabyte; of this more than one is. */
export const LONG_SUBMISSION = JSON.stringify(
  submission({ tests: [{ id: "o:t", build_id: "o:b", origin: "o", misc: { x: "y".repeat(600_000) } }] }),
);

/** Starts to submit a long body, and waits until the server has begun to write it down, or has answered. @returns with the rest, to be sent */
export async function startSubmitting(server: SubmitServer): Promise<HalfRequest> {
  const before = new Set(await server.files());
  const { hostname, port } = new URL(server.base);
  const socket = connect(Number(port), hostname);
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const sent = Math.floor(LONG_SUBMISSION.length / 2);
  socket.write(
    `POST /submit HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.token}\r\n` +
      `Content-Length: ${LONG_SUBMISSION.length}\r\n\r\n${LONG_SUBMISSION.slice(0, sent)}`,
  );
  await eventually(
    async () =>
      received !== "" || (await server.files()).some((name) => name.endsWith(".temp") && !before.has(name)),
  );
  return {
    socket,
    sendRest: () => socket.write(LONG_SUBMISSION.slice(sent)),
    answer: async (pattern = /$^/) => {
      await eventually(() => pattern.test(received) || socket.closed);
      return received;
    },
  };
}

/** Waits until something is so; the test's time limit ends it. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}
