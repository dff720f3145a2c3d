/** A fetched body on its way: its content encodings undone, never more of it than allowed. */
import { pipeline, Transform, type Duplex, type Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
/** Nobody encodes a body more often; each layer multiplies what a small body can become. */
const MAX_ENCODINGS = 2;

/** The codings that a Content-Encoding header names, `identity` left out. */
export function contentEncodings(header: string): string[] {
  return header
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
}

/**
 * A stream of the decoded bytes. It fails when the body fails, cannot be decoded, or has more than `maxBytes`, before
 * or after decoding; destroying it destroys the body.
 *
 * @throws Error when an encoding is unknown
 */
export function decodeBody(body: Readable, encodings: readonly string[], maxBytes: number): Readable {
  if (encodings.length > MAX_ENCODINGS) throw new Error(`the body is encoded ${encodings.length} times`);
  const decoders = encodings.toReversed().map((name) => {
    const create = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    if (create === undefined) throw new Error(`the body has the unknown content encoding '${name}'`);
    return create();
  });
  const last = byteLimit(maxBytes);
  // A failure reaches whoever reads; while nobody does, it must not end the process.
  for (const stream of [body, last]) stream.on("error", () => undefined);
  pipeline(
    [body, byteLimit(maxBytes), ...decoders.flatMap((decoder) => [decoder, byteLimit(maxBytes)]), last],
    () => undefined,
  );
  return last;
}

function byteLimit(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(new Error(`the body has more than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
}
