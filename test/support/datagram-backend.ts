import { createSocket } from "node:dgram";
import type { Backend, EchoedRequest } from "./backend.ts";

/** Starts a UDP server that answers each datagram with its own name, a space, and what it got. */
export async function startDatagramBackend({
  name,
  address = "127.0.0.1",
}: {
  readonly name: string;
  readonly address?: string;
}): Promise<Backend> {
  const requests: EchoedRequest[] = [];
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (message, from) => {
    requests.push({ ...nothing, backend: name, body: message.toString("utf8") });
    socket.send(`${name} ${message.toString("utf8")}`, from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, address, resolve);
  });
  return {
    name,
    address,
    port: socket.address().port,
    behaviour: { status: 200, headers: {}, delayMs: 0, failures: 0, failStatus: 503 },
    requests,
    handshakeErrors: [],
    setTls: () => {
      throw new Error("datagrams speak no TLS");
    },
    count: (matches = () => true) => requests.filter(matches).length,
    dropConnections: () => undefined,
    forget: () => requests.splice(0),
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

const nothing: EchoedRequest = { backend: "", method: "", path: "", host: "", httpVersion: "", headers: {}, body: "" };

/** Sends one datagram from a socket of its own; undefined when nothing comes back in time. */
export async function sendDatagram(
  { address, port }: { readonly address: string; readonly port: number },
  text: string,
  timeoutMs = 2000,
): Promise<string | undefined> {
  const client = await openDatagrams({ address, port });
  try {
    return await client.send(text, timeoutMs);
  } finally {
    await client.close();
  }
}

/** A client's socket: what it sends is one session for a proxy. */
export interface DatagramClient {
  /** Takes an answer from the dialled address and port only. */
  send(text: string, timeoutMs?: number): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Opens a socket that is connected: the system drops answers from anywhere else than where it was sent to. */
export async function openDatagrams({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}): Promise<DatagramClient> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  await new Promise<void>((resolve) => socket.connect(port, address, resolve));
  // A port without a listener is told by ICMP.
  socket.on("error", () => {});
  return {
    send: (text, timeoutMs = 2000) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => done(undefined), timeoutMs);
        const onMessage = (message: Buffer) => done(message.toString("utf8"));
        const done = (answer: string | undefined) => {
          clearTimeout(timer);
          socket.off("message", onMessage);
          resolve(answer);
        };
        socket.on("message", onMessage);
        socket.send(text);
      }),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
