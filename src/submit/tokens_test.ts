import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it, vi } from "vitest";
import { SubmitError } from "./errors.ts";
import { isOrigin, Submitter } from "./submitter.ts";
import { authenticate, createToken } from "./tokens.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const key = new TextEncoder().encode(SECRET);
const inSeconds = (seconds: number): Date => new Date(Date.now() + seconds * 1000);

async function refusal(
  authorization: string | undefined,
  secret: string | undefined = SECRET,
): Promise<string> {
  try {
    await authenticate(secret, authorization);
  } catch (error) {
    if (error instanceof SubmitError) return `${error.statusCode} ${error.message}`;
    throw error;
  }
  return "none";
}

const bearer = async (claims: Record<string, unknown>, algorithm = "HS256"): Promise<string> =>
  `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg: algorithm }).sign(key)}`;

describe("tokens", () => {
  it("let their holder submit for their origins alone", async () => {
    const one = await authenticate(SECRET, `Bearer ${await createToken(SECRET, ["maestro"])}`);
    expect(["maestro", "maestr", "redhat", ""].map((origin) => one.maySubmitFor(origin))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect([one.expires, one.description]).toEqual([undefined, "maestro"]);
    const expires = inSeconds(3600);
    const two = await authenticate(SECRET, `bearer  ${await createToken(SECRET, ["a", "b"], expires)}`);
    expect([two.maySubmitFor("a"), two.maySubmitFor("b"), two.maySubmitFor("c")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(two.expires?.getTime()).toBe(Math.floor(expires.getTime() / 1000) * 1000);
    const all = await authenticate(SECRET, `Bearer ${await createToken(SECRET, ["*"])}`);
    expect(all.maySubmitFor("anything")).toBe(true);
  });

  it("are taken as the published receiver's are made, with further claims", async () => {
    const { origins } = await authenticate(
      SECRET,
      await bearer({ origin: "maestro", gendate: "2026-11-01" }),
    );
    expect(origins).toEqual(["maestro"]);
    expect(
      (await authenticate(SECRET, await bearer({ origin: "a", origins: ["b", 3, "a"] }))).origins,
    ).toEqual(["a", "b"]);
  });

  it("have to be there, signed with the secret by HS256, and good now", async () => {
    const good = await createToken(SECRET, ["o"]);
    expect(await refusal(`Bearer ${good}`)).toBe("none");
    expect(await refusal(undefined)).toBe("401 JWT is required");
    const invalid = "401 Missing or invalid JWT (Bearer)";
    expect(await refusal("")).toBe(invalid);
    expect(await refusal(good)).toBe(invalid);
    expect(await refusal(`Basic ${good}`)).toBe(invalid);
    expect(await refusal("Bearer x.y.z")).toBe(invalid);
    expect(await refusal(`Bearer ${good.slice(0, -4)}AAAA`)).toBe(invalid);
    expect(await refusal(`Bearer ${await createToken(SECRET.toUpperCase(), ["o"])}`)).toBe(invalid);
    expect(await refusal(`Bearer ${new UnsecuredJWT({ origin: "o" }).encode()}`)).toBe(invalid);
    expect(await refusal(await bearer({ origin: "o" }, "HS384"))).toBe(invalid);
    expect(await refusal(`Bearer ${await createToken(SECRET, ["o"], inSeconds(-60))}`)).toBe(
      `${invalid}: it has expired`,
    );
    // Clocks differ a little.
    expect(await refusal(`Bearer ${await createToken(SECRET, ["o"], inSeconds(-10))}`)).toBe("none");
    expect(await refusal(await bearer({ origin: "o", nbf: Date.now() / 1000 + 600 }))).toBe(invalid);
  });

  it("end when they end, also those that were seen before", async () => {
    const token = `Bearer ${await createToken(SECRET, ["o"], inSeconds(600))}`;
    expect([await refusal(token), await refusal(token)]).toEqual(["none", "none"]);
    expect(await refusal(token, SECRET.toUpperCase())).toMatch(/^401/);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 640_000 });
    try {
      expect(await refusal(token)).toMatch(/has expired$/);
    } finally {
      vi.useRealTimers();
    }
  });

  it("have to name an origin", async () => {
    const none = "403 The token names no origin to submit for";
    for (const claims of [
      {},
      { origin: 5 },
      { origin: "" },
      { origin: ["o"] },
      { origins: [] },
      { origin: "O o" },
    ])
      expect(await refusal(await bearer(claims))).toBe(none);
  });

  it("are worth nothing without a secret", async () => {
    const off = "403 submissions are switched off: KERNELBOARD_SUBMIT_SECRET is not set";
    try {
      await authenticate(undefined, `Bearer ${await createToken(SECRET, ["o"])}`);
    } catch (error) {
      expect(`${error instanceof SubmitError ? error.statusCode : 0} ${String(error)}`).toBe(
        off.replace(" ", " SubmitError: "),
      );
    }
    expect.assertions(1);
  });

  it("name their origins, as many as somebody reads", () => {
    expect(new Submitter(Array.from({ length: 12 }, (_, n) => `o${n}`)).description).toBe(
      "o0, o1, o2, o3, o4, o5, o6, o7, o8, o9 and 2 more",
    );
    expect(["maestro", "a_1", "*", "", "A", "a-b", "a\n", "**"].map(isOrigin)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
