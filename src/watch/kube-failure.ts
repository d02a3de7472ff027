import type { IncomingMessage } from "node:http";
import type { KubeFailure } from "../core/kube-client.ts";

/** The Status object of an API server; anything else is told by its HTTP status alone. */
export function failureOf(response: IncomingMessage, text: string): KubeFailure {
  const status = response.statusCode ?? 0;
  const told = statusObject(text);
  const seconds = Number(response.headers["retry-after"] ?? told.details?.retryAfterSeconds);
  return {
    kind: "failed",
    status,
    reason: typeof told.reason === "string" ? told.reason : "Unknown",
    message: typeof told.message === "string" ? told.message.slice(0, 1000) : `the API server answered ${status}`,
    ...(Number.isFinite(seconds) && seconds > 0 && { retryAfterMs: Math.min(seconds, 300) * 1000 }),
  };
}

interface StatusObject {
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown };
}

function statusObject(text: string): StatusObject {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    // A proxy in between answers with a page of its own.
    return {};
  }
}

/** The failure of a request that nobody has answered. */
export function noAnswer(message: string): KubeFailure {
  return { kind: "failed", status: 0, reason: "NoAnswer", message };
}

/** The code of an error of Node, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** An error in one short line. What a parser says would quote what it read: perhaps a token. */
export function wordsOf(error: unknown): string {
  if (error instanceof SyntaxError) return "the credential plugin's answer is not JSON";
  const code = codeOf(error);
  if (code?.startsWith("ERR_INVALID")) return code;
  const message = error instanceof Error ? error.message : String(error);
  const [line = ""] = message.split("\n");
  return (line === "" ? (code ?? "it failed") : line).slice(0, 200);
}
