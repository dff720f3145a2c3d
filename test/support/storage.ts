/** A storage of log excerpts on loopback, which keeps what is uploaded. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { upstream } from "./upstream.ts";

/** One part of a form, byte by byte. */
export interface Part {
  /** Everything before the empty line. */
  head: string;
  body: Buffer;
}

export interface Upload {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage["headers"];
  parts: Part[];
}

export interface TestStorage {
  baseUrl: string;
  uploads: Upload[];
  /** The texts that lie in it, by the path they were uploaded to. */
  texts: Map<string, string>;
  /** The most requests that it saw at once. */
  mostAtOnce: number;
  /** What it does once an upload has come in full; answers 200 unless a test says otherwise. */
  answer: (response: ServerResponse, upload: Upload) => void | Promise<void>;
}

/** A listening storage, closed after the test file. */
export async function testStorage(): Promise<TestStorage> {
  const storage: TestStorage = {
    baseUrl: "",
    uploads: [],
    texts: new Map(),
    mostAtOnce: 0,
    answer: (response) => void response.writeHead(200).end("ok"),
  };
  let atOnce = 0;
  const port = await upstream((request, response) => {
    storage.mostAtOnce = Math.max(storage.mostAtOnce, ++atOnce);
    response.on("close", () => atOnce--);
    void receive(request).then(async (upload) => {
      storage.uploads.push(upload);
      const [file, path] = upload.parts;
      storage.texts.set(path?.body.toString() ?? "", gunzipSync(file?.body ?? "").toString());
      await storage.answer(response, upload);
    });
  });
  storage.baseUrl = `http://127.0.0.1:${port}`;
  return storage;
}

async function receive(request: IncomingMessage): Promise<Upload> {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(request, "end");
  const { method, url, headers } = request;
  const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(headers["content-type"] ?? "")?.[1] ?? "";
  return { method, url, headers, parts: parseForm(Buffer.concat(chunks), boundary) };
}

/** The parts of a form. @throws Error where it is not exactly one */
function parseForm(form: Buffer, boundary: string): Part[] {
  const text = form.toString("latin1");
  const [start, ...sections] = `\r\n${text}`.split(`\r\n--${boundary}`);
  if (start !== "" || sections.pop() !== "--\r\n") throw new Error("this is no multipart form");
  return sections.map((section) => {
    const end = section.indexOf("\r\n\r\n");
    if (!section.startsWith("\r\n") || end < 0) throw new Error("a part of the form has no head");
    return { head: section.slice(2, end), body: Buffer.from(section.slice(end + 4), "latin1") };
  });
}
