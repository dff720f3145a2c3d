/** Progress of an ingestion on a terminal: one line that is written over. Elsewhere the log tells. */
import type { IngestProgress } from "../ingest/ingest.ts";

export interface ProgressLine {
  /** There is a terminal to show it on. */
  isShown: boolean;
  show: (progress: IngestProgress) => void;
  end: () => void;
}

/** A progress line on standard error, or nothing where that is no terminal. */
export function startProgress(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  if (!stream.isTTY) return { isShown: false, show: () => undefined, end: () => undefined };
  let shown = false;
  return {
    isShown: true,
    show: (progress) => {
      stream.write(`\r\x1b[K${progressText(progress, Date.now())}`);
      shown = true;
    },
    end: () => {
      if (shown) stream.write("\n");
    },
  };
}

/** For example `120/500 files, 3 failed, 8,200 objects/s, 0:12 left`. */
export function progressText(progress: IngestProgress, now: number): string {
  const { filesDone, filesFailed, filesWaiting, objects, startedAt } = progress;
  const seconds = Math.max((now - startedAt) / 1000, 0.001);
  const rate = Math.round(objects / seconds).toLocaleString("en-US");
  const left = filesDone === 0 ? 0 : Math.ceil((filesWaiting / filesDone) * seconds);
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  const failed = filesFailed > 0 ? `, ${filesFailed} failed` : "";
  return `${filesDone}/${filesDone + filesWaiting} files${failed}, ${rate} objects/s, ${time} left`;
}
