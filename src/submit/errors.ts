/** Why a submission is not taken, as its client sees it (chapter 02, section 14). */

/** A request that is not taken; the message is one sentence for the client, and names nothing of this machine. */
export class SubmitError extends Error {
  override name = "SubmitError";
  readonly statusCode: number;
  readonly headers: Record<string, string>;

  constructor(statusCode: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

/** Nothing is wrong with the submission: the same request succeeds later. */
export function notNow(message: string, retryAfterSeconds: number): SubmitError {
  return new SubmitError(503, message, { "retry-after": String(retryAfterSeconds) });
}

/** The client went away before its body was complete: there is nobody to answer. */
export class ClientGone extends Error {
  override name = "ClientGone";

  constructor() {
    super("the client went away before its submission was complete");
  }
}
