/** The end of a server that clients still hold connections to, over real ones. */
import { EventEmitter, once } from "node:events";
import { connect } from "node:net";
import { fastify, type FastifyInstance } from "fastify";
import { expect, it } from "vitest";
import { drain, prepareDrain } from "./drain.ts";

/** A server whose answers wait for the event `answer`; it tells of each request by the event `asked`. */
async function waitingServer(): Promise<{ app: FastifyInstance; base: string; events: EventEmitter }> {
  const app = fastify({ forceCloseConnections: "idle", return503OnClosing: false });
  prepareDrain(app);
  const events = new EventEmitter();
  app.get("/", async () => {
    const answer = once(events, "answer");
    events.emit("asked");
    await answer;
    return "answered";
  });
  return { app, base: await app.listen({ host: "127.0.0.1", port: 0 }), events };
}

it("answers what runs and closes its connection, which the client would have kept", async () => {
  const { app, base, events } = await waitingServer();
  const asked = once(events, "asked");
  const running = fetch(base);
  await asked;
  const drained = drain(app, false);
  events.emit("answer");
  const response = await running;
  expect([await response.text(), response.headers.get("connection")]).toEqual(["answered", "close"]);
  await drained;
});

it.each([
  ["has sent nothing", ""],
  ["has sent half of a request", "GET / HTTP/1.1\r\nHost: "],
])("does not wait for a client that %s", async (_what, sent) => {
  const { app, base } = await waitingServer();
  const { hostname, port } = new URL(base);
  const accepted = once(app.server, "connection");
  const socket = connect(Number(port), hostname);
  await accepted;
  if (sent !== "") await new Promise((resolve) => socket.write(sent, resolve));
  socket.resume();
  const closed = once(socket, "close");
  await drain(app, false);
  await closed;
});
