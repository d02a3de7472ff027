import { createSocket } from "node:dgram";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Server } from "node:net";
import { frame } from "./send-call.ts";
import type { BackendSpec } from "./step.ts";

/** What a backend answers: who it is and what reached it. */
export interface BackendAnswer {
  readonly backend: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
}

/** A backend that listens. */
export interface RunningBackend {
  stop(): Promise<void>;
}

/** What a backend that ends TLS shows. */
export interface BackendCertificate {
  readonly key: string;
  readonly cert: string;
}

/** Starts a small server that says who it is. */
export function startBackend(spec: BackendSpec, certificate?: BackendCertificate): Promise<RunningBackend> {
  if (spec.speaks === "udp") return startDatagramBackend(spec);
  const connections = new Set<{ destroy(): void }>();
  const server = createServer(spec, certificate);
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    // A client that goes away is no fault.
    socket.on("error", () => socket.destroy());
  });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const connection of connections) connection.destroy();
    });
  return listening(spec, server, () => server.listen({ host: spec.address, port: spec.port, exclusive: true }), stop);
}

function createServer({ name, speaks = "http" }: BackendSpec, certificate: BackendCertificate | undefined): Server {
  const answer = ({ method = "", url = "", host = "" }: { method?: string; url?: string; host?: string }) =>
    `${JSON.stringify({ backend: name, method, path: url, host } satisfies BackendAnswer)}\n`;
  switch (speaks) {
    case "grpc":
      return createHttp2Server().on("stream", (stream, headers) => {
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        const { ":method": method = "", ":path": url = "", ":authority": host = "" } = headers;
        stream.end(frame(Buffer.from(answer({ method, url, host }))));
      });
    case "tcp":
      return createTcpServer((socket) => void socket.once("data", () => socket.end(answer({}))));
    default: {
      const answering: Parameters<typeof createHttpServer>[1] = (request, response) => {
        const { method = "", url = "" } = request;
        const body = answer({ method, url, host: request.headers.host ?? "" });
        request.resume();
        response.writeHead(200, { "content-type": "application/json" }).end(body);
      };
      return speaks === "tls" ? createHttpsServer({ ...certificate }, answering) : createHttpServer(answering);
    }
  }
}

function startDatagramBackend(spec: BackendSpec): Promise<RunningBackend> {
  const socket = createSocket("udp4");
  const answer = JSON.stringify({ backend: spec.name, method: "", path: "", host: "" } satisfies BackendAnswer);
  socket.on("message", (_message, { port, address }) => socket.send(answer, port, address));
  const stop = (): Promise<void> => new Promise((resolve) => socket.close(() => resolve()));
  return listening(spec, socket, () => socket.bind({ address: spec.address, port: spec.port, exclusive: true }), stop);
}

interface Listening {
  once(event: "error", told: (cause: Error) => void): unknown;
  once(event: "listening", told: () => void): unknown;
}

function listening(
  { name, address, port }: BackendSpec,
  server: Listening,
  listen: () => void,
  stop: () => Promise<void>,
): Promise<RunningBackend> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new Error(`backend ${name} cannot listen on ${address}:${port}`, { cause })),
    );
    server.once("listening", () => resolve({ stop }));
    listen();
  });
}

/** Reads a backend's answer; undefined when it is not one, as with an answer of the proxy's own. */
export function parseBackendAnswer(body: string): BackendAnswer | undefined {
  if (!body.startsWith("{")) return undefined;
  try {
    // Our own backends write it; anything else fails the comparison that follows.
    return JSON.parse(body) as BackendAnswer;
  } catch {
    // Not JSON, so it came from elsewhere; the caller compares what is missing.
    return undefined;
  }
}
