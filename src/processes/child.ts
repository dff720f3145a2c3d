/** The side of a child process: it is told what to do, and ends with its supervisor. */
import { isMessage, type FromChild, type ToChild } from "./messages.ts";

/** What a child does with what it is told beside its task. */
export interface ChildHandlers {
  onStop: (gently: boolean) => void;
  onRing: () => void;
  /** Messages about metrics. */
  onMetrics: (message: Extract<ToChild, { type: "tell metrics" | "all metrics" }>) => void;
}

/** Tells the supervisor. Resolves when it is on its way, also when there is nobody any more. */
export function tell(message: FromChild): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) {
      resolve();
      return;
    }
    process.send(message, undefined, undefined, () => {
      resolve();
    });
  });
}

/** Gets the task of this process. Signals are left to the supervisor, which gets them too when all processes do. */
export async function receiveTask(handlers: ChildHandlers): Promise<unknown> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  // The supervisor is gone, without having told anybody to stop: nobody looks after this process any more.
  process.on("disconnect", () => {
    process.exit(1);
  });
  return new Promise((resolve) => {
    process.on("message", (value: unknown) => {
      if (!isMessage(value)) return;
      const message = value as ToChild;
      switch (message.type) {
        case "start":
          resolve(message.task);
          break;
        case "stop":
          handlers.onStop(message.gently);
          break;
        case "ring":
          handlers.onRing();
          break;
        case "tell metrics":
        case "all metrics":
          handlers.onMetrics(message);
          break;
      }
    });
    void tell({ type: "here" });
  });
}
