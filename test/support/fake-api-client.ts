import { Agent, request as httpRequest } from "node:http";
import type { KubeClient, KubeRequest, KubeResult } from "../../src/core/kube-client.ts";

/** A client for the fake API server, so that what writes to Kubernetes is tested without the real client. */
export interface FakeClient extends KubeClient {
  close(): void;
}

/** Makes a client of the server at a URL; `userAgent` is the field manager of writes that name none. */
export function createFakeClient(url: string, userAgent = "test"): FakeClient {
  const agent = new Agent({ keepAlive: true });
  return {
    request: <T>(request: KubeRequest) => send<T>(request, { url, agent, userAgent }),
    close: () => agent.destroy(),
  };
}

interface Target {
  readonly url: string;
  readonly agent: Agent;
  readonly userAgent: string;
}

function send<T>(request: KubeRequest, { url, agent, userAgent }: Target): Promise<KubeResult<T>> {
  const target = new URL(request.path, url);
  for (const [name, value] of Object.entries(request.query ?? {})) target.searchParams.set(name, value);
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const headers = {
    accept: "application/json",
    "user-agent": userAgent,
    ...(body !== undefined && {
      "content-type": request.contentType ?? "application/json",
      // Node frames the body of a DELETE only when it is told its length.
      "content-length": String(Buffer.byteLength(body)),
    }),
  };
  return new Promise((resolve) => {
    const noAnswer = (error: Error) =>
      resolve({ kind: "failed", status: 0, reason: "NoAnswer", message: error.message });
    const timeout = request.timeoutMs ?? 30_000;
    const outgoing = httpRequest(target, { method: request.method, agent, headers, timeout }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", noAnswer);
      response.on("end", () => {
        const retryAfter = response.headers["retry-after"];
        resolve(readAnswer<T>(response.statusCode ?? 0, Buffer.concat(chunks).toString(), retryAfter));
      });
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("error", noAnswer);
    outgoing.end(body);
  });
}

function readAnswer<T>(status: number, text: string, retryAfter: string | undefined): KubeResult<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Tests make the server say such things on purpose.
    return { kind: "failed", status, reason: "Unreadable", message: text };
  }
  if (status < 300) return { kind: "ok", value: value as T }; // callers check what they read
  const { reason = "Unknown", message = text } = value as { readonly reason?: string; readonly message?: string }; // a Status
  const wait = retryAfter === undefined ? {} : { retryAfterMs: Number(retryAfter) * 1000 };
  return { kind: "failed", status, reason, message, ...wait };
}
