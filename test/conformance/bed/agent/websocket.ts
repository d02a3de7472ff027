import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** The server's end of one WebSocket, for binary messages. */
export interface WebSocketConnection {
  readonly protocol: string;
  /** Answers false when the peer reads slower than we write; {@link drained} tells when to go on. */
  send(message: Buffer): boolean;
  close(): void;
  onMessage: (message: Buffer) => void;
  onClose: () => void;
  drained(): Promise<void>;
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const handshakeKey = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Accepts a WebSocket with the first of our protocols that the client offers; answers undefined, and refuses, without one. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  protocols: readonly string[],
): WebSocketConnection | undefined {
  const offered = String(request.headers["sec-websocket-protocol"] ?? "").split(",");
  const protocol = protocols.find((candidate) => offered.some((offer) => offer.trim() === candidate));
  const key = request.headers["sec-websocket-key"];
  if (protocol === undefined || key === undefined) {
    socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    return undefined;
  }
  const accept = createHash("sha1").update(`${key}${handshakeKey}`).digest("base64");
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  const fields = [`Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${protocol}`];
  socket.write(`${[...head, ...fields].join("\r\n")}\r\n\r\n`);
  return openConnection(socket, protocol);
}

/** One frame at the front of what has come so far. */
export interface Frame {
  readonly opcode: number;
  readonly last: boolean;
  readonly payload: Buffer;
  /** Bytes that the frame took. */
  readonly size: number;
}

/** Reads one frame of a client; undefined while it is not complete. */
export function readFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const lengthSize = short === 126 ? 2 : short === 127 ? 8 : 0;
  const masked = (second & 0x80) !== 0;
  const start = 2 + lengthSize + (masked ? 4 : 0);
  if (bytes.length < start) return undefined;
  const length = lengthSize === 2 ? bytes.readUInt16BE(2) : lengthSize === 8 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < start + length) return undefined;
  const payload = Buffer.from(bytes.subarray(start, start + length));
  if (masked) unmask(payload, bytes.subarray(start - 4, start));
  return { opcode: first & 0x0f, last: (first & 0x80) !== 0, payload, size: start + length };
}

/** Writes one unmasked frame, as servers do. */
export function writeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

function unmask(payload: Buffer, mask: Buffer): void {
  for (let index = 0; index < payload.length; index++) payload[index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0);
}

function openConnection(socket: Duplex, protocol: string): WebSocketConnection {
  let rest: Buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let closed = false;
  const connection: WebSocketConnection = {
    protocol,
    send: (message) => closed || socket.write(writeFrame(opcodes.binary, message)),
    close() {
      if (closed) return;
      closed = true;
      // 1000: all is said.
      socket.end(writeFrame(opcodes.close, Buffer.from([0x03, 0xe8])));
    },
    onMessage: () => {},
    onClose: () => {},
    drained: () => new Promise((resolve) => (socket.writableNeedDrain ? socket.once("drain", resolve) : resolve())),
  };
  const take = ({ opcode, last, payload }: Frame): void => {
    if (opcode === opcodes.ping) socket.write(writeFrame(opcodes.pong, payload));
    else if (opcode === opcodes.close) connection.close();
    else if (opcode !== opcodes.pong) {
      parts.push(payload);
      if (last) connection.onMessage(Buffer.concat(parts.splice(0)));
    }
  };
  socket.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let frame = readFrame(rest); frame !== undefined; frame = readFrame(rest)) {
      rest = rest.subarray(frame.size);
      take(frame);
    }
  });
  socket.on("error", () => socket.destroy());
  socket.on("end", () => connection.close());
  socket.on("close", () => {
    closed = true;
    parts = [];
    connection.onClose();
  });
  return connection;
}
