/** Stands between a client and PostgreSQL, and cuts connections while rows are copied to the server. */
import { connect, createServer, type Socket } from "node:net";
import type { Connection } from "../../src/database/pool.ts";
import { atEndOfFile } from "./cleanup.ts";

export interface CuttingProxy {
  /** The server as seen through the proxy. */
  connection: Connection;
  /** Connections cut so far. */
  cuts: () => number;
}

/** Message types of PostgreSQL's protocol. */
const COPY_IN_RESPONSE = 0x47;
const COMMAND_COMPLETE = 0x43;

/**
 * @param bytesOfCopy asked at the start of each copy: after how many of its bytes to cut, or undefined to leave it alone
 */
export async function cuttingProxy(
  server: Connection,
  bytesOfCopy: () => number | undefined,
): Promise<CuttingProxy> {
  let cuts = 0;
  const sockets = new Set<Socket>();
  const proxy = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: server.port, host: server.host, noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on("error", () => undefined)
        .on("close", () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    let left: number | undefined;
    const messages = messageTypes((type) => {
      if (type === COPY_IN_RESPONSE) left = bytesOfCopy();
      if (type === COMMAND_COMPLETE) left = undefined;
    });
    upstream.on("data", (chunk: Buffer) => {
      messages(chunk);
      client.write(chunk);
    });
    client.on("data", (chunk: Buffer) => {
      if (left === undefined || chunk.length < left) {
        if (left !== undefined) left -= chunk.length;
        upstream.write(chunk);
        return;
      }
      cuts++;
      const rest = chunk.subarray(0, left);
      left = undefined;
      // What came so far reaches the server, then there is nothing more.
      upstream.end(rest);
      client.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  atEndOfFile(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  });
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return { connection: { ...server, host: "127.0.0.1", port: address.port }, cuts: () => cuts };
}

/** Follows a server's messages, each a type, a length and its content, and tells their types. */
function messageTypes(onType: (type: number) => void): (chunk: Buffer) => void {
  let header = Buffer.alloc(0);
  let skip = 0;
  let isFirst = true;
  return (chunk) => {
    // The answer to whether it speaks TLS is one letter, and no message.
    if (isFirst && chunk.length === 1) return;
    isFirst = false;
    let at = 0;
    while (at < chunk.length) {
      if (skip > 0) {
        const skipped = Math.min(skip, chunk.length - at);
        skip -= skipped;
        at += skipped;
        continue;
      }
      const part = chunk.subarray(at, at + 5 - header.length);
      header = Buffer.concat([header, part]);
      at += part.length;
      if (header.length < 5) return;
      onType(header.readUInt8(0));
      skip = header.readUInt32BE(1) - 4;
      header = Buffer.alloc(0);
    }
  };
}
