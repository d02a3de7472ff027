import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2SecureServer,
  type Http2Server,
} from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket, type TlsOptions } from "node:tls";
import type { IssuedCertificate } from "./certificates.ts";

/** What a backend saw; its answer's body as JSON. */
export interface EchoedRequest {
  readonly backend: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** With TLS: the server name that was asked for, the version, and the name in the certificate of the client if it showed any. */
  readonly tls?: { readonly serverName: string; readonly version: string; readonly client?: string };
}

/** How a backend speaks TLS. */
export interface BackendTls extends IssuedCertificate {
  /** Clients have to show a certificate of this authority. */
  readonly clientAuthority?: string;
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
}

/** How a backend treats requests; tests change it while it runs. */
export interface BackendBehaviour {
  status: number;
  headers: Record<string, string>;
  /** Milliseconds before it answers. */
  delayMs: number;
  /** Answers this many requests with `failStatus` first, or drops their connections when that is 0. */
  failures: number;
  failStatus: number;
}

export interface Backend {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly behaviour: BackendBehaviour;
  /** Every request so far, in order. */
  readonly requests: readonly EchoedRequest[];
  /** Codes of the errors of connections that never became TLS, in order: `ERR_SSL_HTTP_REQUEST` was a request in the clear. */
  readonly handshakeErrors: readonly string[];
  /** Has another certificate, or another authority of clients, from the next connection on. */
  setTls(tls: BackendTls): void;
  count(matches?: (request: EchoedRequest) => boolean): number;
  forget(): void;
  /** Ends all connections as they are. */
  dropConnections(): void;
  stop(): Promise<void>;
}

export interface BackendOptions {
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
  /** HTTP/2 without TLS and without upgrade instead of HTTP/1.1. */
  readonly http2?: boolean;
  readonly tls?: BackendTls;
  /** An HTTP/1.1 connection ends politely after so many. */
  readonly requestsPerConnection?: number;
}

/** Starts an HTTP server that answers with what it was asked, as JSON, and that accepts WebSockets and echoes their bytes. */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const requests: EchoedRequest[] = [];
  const behaviour: BackendBehaviour = { status: 200, headers: {}, delayMs: 0, failures: 0, failStatus: 503 };
  const sockets = new Set<Socket>();
  const handshakeErrors: string[] = [];
  const server = serverOf(options, requests, behaviour);
  server.on("tlsClientError", (error: NodeJS.ErrnoException) => handshakeErrors.push(error.code ?? error.message));
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  });
  const address = options.address ?? "127.0.0.1";
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, address, resolve);
  });
  return {
    name: options.name,
    address,
    port: (server.address() as AddressInfo).port, // a TCP server that listens has a port
    behaviour,
    requests,
    handshakeErrors,
    setTls: (tls) => {
      if (!("setSecureContext" in server)) throw new Error("the backend speaks no TLS");
      server.setSecureContext(tlsOptions(tls));
    },
    count: (matches = () => true) => requests.filter(matches).length,
    forget: () => {
      requests.splice(0);
      handshakeErrors.splice(0);
    },
    dropConnections: () => {
      for (const socket of sockets) socket.destroy();
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function serverOf(
  { name, http2, tls, requestsPerConnection = 0 }: BackendOptions,
  requests: EchoedRequest[],
  behaviour: BackendBehaviour,
): Server | Http2Server | Http2SecureServer {
  if (http2 === true) return http2Server(echo(name, requests, behaviour), tls);
  const server = http1Server(name, { requests, behaviour, ...(tls && { tls }) });
  server.maxRequestsPerSocket = requestsPerConnection;
  return server;
}

function tlsOptions({ certificatePem, keyPem, clientAuthority, maxVersion }: BackendTls): TlsOptions {
  return {
    cert: certificatePem,
    key: keyPem,
    ...(maxVersion && { maxVersion }),
    ...(clientAuthority !== undefined && { ca: clientAuthority, requestCert: true, rejectUnauthorized: true }),
  };
}

function http1Server(
  name: string,
  {
    requests,
    behaviour,
    tls,
  }: { readonly requests: EchoedRequest[]; readonly behaviour: BackendBehaviour; readonly tls?: BackendTls },
): Server {
  const listener = echo(name, requests, behaviour);
  const server = tls === undefined ? createServer(listener) : createHttpsServer(tlsOptions(tls), listener);
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    requests.push(seen(name, request, ""));
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    socket.write(`x-backend: ${name}\r\n\r\n`);
    socket.on("data", (chunk) => socket.write(chunk));
    socket.on("error", () => socket.destroy());
  });
  return server;
}

function http2Server(listener: RequestListener, tls: BackendTls | undefined): Http2Server | Http2SecureServer {
  const adapted = (request: unknown, response: unknown) => {
    // The compatibility API has the parts of the HTTP/1.1 objects that the listener uses.
    listener(request as IncomingMessage, response as ServerResponse & { req: IncomingMessage });
  };
  return tls === undefined ? createHttp2Server(adapted) : createSecureServer(tlsOptions(tls), adapted);
}

function echo(name: string, requests: EchoedRequest[], behaviour: BackendBehaviour): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => response.destroy());
    request.on("end", () => {
      const echoed = seen(name, request, Buffer.concat(chunks).toString("utf8"));
      requests.push(echoed);
      const failing = behaviour.failures > 0;
      if (failing) behaviour.failures -= 1;
      if (failing && behaviour.failStatus === 0) return void request.socket.destroy();
      const status = failing ? behaviour.failStatus : behaviour.status;
      setTimeout(
        () => answer(response, status, { ...behaviour.headers, "x-backend": name }, echoed),
        behaviour.delayMs,
      );
    });
  };
}

function answer(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  echoed: EchoedRequest,
): void {
  if (response.writableEnded || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(echoed));
}

function seen(name: string, request: IncomingMessage, body: string): EchoedRequest {
  const headers = Object.entries(request.headers).map(([key, value]) => [key, String(value)] as const);
  const host = request.headers.host ?? request.headers[":authority"];
  return {
    backend: name,
    method: request.method ?? "",
    path: request.url ?? "",
    host: String(host ?? ""),
    httpVersion: request.httpVersion,
    headers: Object.fromEntries(headers),
    body,
    ...(request.socket instanceof TLSSocket ? { tls: tlsOf(request.socket) } : {}),
  };
}

function tlsOf(socket: TLSSocket): NonNullable<EchoedRequest["tls"]> {
  const client = socket.getPeerCertificate().subject?.CN;
  const { servername } = socket;
  return {
    serverName: typeof servername === "string" ? servername : "",
    version: socket.getProtocol() ?? "",
    ...(client !== undefined && { client: String(client) }),
  };
}
