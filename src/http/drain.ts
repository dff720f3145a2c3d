/** Ends a server while others answer on the same port: no client finds its connection closed under its request. */
import { Server as NetServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";

/** For clients that hold a connection to use it once more, or to give it up as most do after a few seconds. */
const GRACE_MS = 6000;
const POLL_MS = 20;

/** What `drain` has to know of a server; to be called before it listens. */
export function prepareDrain(app: FastifyInstance): void {
  const state: DrainState = { isDraining: false, sockets: new Set(), running: 0 };
  states.set(app, state);
  app.server.on("connection", (socket: Socket) => {
    state.sockets.add(socket);
    socket.once("close", () => state.sockets.delete(socket));
  });
  app.addHook("onRequest", (request, { raw }, done) => {
    if (state.sockets.has(request.raw.socket)) {
      state.running++;
      raw.once("close", () => state.running--);
    }
    done();
  });
  app.addHook("onSend", (_request, reply, payload, done) => {
    // The client opens its next connection to somebody else.
    if (state.isDraining) reply.header("connection", "close");
    done(null, payload);
  });
}

interface DrainState {
  isDraining: boolean;
  sockets: Set<Socket>;
  /** Requests over them that are not answered yet. */
  running: number;
}

const states = new WeakMap<FastifyInstance, DrainState>();

/**
 * Takes no connections any more, answers the requests of those that there are, and closes each behind its next answer.
 * Those that are idle all the time are closed at the end, like streams of events, whose clients go on elsewhere.
 *
 * @param gently clients have some time to use an idle connection once more, or to give it up
 */
export async function drain(app: FastifyInstance, gently: boolean): Promise<void> {
  const state = states.get(app);
  if (state === undefined) return app.close();
  state.isDraining = true;
  // The HTTP server's own way to do this closes idle connections too, on which a request may be on its way.
  NetServer.prototype.close.call(app.server);
  const until = Date.now() + (gently ? GRACE_MS : 0);
  while (state.sockets.size > 0 && Date.now() < until) await sleep(POLL_MS);
  await Promise.all([app.close(), closeConnections(app, state)]);
}

/** Closing the server closes what is idle at that moment, and then waits for as long as clients keep their connections. */
async function closeConnections({ server }: FastifyInstance, state: DrainState): Promise<void> {
  while (state.sockets.size > 0) {
    await sleep(POLL_MS);
    server.closeIdleConnections();
    if (state.running > 0) continue;
    // The server takes a connection for busy on which nothing has come yet, or a part of a request.
    for (const socket of state.sockets) if (socket.writableLength === 0) socket.destroy();
  }
}
