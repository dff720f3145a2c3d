/** Under which name an answer is kept: the same for requests that cannot have different answers. */
import type { FastifyRequest } from "fastify";

/**
 * The key of a request, made of its canonical path, its query and its body. Undefined when it cannot be answered from
 * the cache because its body is no object.
 */
export function cacheKey({ method, url, body, query }: FastifyRequest): string | undefined {
  const end = url.indexOf("?");
  const path = end < 0 ? url : url.slice(0, end);
  const target = `${path}?${normalQuery(query as Record<string, string[]>)}`;
  if (method !== "POST") return `GET ${target}`;
  const text = normalBody(body);
  return text === undefined ? undefined : `POST ${target}\n${text}`;
}

/**
 * Parameters in the order of their names. Filters stay in theirs, behind the others: where two names mean one bound the
 * last one counts. So do the values of one name, of which some routes take the last and some take all.
 */
function normalQuery(query: Record<string, string[]>): string {
  const names = Object.keys(query);
  const isFilter = (name: string): boolean => name.startsWith("filter_");
  const ordered = [...names.filter((name) => !isFilter(name)).sort(), ...names.filter(isFilter)];
  return ordered
    .flatMap((name) =>
      (query[name] ?? []).map(
        (value) => `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`,
      ),
    )
    .join("&");
}

/** JSON without its blanks, and with the members of the whole in the order of their names. */
function normalBody(body: unknown): string | undefined {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as unknown;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  } catch {
    return undefined;
  }
}
