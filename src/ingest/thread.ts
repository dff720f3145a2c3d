/**
 * The program of an ingest thread: one worker with a database session of its own, told by messages what to take. Parsing
 * and checking submissions is most of an ingestion's own work; here it neither waits for other threads nor keeps the one
 * that answers requests from doing so.
 */
import { parentPort, workerData } from "node:worker_threads";
import { pino } from "pino";
import { microsecondClock } from "./clock.ts";
import type { FromThread, ThreadData, ToThread } from "./threads.ts";
import { treeNamesFile } from "./tree_names.ts";
import { Worker } from "./worker.ts";
import { Writer } from "./writer.ts";

function run(port: NonNullable<typeof parentPort>, data: ThreadData): void {
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
  const stop = new AbortController();
  const { connection, giveUpAfterMs } = data;
  const writer = new Writer({
    connection,
    log,
    signal: stop.signal,
    ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
  });
  const worker = new Worker({
    spool: data.spool,
    folder: data.folder,
    writer,
    log,
    clock: microsecondClock(),
    batchSize: data.batchSize,
    treeNames: treeNamesFile(data.treesFile, log),
    isStopping: () => stop.signal.aborted,
    report: (report) => {
      send({ type: "report", report });
    },
  });
  const handle = async (message: ToThread): Promise<void> => {
    switch (message.type) {
      case "take":
        await worker.take(message.outcomes);
        send({ type: "done" });
        return;
      case "finish":
        await worker.finish();
        send({ type: "done" });
        return;
      case "close":
        await writer.close();
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

if (parentPort !== null) run(parentPort, workerData as ThreadData);
