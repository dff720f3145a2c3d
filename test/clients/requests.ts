/** Asks as the two known clients do, and fails as they do (chapter 06, section 8). */
import { get as httpGet } from "node:http";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { expect } from "vitest";

export type Parameters = Record<string, string | number | readonly string[] | undefined>;

/** The page encodes values as forms do, but leaves `: $ , [ ]` as they are; a list repeats its key. */
function pageQuery(parameters: Parameters): string {
  const encode = (text: string): string =>
    encodeURIComponent(text)
      .replace(/%(3A|24|2C|5B|5D)/g, (code) => decodeURIComponent(code))
      .replaceAll("%20", "+");
  const pairs = Object.entries(parameters).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const values = typeof value === "object" ? value : [String(value)];
    return values.map((text) => `${encode(name)}=${encode(text)}`);
  });
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

export interface FrontEnd {
  get: (path: string, parameters?: Parameters) => Promise<unknown>;
  post: (path: string, body: unknown) => Promise<unknown>;
}

/** The React front end: an answer is its JSON; what is an error to it is thrown as `<status>:<text>`. */
export function frontEnd(base: string): FrontEnd {
  const read = async (response: Response): Promise<unknown> => {
    const body = await response.json();
    const error = body !== null && typeof body === "object" && "error" in body ? body.error : undefined;
    if (Boolean(error) || !response.ok) throw new Error(`${response.status}:${String(error)}`);
    return body;
  };
  return {
    get: async (path, parameters = {}) => read(await fetch(`${base}${path}${pageQuery(parameters)}`)),
    post: async (path, body) =>
      read(
        await fetch(`${base}${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      ),
  };
}

export interface KciDev {
  get: (path: string, parameters?: Parameters) => Promise<unknown>;
  post: (path: string, body: unknown) => Promise<unknown>;
}

/**
 * kci-dev: paths without a first slash, always a `?`, a missing value as the text `None`. What it aborts on is thrown
 * as `status <n>`, what it reports as an error as its text.
 */
export function kciDev(base: string): KciDev {
  const read = (status: number, text: string): unknown => {
    if (status >= 400) throw new Error(`status ${status}`);
    const body = JSON.parse(text) as unknown;
    if (body !== null && typeof body === "object" && "error" in body) throw new Error(String(body.error));
    return body;
  };
  const headers = { "user-agent": "kci-dev/0.1.11", accept: "*/*" };
  return {
    get: async (path, parameters = {}) => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(parameters))
        for (const text of typeof value === "object" ? value : [String(value ?? "None")])
          query.append(name, text);
      const { status, text } = await getFollowing(`${base}/api/${path}?${query.toString()}`, headers);
      return read(status, text);
    },
    post: async (path, body) => {
      const response = await fetch(`${base}/api/${path}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return read(response.status, await response.text());
    },
  };
}

/** `fetch` would drop a bare `?`. */
function getFollowing(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port, origin } = new URL(url);
    httpGet({ hostname, port, path: url.slice(origin.length), headers }, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      if (status === 301 && answered.location !== undefined) {
        response.resume();
        resolve(getFollowing(new URL(answered.location, url).href, headers));
        return;
      }
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("end", () => {
        resolve({ status, text });
      });
    }).on("error", reject);
  });
}

/** An answer, when it has all fields that a client reads with the types that it expects. */
export async function reads<T>(schema: TSchema, asked: Promise<unknown>): Promise<T> {
  const answer = await asked;
  expect([...Value.Errors(schema, answer)]).toEqual([]);
  return answer as T;
}
