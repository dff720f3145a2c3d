/** Errors as clients see them (chapter 03, section 3.3): one JSON shape, from one place. */

/** A request that cannot be answered; the text is for the client. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly statusCode: number;
  readonly headers: Record<string, string>;

  constructor(statusCode: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

/** A parameter with an unusable value: 400, with a sentence that names it. */
export class ParameterError extends ApiError {
  constructor(name: string, problem: string) {
    super(400, parameterText(name, problem));
  }
}

/** The same for all parameters of a request that are unusable. */
export function parametersError(problems: readonly (readonly [name: string, problem: string])[]): ApiError {
  return new ApiError(400, problems.map(([name, problem]) => parameterText(name, problem)).join("; "));
}

function parameterText(name: string, problem: string): string {
  return `Invalid parameter '${name}': ${problem}`;
}
