/**
 * Tokens of submitters: JSON Web Tokens signed with HS256, as the published receiver has them (chapter 02, section 14).
 * The claim `origin` holds one origin, `origins` a list; `*` stands for all.
 */
import { errors, jwtVerify, SignJWT, type JWTPayload } from "jose";
import { SubmitError } from "./errors.ts";
import { isOrigin, Submitter } from "./submitter.ts";

const ALGORITHM = "HS256";
/** By how much clocks may differ. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** A token for these origins. @param expires when it ends to be good; undefined for never */
export async function createToken(
  secret: string,
  origins: readonly [string, ...string[]],
  expires?: Date,
): Promise<string> {
  const claims = origins.length === 1 ? { origin: origins[0] } : { origins };
  const token = new SignJWT(claims).setProtectedHeader({ alg: ALGORITHM, typ: "JWT" }).setIssuedAt();
  if (expires !== undefined) token.setExpirationTime(expires);
  return token.sign(keyOf(secret));
}

/**
 * What a token says, when it was signed with the secret and is good now.
 *
 * @throws SubmitError 401 when it is not good, 403 when it names no origin
 */
export async function verifyToken(secret: string, token: string): Promise<Submitter> {
  const claims = await verifiedClaims(secret, token);
  const origins = originsOf(claims);
  if (origins.length === 0) throw new SubmitError(403, "The token names no origin to submit for");
  return new Submitter(origins, claims.exp === undefined ? undefined : new Date(claims.exp * 1000));
}

/**
 * Who sends a request, by its `Authorization` header.
 *
 * @throws SubmitError 401 or 403, with the published receiver's words where it has some
 */
export async function authenticate(
  secret: string | undefined,
  authorization: string | undefined,
): Promise<Submitter> {
  if (secret === undefined)
    throw new SubmitError(403, "submissions are switched off: KERNELBOARD_SUBMIT_SECRET is not set");
  if (authorization === undefined) throw unauthorised("JWT is required");
  const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (token === undefined) throw unauthorised(INVALID);
  return verifyToken(secret, token);
}

const INVALID = "Missing or invalid JWT (Bearer)";

function unauthorised(message: string): SubmitError {
  return new SubmitError(401, message, { "www-authenticate": "Bearer" });
}

/** Claims of tokens that were verified: a sender has one, and verifying it takes as long as taking a small submission. */
const verified = new Map<string, JWTPayload>();
const MAX_VERIFIED = 1000;

async function verifiedClaims(secret: string, token: string): Promise<JWTPayload> {
  const key = `${secret}\n${token}`;
  const known = verified.get(key);
  if (known !== undefined && isInItsTime(known)) return known;
  try {
    // The algorithm is ours to choose, never the token's.
    const options = { algorithms: [ALGORITHM], clockTolerance: CLOCK_TOLERANCE_SECONDS };
    const { payload } = await jwtVerify(token, keyOf(secret), options);
    if (verified.size >= MAX_VERIFIED) verified.clear();
    verified.set(key, payload);
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw unauthorised(`${INVALID}: it has expired`);
    if (error instanceof errors.JOSEError) throw unauthorised(INVALID);
    throw error;
  }
}

/** Neither over nor to begin later; whatever else is wrong with a token is so for ever. */
function isInItsTime({ exp = Infinity, nbf = -Infinity }: JWTPayload): boolean {
  const now = Date.now() / 1000;
  return exp > now - CLOCK_TOLERANCE_SECONDS && nbf <= now + CLOCK_TOLERANCE_SECONDS;
}

function originsOf({ origin, origins }: JWTPayload): string[] {
  const all: unknown[] = [origin, ...(Array.isArray(origins) ? (origins as unknown[]) : [])];
  return [...new Set(all.filter((one) => typeof one === "string"))].filter(isOrigin);
}

function keyOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}
