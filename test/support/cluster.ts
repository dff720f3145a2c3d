/** A primary with one streaming replica for a test file, set up by the script that users try replicas with. */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Connection } from "../../src/database/pool.ts";
import { atEndOfFile } from "./cleanup.ts";
import { EXTERNAL } from "./database.ts";
import { PROJECT } from "./shared.ts";

const run = promisify(execFile);
const SCRIPT = join(PROJECT, "deploy/replicas/try.sh");

export interface Cluster {
  primary: Connection;
  replica: Connection;
  start: (node: "primary" | "replica1") => Promise<void>;
  stop: (node: "primary" | "replica1") => Promise<void>;
}

/** Ports that nobody has at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.on("error", reject).listen(0, "127.0.0.1", () => {
            resolve(server);
          });
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}

/** @returns the cluster, gone after the test file; or why there can be none here */
export async function startCluster(): Promise<Cluster | string> {
  const parent = await mkdtemp(join(tmpdir(), "kernelboard-replicas-"));
  // So that the account that PostgreSQL runs as may enter, where this is root.
  await chmod(parent, 0o755);
  const ports = await freePorts(2);
  const script = async (...args: string[]): Promise<void> => {
    await run(SCRIPT, [...args, "--dir", join(parent, "data"), "--ports", ports.join(",")]);
  };
  atEndOfFile(() => rm(parent, { recursive: true, force: true }));
  try {
    await script("start");
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    if (stderr.includes("programs are not found")) return stderr.trim();
    throw error;
  }
  atEndOfFile(() => script("clean"));
  const at = (port: number | undefined): Connection => ({
    ...EXTERNAL,
    host: "127.0.0.1",
    port: port ?? 0,
    user: "postgres",
    password: "",
  });
  return {
    primary: at(ports[0]),
    replica: at(ports[1]),
    start: (node) => script("start", node),
    stop: (node) => script("stop", node),
  };
}
