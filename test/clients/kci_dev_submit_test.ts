/** `kci-dev submit build`: what it sends, and what it makes of the answer (chapter 02, section 14). */
import { createHash } from "node:crypto";
import { Type } from "typebox";
import { beforeAll, describe, expect, it } from "vitest";
import { ingest } from "../../src/ingest/ingest.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { ingestOnce, spoolState } from "../support/spool.ts";
import { submitServer, type SubmitServer } from "../support/submit.ts";
import { reads } from "./requests.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const URL = "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git";

let database: TestDatabase;
let server: SubmitServer;
beforeAll(async () => {
  database = await testDatabase();
  server = await submitServer(database.pool);
});

const hash = (...parts: string[]): string => createHash("sha256").update(parts.join("|")).digest("hex");

/** One checkout without a start time and one build, as `kci-dev submit build` makes them of its options. */
function buildPayload(origin: string, status: string): object {
  const checkoutId = `${origin}:ck-${hash(URL, "master", COMMIT, "")}`;
  const startTime = "2026-11-01T10:00:00.123456+00:00";
  return {
    version: { major: 5, minor: 3 },
    checkouts: [
      {
        id: checkoutId,
        origin,
        tree_name: "mainline",
        git_repository_url: URL,
        git_repository_branch: "master",
        git_commit_hash: COMMIT,
        patchset_hash: "",
      },
    ],
    builds: [
      {
        id: `${origin}:b-${hash(checkoutId, "x86_64", "defconfig", "gcc-14", startTime)}`,
        origin,
        checkout_id: checkoutId,
        start_time: startTime,
        architecture: "x86_64",
        config_name: "defconfig",
        compiler: "gcc-14",
        status,
      },
    ],
  };
}

/** What it prints, with the answer's JSON as its text. */
async function submit(address: string, token: string, payload: object): Promise<string> {
  const response = await fetch(address, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
      "user-agent": "kci-dev/0.1.12",
      "accept-encoding": "gzip, deflate",
    },
    body: JSON.stringify(payload),
  });
  const text = JSON.stringify(await response.json());
  return response.status < 300
    ? `Submitted successfully: ${text}`
    : `KCIDB submission failed: HTTP ${response.status} ${text}`;
}

describe("kci-dev submit build", () => {
  it("submits a build, which is then in the database", async () => {
    const printed = await submit(`${server.base}/submit`, server.token, buildPayload("o", "PASS"));
    const answer = JSON.parse(printed.replace("Submitted successfully: ", "")) as unknown;
    const { id } = await reads<{ id: string }>(
      Type.Object({
        id: Type.String({ pattern: "^[A-Za-z0-9]{32}$" }),
        status: Type.Literal("ok"),
        message: Type.String({ pattern: "^Received submission [a-f0-9]{32} with size [0-9]+ bytes$" }),
      }),
      Promise.resolve(answer),
    );
    await ingest(ingestOnce(database.connection, server.spoolDir));
    expect((await spoolState(server.spoolDir)).archive).toEqual([`submission-${id}.json`]);
    expect(await database.rows("select status, start_time is null as timeless from builds")).toEqual([
      { status: "PASS", timeless: false },
    ]);
    expect(await server.get(`/status?id=${id}`)).toMatchObject({ body: { id, status: "processed" } });
  });

  it("is told in one sentence what is wrong", async () => {
    expect(await submit(`${server.base}/submit`, server.token, buildPayload("maestro", "FAIL"))).toMatch(
      /^KCIDB submission failed: HTTP 403 .*The object checkouts\[0\] with id 'maestro:ck-\w{64}' is of origin 'maestro'/,
    );
    expect(await submit(`${server.base}/submit`, "wrong", buildPayload("o", "FAIL"))).toBe(
      'KCIDB submission failed: HTTP 401 {"id":"0","status":"error","message":"Missing or invalid JWT (Bearer)"}',
    );
  });
});
