/**
 * Registry files, from a path or a URL. The operator names the first one, so any host will do, also one of this network;
 * what an index lists is read from where the index is from.
 */
import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fetch } from "undici";
import { errorCode, errorMessage } from "../database/errors.ts";
import { RegistryError } from "./registry.ts";

const FETCH_TIMEOUT_MS = 30_000;
const MAX_BYTES = 16 * 1024 * 1024;

function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/** The text of a source. @throws RegistryError, or the reason of the signal */
export async function readSource(source: string, signal?: AbortSignal): Promise<string> {
  return isUrl(source) ? fetchText(source, signal) : readText(source);
}

/** A name of an index, relative to the index. @throws RegistryError when it leads elsewhere */
export function resolveSource(name: string, index: string): string {
  if (!isUrl(index)) return isUrl(name) ? name : resolve(dirname(expanded(index)), name);
  const url = URL.canParse(name, index) ? new URL(name, index).href : "";
  if (!isUrl(url)) throw new RegistryError(`Index 'registries': '${name}' is no http or https URL.`);
  return url;
}

function expanded(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

async function readText(source: string): Promise<string> {
  const path = expanded(source);
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    return decoded(await readFile(path));
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw new RegistryError(`Registry file not found: ${path}`);
    throw new RegistryError(`Cannot read registry file: ${path}: ${errorMessage(error)}`);
  }
}

/** The deadline is for everything, redirects and the last byte too. */
async function fetchText(url: string, signal?: AbortSignal): Promise<string> {
  const deadline = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, deadline]) : deadline });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`status ${response.status}`);
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    return decoded(Buffer.concat(chunks));
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new RegistryError(`Failed to fetch ${url}: ${errorMessage(cause)}`);
  }
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
