import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { parseBackendAnswer } from "./backend.ts";
import { sendCall } from "./send-call.ts";
import { sendDatagram, sendLine } from "./send-layer4.ts";
import type { DemoRequest } from "./step.ts";

/** What came back on a request. */
export type Answer =
  | {
      readonly kind: "answered";
      /** Absent on connections and datagrams that carry no HTTP. */
      readonly status?: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly backend?: string;
      readonly backendPath?: string;
      /** By what the access log knows it, where that is not the token. */
      readonly mark?: string;
      /** The proxy tells of it much later: when a client's datagrams have ceased. */
      readonly isLoggedLate?: true;
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

/** How long an answer may take, in milliseconds. */
export const patience = 3000;

/** The port that a proxy without privileges binds for a listener's port. */
export function boundPort(port: number): number {
  return port < 1024 ? 10_000 + port : port;
}

/** Sends one request on a connection of its own; never throws. */
export function sendRequest(request: DemoRequest, target: RequestTarget): Promise<Answer> {
  switch (request.scheme) {
    case "grpc":
      return sendCall(request, target);
    case "tcp":
      return sendLine(target);
    case "udp":
      return sendDatagram(target);
    default:
      return sendHttp(request, target);
  }
}

function sendHttp(request: DemoRequest, target: RequestTarget): Promise<Answer> {
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
      response.on("end", () => {
        const answer = answered(response.statusCode ?? 0, response.headers, Buffer.concat(chunks));
        resolve({ ...answer, ...(mark !== undefined && { mark }) });
      });
    });
    // A connection that is passed on has nothing else by which the proxy could tell it apart.
    let mark: string | undefined;
    call.on("socket", (socket) => {
      socket.once(request.scheme === "https" ? "secureConnect" : "connect", () => {
        mark = clientMark(socket.localAddress, socket.localPort);
      });
    });
    call.on("timeout", () => call.destroy(new Error(`no answer in ${patience} ms`)));
    call.on("error", (error) => resolve({ kind: "failed", message: error.message }));
    call.end();
  });
}

/** A client as the access log names it. */
export function clientMark(address = "", port = 0): string {
  return `"${address}:${port}"`;
}

/** Makes an answer of what came back. */
export function answered(
  status: number | undefined,
  headers: NodeJS.Dict<string | string[]>,
  body: Buffer,
): Extract<Answer, { readonly kind: "answered" }> {
  const flat = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  const from = parseBackendAnswer(body.toString("utf8"));
  const base = {
    kind: "answered",
    ...(status !== undefined && { status }),
    headers: Object.fromEntries(flat),
  } as const;
  if (from === undefined) return base;
  return { ...base, backend: from.backend, backendPath: from.path.split("?")[0] ?? "" };
}
