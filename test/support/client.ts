import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { HttpReader } from "./http-reader.ts";

/** Where to connect. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** Speaks TLS: with this server name (none when absent), trusting this authority. */
  readonly tls?: {
    readonly serverName?: string;
    readonly authority: string;
    /** Shown to whoever asks for it. */
    readonly identity?: { readonly certificatePem: string; readonly keyPem: string };
    readonly minVersion?: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
    readonly maxVersion?: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  };
}

export interface ClientRequest {
  readonly method?: string;
  /** The request target exactly as it is sent, `/` unless told. */
  readonly path?: string;
  /** The Host header or `:authority`; absent sends none. */
  readonly host?: string;
  /** Sent as they are, in order. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  readonly timeoutMs?: number;
}

export interface ClientResponse {
  readonly status: number;
  /** Lower-case names; values in the order of arrival. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
  /** The protocol that was agreed on in TLS. */
  readonly alpn?: string;
}

export type Protocol = "http1" | "http2";

/** Sends one request on a connection of its own. Rejects when the connection ends without an answer. */
export function send(target: Target, request: ClientRequest, protocol: Protocol = "http1"): Promise<ClientResponse> {
  return protocol === "http1" ? sendHttp1(target, request) : sendHttp2(target, request);
}

/** Sends one HTTP/1.1 request whose every byte is the caller's, on a connection of its own. */
export async function sendHttp1(target: Target, request: ClientRequest): Promise<ClientResponse> {
  const connection = await openHttp1(target);
  try {
    return await connection.send(request);
  } finally {
    connection.close();
  }
}

/** An HTTP/1.1 connection that is kept: one request at a time. */
export interface Http1Connection {
  send(request: ClientRequest): Promise<ClientResponse>;
  /** Sends bytes as they are and reads one response. */
  sendRaw(bytes: string, method?: string, timeoutMs?: number): Promise<ClientResponse>;
  /** Bytes that follow an upgrade. */
  readonly socket: Socket;
  close(): void;
}

/** Opens an HTTP/1.1 connection. */
export async function openHttp1(target: Target): Promise<Http1Connection> {
  const { socket, alpn } = await openSocket(target, ["http/1.1"]);
  const reader = new HttpReader(socket);
  const sendRaw = async (bytes: string, method = "GET", timeoutMs = 10_000) => {
    socket.write(bytes, "latin1");
    const response = await within(timeoutMs, reader.read(method));
    return alpn === undefined ? response : { ...response, alpn };
  };
  return {
    send: (request) => sendRaw(http1Bytes(request), request.method, request.timeoutMs),
    sendRaw,
    socket,
    close: () => socket.destroy(),
  };
}

/** Sends one HTTP/2 request, with prior knowledge on plain TCP and by ALPN on TLS. */
export async function sendHttp2(target: Target, request: ClientRequest): Promise<ClientResponse> {
  const { socket, alpn } = await openSocket(target, ["h2"]);
  const session = connectHttp2(
    `http://${target.address.includes(":") ? `[${target.address}]` : target.address}:${target.port}`,
    { createConnection: () => socket },
  );
  try {
    const response = await within(
      request.timeoutMs ?? 10_000,
      new Promise<ClientResponse>((resolve, reject) => {
        session.once("error", reject);
        session.once("close", () => reject(new Error("the HTTP/2 connection was closed")));
        // Lists keep repeated headers apart; pseudo headers come first.
        const headers = [
          ...[":method", request.method ?? "GET", ":scheme", target.tls === undefined ? "http" : "https"],
          ...[":path", request.path ?? "/", ...(request.host === undefined ? [] : [":authority", request.host])],
          ...(request.headers ?? []).flat(),
        ];
        const stream = session.request(headers);
        let head: { status: number; headers: Map<string, readonly string[]> } | undefined;
        const chunks: Buffer[] = [];
        stream.on("response", (received) => {
          head = { status: Number(received[":status"]), headers: headerMap(received) };
        });
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("error", reject);
        stream.on("close", () => {
          if (head === undefined) reject(new Error("the HTTP/2 stream was closed without an answer"));
          else resolve({ ...head, body: Buffer.concat(chunks).toString("utf8") });
        });
        stream.end(request.body);
      }),
    );
    return alpn === undefined ? response : { ...response, alpn };
  } finally {
    session.destroy();
    socket.destroy();
  }
}

/** The first value of a response header. */
export function header(response: ClientResponse, name: string): string | undefined {
  return response.headers.get(name)?.[0];
}

function http1Bytes(request: ClientRequest): string {
  const { method = "GET", path = "/", host, headers = [], body } = request;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(host === undefined ? [] : [`Host: ${host}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

function headerMap(received: IncomingHttpHeaders): Map<string, readonly string[]> {
  const entries = Object.entries(received).filter(([name]) => !name.startsWith(":"));
  return new Map(entries.map(([name, value]) => [name, Array.isArray(value) ? value : [String(value)]]));
}

function openSocket(target: Target, protocols: string[]): Promise<{ socket: Socket; alpn: string | undefined }> {
  return new Promise((resolve, reject) => {
    const { address: host, port, tls } = target;
    if (tls === undefined) {
      const socket = connectTcp({ host, port }, () => resolve({ socket, alpn: undefined }));
      socket.once("error", reject);
      return;
    }
    const { serverName, authority, identity, ...given } = tls;
    const shown = identity && { cert: identity.certificatePem, key: identity.keyPem };
    // Our own library would refuse to offer an old version, and the test would not see that the proxy refuses it.
    const versions = given.minVersion === undefined ? given : { ...given, ciphers: "DEFAULT@SECLEVEL=0" };
    const named = serverName === undefined ? { checkServerIdentity: () => undefined } : { servername: serverName };
    const socket = connectTls(
      { host, port, ca: authority, ALPNProtocols: protocols, ...named, ...versions, ...shown },
      () => {
        resolve({ socket, alpn: typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : undefined });
      },
    );
    socket.once("error", reject);
  });
}

function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
