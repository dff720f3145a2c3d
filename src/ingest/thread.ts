/**
 * The program of an ingest thread: one worker with database sessions of its own, told by messages what to take. Parsing
 * and checking submissions is most of an ingestion's own work; here it neither waits for other threads nor keeps the one
 * that answers requests from doing so.
 */
import { parentPort, workerData } from "node:worker_threads";
import { pino } from "pino";
import { logStatements } from "../database/statement_log.ts";
import type { LogExcerpts } from "../excerpts/excerpts.ts";
import type { Log } from "../log.ts";
import { microsecondClock } from "./clock.ts";
import type { BatchMeasures } from "./measures.ts";
import type { FromThread, ThreadData, ToThread } from "./threads.ts";
import { treeNamesFile } from "./tree_names.ts";
import { Worker } from "./worker.ts";
import { Writer } from "./writer.ts";

async function run(port: NonNullable<typeof parentPort>, data: ThreadData): Promise<void> {
  const send = (message: FromThread): void => {
    port.postMessage(message);
  };
  const log = pino(
    { level: data.logLevel, base: null },
    {
      write: (line) => {
        send({ type: "log", line });
      },
    },
  );
  if (data.statementSecrets !== undefined) {
    const write = (line: string): void => {
      send({ type: "statement", line });
    };
    logStatements(pino({ level: "info", base: null }, { write }), data.statementSecrets);
  }
  const excerpts = await openExcerpts(data, log);
  const stop = new AbortController();
  const { connection, giveUpAfterMs } = data;
  let retries: BatchMeasures["retries"] = {};
  const writers = Array.from(
    { length: data.writers },
    () =>
      new Writer({
        connection,
        log,
        signal: stop.signal,
        onRetry: (reason) => {
          retries[reason] = (retries[reason] ?? 0) + 1;
        },
        ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
      }),
  );
  for (const writer of writers) writer.warmUp();
  const worker = new Worker({
    spool: data.spool,
    folder: data.folder,
    writers,
    log,
    clock: microsecondClock(),
    batchSize: data.batchSize,
    treeNames: treeNamesFile(data.treesFile, log),
    excerpts,
    takeRetries: () => {
      const taken = retries;
      retries = {};
      return taken;
    },
    onMeasures: data.measures
      ? (measures) => {
          send({ type: "measures", measures });
        }
      : undefined,
    isStopping: () => stop.signal.aborted,
    report: (report) => {
      send({ type: "report", report });
    },
  });
  const handle = async (message: ToThread): Promise<void> => {
    switch (message.type) {
      case "take":
        await worker.take(message.outcomes, message.waiting);
        send({ type: "done" });
        return;
      case "finish":
        await worker.finish();
        send({ type: "done" });
        return;
      case "close":
        await Promise.all(writers.map((writer) => writer.close()));
        await excerpts?.close();
        port.close();
    }
  };
  // One message after the other, but for `stop`, which acts on what is going on.
  let last: Promise<void> = Promise.resolve();
  port.on("message", (message: ToThread) => {
    if (message.type === "stop") {
      stop.abort();
      return;
    }
    last = last
      .then(() => handle(message))
      .catch((error: unknown) => {
        send({ type: "failed", error });
      });
  });
}

async function openExcerpts(
  { excerpts, connection }: ThreadData,
  log: Log,
): Promise<LogExcerpts | undefined> {
  if (excerpts === undefined) return undefined;
  // Loaded here, so that those who move nothing start without the HTTP client.
  const { createLogExcerpts } = await import("../excerpts/excerpts.ts");
  return createLogExcerpts({ settings: excerpts, connection, log });
}

if (parentPort !== null) await run(parentPort, workerData as ThreadData);
