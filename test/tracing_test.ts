/** Traces of the built program, as a collector gets them. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { atEndOfFile } from "./support/cleanup.ts";
import { testDatabase } from "./support/database.ts";
import { databaseEnvironment, start } from "./support/program.ts";
import { request } from "./support/server.ts";
import { submission, temporaryDirectory, writeSubmissions } from "./support/spool.ts";

interface Value {
  stringValue?: string;
  intValue?: number;
}
interface SentSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: { key: string; value: Value }[];
}
interface Sent {
  resourceSpans: {
    resource: { attributes: { key: string; value: Value }[] };
    scopeSpans: { spans: SentSpan[] }[];
  }[];
}

interface Sink {
  endpoint: string;
  sent: Sent[];
  headers: IncomingHttpHeaders[];
}

/** Takes what is sent to `/v1/traces`. */
async function openSink(): Promise<Sink> {
  const sent: Sent[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      if (incoming.url === "/v1/traces") {
        sent.push(JSON.parse(Buffer.concat(chunks).toString()) as Sent);
        headers.push(incoming.headers);
      }
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEndOfFile(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent, headers };
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

describe("a node with somewhere to send traces", () => {
  let spans: SentSpan[];
  let sink: Sink;
  const named = (name: string): SentSpan | undefined => spans.find((span) => span.name === name);
  const attribute = (span: SentSpan | undefined, key: string): string | number | undefined => {
    const value = span?.attributes.find((one) => one.key === key)?.value;
    return value?.stringValue ?? value?.intValue;
  };

  beforeAll(async () => {
    sink = await openSink();
    const { connection } = await testDatabase();
    const spoolDir = await temporaryDirectory();
    await writeSubmissions(spoolDir, {
      "a.json": submission({ tests: [{ id: "o:t", build_id: "o:b", origin: "o" }] }),
    });
    const program = start(["serve", "--port", "0", "--spool-dir", spoolDir, "--interval", "0"], {
      ...databaseEnvironment(connection),
      OTEL_EXPORTER_OTLP_ENDPOINT: `${sink.endpoint}/`,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20s3cret",
      OTEL_SERVICE_NAME: "board",
    });
    const base = await program.shows(/Listening on (\S+)\//);
    await program.shows(/batch written/);
    const traceparent = `00-${TRACE}-${PARENT}-01`;
    await request(`${base}/api/origins/?interval_in_days=5`, { headers: { traceparent } });
    await request(`${base}/api/hardware/board/summary`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        origin: "maestro",
        startTimestampInSeconds: "1",
        endTimestampInSeconds: "2",
        selectedCommits: {},
        filter: {},
      }),
    });
    program.child.kill("SIGTERM");
    const { code, stderr } = await program.ended;
    expect(code).toBe(0);
    expect(stderr).not.toContain("s3cret");
    spans = sink.sent.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
  });

  it("says who it is, with the headers it was given", () => {
    const service = sink.sent[0]?.resourceSpans[0]?.resource.attributes.find(
      ({ key }) => key === "service.name",
    );
    expect(service?.value.stringValue).toBe("board");
    expect(sink.headers[0]?.authorization).toBe("Bearer s3cret");
  });

  it("sends a span of each request, in the trace of its client", () => {
    const span = named("GET /api/origins/");
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, kind: 2 });
    expect(attribute(span, "http.response.status_code")).toBe(400);
    expect(attribute(span, "kernelboard.view")).toBe("originsView");
    expect(attribute(span, "url.path")).toBe("/api/origins/");
  });

  it("sends the statements of a request below it, without their values, also after a body", () => {
    const statement = named("origins");
    expect(statement).toMatchObject({
      traceId: TRACE,
      parentSpanId: named("GET /api/origins/")?.spanId,
      kind: 3,
    });
    expect(attribute(statement, "db.query.text")).toContain("start_time >= $1");
    const posted = named("POST /api/hardware/:hardware_id/summary");
    expect(attribute(posted, "http.response.status_code")).toBe(200);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === posted?.spanId)).not.toEqual([]);
  });

  it("sends a span of each written batch", () => {
    expect(attribute(named("ingest batch"), "kernelboard.stored.tests")).toBe(1);
  });
});
