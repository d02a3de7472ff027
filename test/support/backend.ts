import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import type { AddressInfo, Socket } from "node:net";

/** What a backend saw; its answer's body as JSON. */
export interface EchoedRequest {
  readonly backend: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
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
  count(matches?: (request: EchoedRequest) => boolean): number;
  forget(): void;
  stop(): Promise<void>;
}

export interface BackendOptions {
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
  /** HTTP/2 without TLS and without upgrade instead of HTTP/1.1. */
  readonly http2?: boolean;
}

/** Starts an HTTP server that answers with what it was asked, as JSON, and that accepts WebSockets and echoes their bytes. */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const requests: EchoedRequest[] = [];
  const behaviour: BackendBehaviour = { status: 200, headers: {}, delayMs: 0, failures: 0, failStatus: 503 };
  const sockets = new Set<Socket>();
  const server =
    options.http2 === true
      ? http2Server(options.name, requests, behaviour)
      : http1Server(options.name, requests, behaviour);
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
    count: (matches = () => true) => requests.filter(matches).length,
    forget: () => requests.splice(0),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function http1Server(name: string, requests: EchoedRequest[], behaviour: BackendBehaviour): Server {
  const server = createServer(echo(name, requests, behaviour));
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    requests.push(seen(name, request, ""));
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    socket.write(`x-backend: ${name}\r\n\r\n`);
    socket.on("data", (chunk) => socket.write(chunk));
    socket.on("error", () => socket.destroy());
  });
  return server;
}

function http2Server(name: string, requests: EchoedRequest[], behaviour: BackendBehaviour): Http2Server {
  const listener = echo(name, requests, behaviour);
  return createHttp2Server((request, response) => {
    // The compatibility API has the parts of the HTTP/1.1 objects that the listener uses.
    listener(request as unknown as IncomingMessage, response as unknown as ServerResponse & { req: IncomingMessage });
  });
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
  };
}
