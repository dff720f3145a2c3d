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

/** Lines that wait are written when there is no room for more, and after this time. */
const WAITING_BYTES = 32_768;
const MAX_WAITING_MS = 20;
/** Of a character of JavaScript's in UTF-8, at most. */
const BYTES_OF_CHARACTER = 3;

/**
 * Written synchronously, so that the last lines before an exit are not lost. What is logged within a moment is written at
 * once: a server that answers from memory would be busy with its log otherwise.
 */
function standardError(): DestinationStream {
  if (pretty === undefined) return gathered(pino.destination({ fd: 2, sync: true }));
  return pretty({ destination: terminal(), translateTime: "HH:MM:ss", ignore: "pid,hostname" });
}

/** Lines wait as bytes: as texts each would outlive a collection of garbage or two, and cost more than its writing. */
function gathered(destination: DestinationStream): DestinationStream & { flushSync: () => void } {
  const waiting = Buffer.allocUnsafeSlow(WAITING_BYTES);
  let used = 0;
  const flushSync = (): void => {
    if (used === 0) return;
    const lines = waiting.toString("utf8", 0, used);
    used = 0;
    destination.write(lines);
  };
  process.once("exit", flushSync);
  return {
    write: (line) => {
      const most = line.length * BYTES_OF_CHARACTER;
      if (most > WAITING_BYTES - used) flushSync();
      if (most > WAITING_BYTES) {
        destination.write(line);
        return;
      }
      if (used === 0) setTimeout(flushSync, MAX_WAITING_MS);
      used += waiting.write(line, used);
    },
    flushSync,
  };
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
