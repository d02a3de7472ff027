import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { parseBackendAnswer } from "./backend.ts";
import type { DemoRequest } from "./step.ts";

/** What came back on a request. */
export type Answer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly backend?: string;
      readonly backendPath?: string;
    }
  | { readonly kind: "failed"; readonly message: string };

/** Where a request really goes, and the mark by which its access log line is found. */
export interface RequestTarget {
  readonly address: string;
  readonly port: number;
  /** Certificates to trust. */
  readonly authorities: readonly string[];
  readonly token: string;
}

const patience = 3000;

/** The port that a proxy without privileges binds for a listener's port. */
export function boundPort(port: number): number {
  return port < 1024 ? 10_000 + port : port;
}

/** Sends one request on a connection of its own; never throws. */
export function sendRequest(request: DemoRequest, target: RequestTarget): Promise<Answer> {
  const options: RequestOptions & { servername?: string; ca?: string[] } = {
    host: target.address,
    port: target.port,
    path: `${request.path}${request.path.includes("?") ? "&" : "?"}${target.token}`,
    headers: { host: request.host },
    agent: false,
    timeout: patience,
    ...(request.scheme === "https" ? { servername: request.host, ca: [...target.authorities] } : {}),
  };
  const open = request.scheme === "https" ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const call = open(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => resolve({ kind: "failed", message: error.message }));
      response.on("end", () => resolve(answered(response.statusCode ?? 0, response.headers, Buffer.concat(chunks))));
    });
    call.on("timeout", () => call.destroy(new Error(`no answer in ${patience} ms`)));
    call.on("error", (error) => resolve({ kind: "failed", message: error.message }));
    call.end();
  });
}

function answered(status: number, headers: NodeJS.Dict<string | string[]>, body: Buffer): Answer {
  const flat = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  const from = parseBackendAnswer(body.toString("utf8"));
  const base = { kind: "answered", status, headers: Object.fromEntries(flat) } as const;
  if (from === undefined) return base;
  return { ...base, backend: from.backend, backendPath: from.path.split("?")[0] ?? "" };
}
