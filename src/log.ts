/** The program's log: one JSON object a line on standard error, or readable text when that is a terminal. */
import { writeSync } from "node:fs";
import { Writable } from "node:stream";
import { pino, type DestinationStream, type Logger } from "pino";
import type { LogLevel } from "./settings.ts";

// Loaded only for a terminal: it takes longer to load than a short command to run.
const pretty = process.stderr.isTTY ? (await import("pino-pretty")).default : undefined;

export type Log = Logger;

/** A log at the given level; `destination` is for tests. */
export function createLog(level: LogLevel, destination: DestinationStream = standardError()): Log {
  return pino({ level, base: null, timestamp: isoTime }, destination);
}

let lastTime = 0;
let lastText = "";

/** The member `time` of a line. Of many lines in one millisecond, the text is made once. */
function isoTime(): string {
  const now = Date.now();
  if (now !== lastTime) {
    lastTime = now;
    lastText = `,"time":"${new Date(now).toISOString()}"`;
  }
  return lastText;
}

/** Written synchronously, so that the last lines before an exit are not lost. */
function standardError(): DestinationStream {
  if (pretty === undefined) return pino.destination({ fd: 2, sync: true });
  return pretty({ destination: terminal(), translateTime: "HH:MM:ss", ignore: "pid,hostname" });
}

/** Clears the line that a command's progress may stand on before each log line. */
function terminal(): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      writeSync(2, `\r\x1b[K${chunk.toString()}`);
      done();
    },
  });
}
