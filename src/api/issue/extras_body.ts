/** The body of `/api/issue/extras/` (chapter 06, section 3.2). */
import { ApiError, ParameterError } from "../../http/errors.ts";
import { parseObjectBody } from "../../http/body.ts";
import { wholeNumber } from "../../http/parameters.ts";
import type { RequestedVersion } from "./extras.ts";

const EMPTY_LIST = "Invalid body, the issue list must not be empty";

/**
 * The issue versions that a body asks for.
 *
 * @throws ApiError 400 when it is no such body, or asks for none
 */
export function parseExtrasBody(body: unknown): RequestedVersion[] {
  const { issues } = parseObjectBody(body);
  if (!Array.isArray(issues))
    throw new ParameterError("issues", "it must be a list of pairs of an issue's id and version");
  if (issues.length === 0) throw new ApiError(400, EMPTY_LIST);
  return issues.map(requestedVersion);
}

function requestedVersion(pair: unknown, index: number): RequestedVersion {
  const [id, given] = Array.isArray(pair) && pair.length === 2 ? (pair as unknown[]) : [];
  const version = parseVersion(given);
  if (typeof id !== "string" || version === undefined) {
    throw new ParameterError("issues", `its element ${index} is no pair of an issue's id and version`);
  }
  return { id, version };
}

/** A whole number as JSON may show it: also as text, with a fraction of zeros, or as a boolean. */
function parseVersion(value: unknown): number | undefined {
  const version = typeof value === "string" ? wholeNumber(value) : value;
  if (typeof version === "boolean") return Number(version);
  return typeof version === "number" && Number.isInteger(version) ? version : undefined;
}
