/** `serve` with several web processes: one that supervises, the web processes, and one for each other role. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Connection } from "../database/pool.ts";
import { errorCode } from "../database/errors.ts";
import type { Database } from "../database/database.ts";
import type { ClusterMetrics } from "../metrics/cluster_metrics.ts";
import type { Child } from "../processes/child_handle.ts";
import type { FromChild } from "../processes/messages.ts";
import { Supervisor, type Kind } from "../processes/supervisor.ts";
import type { Context } from "./context.ts";
import { withMetricsListener } from "./metrics.ts";
import { aborted, type ServeOptions } from "./serve_here.ts";
import type { BackgroundTask } from "./roles.ts";
import { portInUse } from "./web.ts";

/**
 * The heap of a process is not collected as a whole before it and its buffers have so many megabytes. Left to itself, V8
 * does that once or twice a second under load, as it counts all buffers since the last time, and everything in the process waits
 * for 10 to 20 ms each time (docs/performance.md).
 */
const UNCOLLECTED_MEGABYTES = 256;
/**
 * Threads of V8 that collect beside the one that answers. They have its priority: as many as there are cores keep it from all of
 * them, for up to 30 ms each time (docs/performance.md). Node would start four.
 */
const COLLECTING_THREADS = Math.min(4, Math.max(1, availableParallelism() - 1));

/** What a child process is to do. */
export interface ChildTask {
  /** As logs and lists of processes show it. */
  name: string;
  /** The embedded database that the supervisor runs; absent for an external one. */
  connection?: Connection;
  web?: { host: string; port: number; spoolDir?: string };
  background?: BackgroundTask;
}

/** Serves until the context's signal. SIGHUP restarts the processes one after the other. */
export async function serveWithWorkers(
  context: Context,
  database: Database,
  options: ServeOptions,
  workers: number,
): Promise<void> {
  const { settings, log, signal } = context;
  const port = await availablePort(options);
  const embedded = settings.database.kind === "embedded" ? { connection: database.connection } : {};
  const { host, spoolDir } = options;
  const web = { host, port, ...(spoolDir === undefined ? {} : { spoolDir }) };
  const kinds: Kind[] = [
    {
      name: "web",
      count: workers,
      task: (number): ChildTask => ({ name: `web ${number}`, web, ...embedded }),
      isReplaceable: true,
      listens: true,
    },
    ...options.background.map((background) => ({
      name: background.role,
      count: 1,
      task: (): ChildTask => ({ name: background.role, background, ...embedded }),
      isReplaceable: false,
      listens: false,
    })),
  ];
  const metrics = await clusterMetrics(context, () => supervisor.children);
  const supervisor: Supervisor = new Supervisor({
    program: fileURLToPath(new URL("serve_child.js", import.meta.url)),
    nodeOptions: [
      `--initial-old-space-size=${UNCOLLECTED_MEGABYTES}`,
      `--v8-pool-size=${COLLECTING_THREADS}`,
    ],
    kinds,
    log,
    onFatal: context.fail,
    onMessage: (child, message) => {
      onMessage(child, message, supervisor, metrics);
    },
    onGone: (child) => metrics?.gone(child),
  });
  const onHangup = (): void => {
    void supervisor.restart();
  };
  process.on("SIGHUP", onHangup);
  const stop = aborted(signal).then(() => supervisor.stop());
  try {
    await withMetricsListener(context, metrics, settings.metrics.webPort, async () => {
      const address = await supervisor.start();
      if (signal.aborted) return;
      options.onListening(address ?? "");
      await stop;
    });
  } catch (error) {
    // Told to stop while they were starting.
    if (!signal.aborted) throw error;
  } finally {
    await supervisor.stop();
    process.off("SIGHUP", onHangup);
  }
}

async function clusterMetrics(
  { settings }: Context,
  processes: () => Iterable<Child>,
): Promise<ClusterMetrics | undefined> {
  if (!settings.metrics.enabled) return undefined;
  // Loaded here, so that programs that count nothing start without it.
  const { ClusterMetrics } = await import("../metrics/cluster_metrics.ts");
  return new ClusterMetrics(processes);
}

function onMessage(
  child: Child,
  message: FromChild,
  supervisor: Supervisor,
  metrics: ClusterMetrics | undefined,
): void {
  switch (message.type) {
    case "ring":
      for (const each of supervisor.children) if (each !== child) each.send({ type: "ring" });
      break;
    case "metrics":
      metrics?.told(child, message.metrics, message.id);
      break;
    case "want all metrics":
      void metrics?.metrics().then((text) => {
        child.send({ type: "all metrics", id: message.id, text });
      });
      break;
    default:
  }
}

/** The port that is asked for, or a free one when any is; the processes share it. @throws CommandError when it is in use */
async function availablePort({ host, port, anyPort }: ServeOptions): Promise<number> {
  try {
    return await tryPort(host, port);
  } catch (error) {
    if (errorCode(error) !== "EADDRINUSE") throw error;
    if (!anyPort) throw portInUse(host, port);
    return tryPort(host, 0);
  }
}

async function tryPort(host: string, port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return actual;
}
