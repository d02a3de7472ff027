import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import { lengthPrefixed, spdyDictionary } from "./spdy-dictionary.ts";
import type { WebSocketConnection } from "./websocket.ts";

/** One stream that the client has opened. */
export interface SpdyStream {
  readonly id: number;
  /** Names are in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Sends bytes to the client; answers when it reads on. */
  write(bytes: Buffer): Promise<void>;
  /** Says that nothing more will be sent. */
  end(): void;
  onData: (bytes: Buffer) => void;
  /** The client sends nothing more. */
  onEnd: () => void;
}

const frames = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7 } as const;
const finalFlag = 1;

/**
 * Serves the streams that a client opens over a tunnel, in as much of SPDY/3.1 as Kubernetes' clients speak: no priorities, no
 * flow control, no pushed streams. https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
 */
export class SpdySession {
  readonly #tunnel: WebSocketConnection;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #codec = headerCodec();
  #rest: Buffer = Buffer.alloc(0);
  /** Headers are decompressed elsewhere: frames wait for one another. */
  #turn = Promise.resolve();

  constructor(tunnel: WebSocketConnection, onStream: (stream: SpdyStream) => void) {
    this.#tunnel = tunnel;
    this.#onStream = onStream;
    tunnel.onMessage = (message) => this.#takeBytes(message);
    tunnel.onClose = () => {
      for (const stream of this.#streams.values()) stream.onEnd();
      this.#streams.clear();
    };
  }

  #takeBytes(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (
      let size = frameSize(this.#rest);
      size !== undefined && this.#rest.length >= size;
      size = frameSize(this.#rest)
    ) {
      const frame = this.#rest.subarray(0, size);
      this.#rest = this.#rest.subarray(size);
      this.#turn = this.#turn.then(() => this.#takeFrame(frame)).catch(() => this.#tunnel.close());
    }
  }

  async #takeFrame(frame: Buffer): Promise<void> {
    const body = frame.subarray(8);
    const isFinal = ((frame[4] ?? 0) & finalFlag) !== 0;
    const isControl = (frame.readUInt16BE(0) & 0x8000) !== 0;
    const type = isControl ? frame.readUInt16BE(2) : 0;
    if (!isControl) {
      const stream = this.#streams.get(frame.readUInt32BE(0));
      if (body.length > 0) stream?.onData(body);
      if (isFinal) stream?.onEnd();
    } else if (type === frames.synStream) {
      const stream = await this.#open(body);
      if (isFinal) stream.onEnd();
    } else if (type === frames.ping) this.#tunnel.send(frame);
    else if (type === frames.reset) this.#forget(body.readUInt32BE(0));
    else if (type === frames.goAway) this.#tunnel.close();
  }

  async #open(body: Buffer): Promise<SpdyStream> {
    const id = body.readUInt32BE(0);
    const stream = createStream(this.#tunnel, id, await this.#codec.read(body.subarray(10)));
    this.#streams.set(id, stream);
    const reply = Buffer.concat([idBytes(id), await this.#codec.write(new Map())]);
    this.#tunnel.send(controlFrame(frames.synReply, reply));
    this.#onStream(stream);
    return stream;
  }

  #forget(id: number): void {
    this.#streams.get(id)?.onEnd();
    this.#streams.delete(id);
  }
}

function frameSize(bytes: Buffer): number | undefined {
  return bytes.length < 8 ? undefined : 8 + (bytes.readUInt32BE(4) & 0xffffff);
}

function createStream(tunnel: WebSocketConnection, id: number, headers: ReadonlyMap<string, string>): SpdyStream {
  let ended = false;
  return {
    id,
    headers,
    async write(bytes) {
      if (!ended && !tunnel.send(dataFrame(id, bytes, 0))) await tunnel.drained();
    },
    end() {
      if (!ended) tunnel.send(dataFrame(id, Buffer.alloc(0), finalFlag));
      ended = true;
    },
    onData: () => {},
    onEnd: () => {},
  };
}

function dataFrame(id: number, bytes: Buffer, flags: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(id, 0);
  head.writeUInt32BE(flags * 2 ** 24 + bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

function controlFrame(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(id);
  return bytes;
}

interface HeaderCodec {
  read(block: Buffer): Promise<ReadonlyMap<string, string>>;
  write(headers: ReadonlyMap<string, string>): Promise<Buffer>;
}

/** Header blocks of one direction are one compressed stream, from the first frame of a connection to its last. */
function headerCodec(): HeaderCodec {
  const options = { dictionary: spdyDictionary(), flush: constants.Z_SYNC_FLUSH };
  const inflate = createInflate(options);
  const deflate = createDeflate(options);
  return {
    read: async (block) => readHeaders(await pass(inflate, block)),
    write: (headers) => {
      const count = idBytes(headers.size);
      return pass(deflate, Buffer.concat([count, ...[...headers].flat().flatMap(lengthPrefixed)]));
    },
  };
}

function pass(stream: Inflate | Deflate, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.write(bytes, () => {
      stream.off("error", reject);
      const result: unknown = stream.read();
      resolve(Buffer.isBuffer(result) ? result : Buffer.alloc(0));
    });
  });
}

function readHeaders(block: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let offset = 4;
  const next = (): string => {
    const length = block.readUInt32BE(offset);
    offset += 4 + length;
    return block.toString("utf8", offset - length, offset);
  };
  for (let left = block.readUInt32BE(0); left > 0; left--) headers.set(next().toLowerCase(), next());
  return headers;
}
