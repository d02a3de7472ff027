import { createServer } from "node:http";
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

/** Starts a small HTTP server that says who it is. */
export function startBackend({ name, address, port }: BackendSpec): Promise<RunningBackend> {
  const server = createServer((request, response) => {
    const answer: BackendAnswer = {
      backend: name,
      method: request.method ?? "",
      path: request.url ?? "",
      host: request.headers.host ?? "",
    };
    request.resume();
    response.writeHead(200, { "content-type": "application/json" }).end(`${JSON.stringify(answer)}\n`);
  });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new Error(`backend ${name} cannot listen on ${address}:${port}`, { cause })),
    );
    server.listen({ host: address, port, exclusive: true }, () => resolve({ stop }));
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
