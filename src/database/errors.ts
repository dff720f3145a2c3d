/** What a failed statement means for the work that it was part of. */

export type DatabaseErrorKind =
  /** The server is away, busy or out of space: the same work succeeds later. */
  | "transient"
  /** A value that PostgreSQL cannot store: the same work fails again, other work does not. */
  | "data"
  /** The schema or the statement is wrong, or rights are missing: no work can succeed. */
  | "fatal";

/** Classes of SQLSTATE: serialisation and deadlock, connection, resources, operator intervention, I/O, locks. */
const TRANSIENT_CLASSES = new Set(["40", "08", "53", "57", "58", "55"]);
/** Data exception, constraint, program limit, and internal errors, which odd values can cause too. */
const DATA_CLASSES = new Set(["22", "23", "54", "XX", "21"]);
const TRANSIENT_SYSTEM_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
]);

/** A server that has become a standby, or not yet a primary. */
const READ_ONLY = "25006";

/** The SQLSTATE or system code that an error carries, if any. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Text of an error for a log line or a report. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Classifies an error thrown by a query, a COPY or a connection attempt. */
export function databaseErrorKind(error: unknown): DatabaseErrorKind {
  const code = errorCode(error);
  if (code === undefined) {
    // node-postgres reports a connection that ended under a query without a code.
    return /connection (terminated|ended|timeout)|timeout (expired|exceeded)|client has encountered|socket/i.test(
      errorMessage(error),
    )
      ? "transient"
      : "fatal";
  }
  if (TRANSIENT_SYSTEM_CODES.has(code) || code === READ_ONLY) return "transient";
  const sqlClass = code.slice(0, 2);
  if (TRANSIENT_CLASSES.has(sqlClass)) return "transient";
  if (DATA_CLASSES.has(sqlClass)) return "data";
  return "fatal";
}

/** Whether a statement failed because the server is away or too busy, or took longer than it may. */
export function isUnavailable(error: unknown): boolean {
  // A file that is not there has the same code as a socket.
  if (typeof error === "object" && error !== null && "syscall" in error && error.syscall !== "connect")
    return false;
  return databaseErrorKind(error) === "transient";
}

/** Why a transient failure happened, for those who count them. */
export const TRANSIENT_REASONS = ["serialization", "connection", "resources", "other"] as const;
export type TransientReason = (typeof TRANSIENT_REASONS)[number];

/** The reason of a failure that `databaseErrorKind` calls transient. */
export function transientReason(error: unknown): TransientReason {
  const code = errorCode(error);
  // Without a code it is the driver's word for a connection that ended.
  if (code === undefined || TRANSIENT_SYSTEM_CODES.has(code)) return "connection";
  switch (code.slice(0, 2)) {
    case "40":
    case "55":
      return "serialization";
    case "08":
      return "connection";
    case "53":
    case "58":
      return "resources";
    case "57":
      // Shut down, crashed, or not up yet; all but a statement that somebody cancelled.
      return code.startsWith("57P") ? "connection" : "other";
    default:
      return "other";
  }
}
