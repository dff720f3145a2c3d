/** What a supervisor and its child processes tell each other. All of it can be cloned. */

export type ToChild =
  /** What to do; sent once, when the child has said that it is there. */
  | { type: "start"; task: unknown }
  /** End: `gently` takes no new clients first, and gives those that there are time to go elsewhere. */
  | { type: "stop"; gently: boolean }
  /** A file was put into the spool by another process. */
  | { type: "ring" }
  /** Tell your metrics. */
  | { type: "tell metrics"; id: number }
  /** The metrics of all processes, as text. */
  | { type: "all metrics"; id: number; text: string };

export type FromChild =
  | { type: "here" }
  /** The work has begun; a web process says where it listens. */
  | { type: "started"; address?: string }
  /** Why it ends. */
  | { type: "failed"; message: string }
  | { type: "ring" }
  /** Its metrics as prom-client tells them; without an id the last ones before it ends. */
  | { type: "metrics"; id?: number; metrics: object[] }
  | { type: "want all metrics"; id: number };

/** Whether something that came over the channel is a message of ours. */
export function isMessage(value: unknown): value is { type: string } {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
