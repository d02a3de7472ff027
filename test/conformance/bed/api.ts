import type { IncomingMessage } from "node:http";
import { Agent, type RequestOptions, request as sendRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { patchTypes, type RawObject } from "../../../src/core/kube-client.ts";

/** Where the API server is and who asks. */
export interface ApiCredentials {
  /** A Unix socket that leads into the bed, or an address inside it. */
  readonly server: { readonly socket: string } | { readonly host: string; readonly port: number };
  readonly authorityPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Tells about one object of a watched collection; a watch that had to start again tells only what has changed. */
export type WatchHandler<T extends RawObject> = (change: "set" | "deleted", object: T) => void;

/** The API of the bed's cluster, as its parts and the tests use it. Refusals are thrown as {@link ApiError}. */
export interface BedApi {
  get<T>(path: string): Promise<T>;
  create<T>(path: string, object: unknown): Promise<T>;
  replace<T>(path: string, object: unknown): Promise<T>;
  /** A JSON merge patch. */
  merge<T>(path: string, patch: unknown): Promise<T>;
  /** A server-side apply, with the field manager `bed` and conflicts forced. */
  apply<T>(path: string, object: unknown): Promise<T>;
  remove<T>(path: string, options?: unknown): Promise<T>;
  /** Follows a collection until the signal fires. Lost and expired watches list again. */
  watch<T extends RawObject>(path: string, handler: WatchHandler<T>, signal: AbortSignal): void;
  /** Closes idle connections. */
  close(): void;
}

/** The API server's refusal of a request. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(text: string, status: number, reason: string) {
    super(text);
    this.name = "ApiError";
    this.status = status;
    this.reason = reason;
  }
}

/** Opens a client for the API server; connections are made when they are needed. */
export function openApi(credentials: ApiCredentials): BedApi {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const options: RequestOptions = { ...connectionOf(credentials), agent };
  const send = <T>(method: string, path: string, body?: unknown, type?: string): Promise<T> =>
    // The caller names the type it asked the server for.
    exchange(options, { method, path, body, type: type ?? "application/json" }) as Promise<T>;
  return {
    get: (path) => send("GET", path),
    create: (path, object) => send("POST", path, object),
    replace: (path, object) => send("PUT", path, object),
    merge: (path, patch) => send("PATCH", path, patch, patchTypes.merge),
    apply: (path, object) => send("PATCH", `${path}?fieldManager=bed&force=true`, object, patchTypes.apply),
    remove: (path, body) => send("DELETE", path, body),
    watch: (path, handler, signal) =>
      void follow({ options, path, signal, handler: handler as WatchHandler<RawObject> }),
    close: () => agent.destroy(),
  };
}

/** Answers undefined instead of throwing where the API server has no such object. */
export async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type: string;
}

function connectionOf({ server, authorityPem, certificatePem, keyPem }: ApiCredentials): RequestOptions {
  const where = "socket" in server ? { socketPath: server.socket } : server;
  return { ...where, ca: authorityPem, cert: certificatePem, key: keyPem, servername: "kubernetes" };
}

async function exchange(options: RequestOptions, { method, path, body, type }: Exchange): Promise<unknown> {
  const data = body === undefined ? "" : JSON.stringify(body);
  // Without a length, Node sends the body of a DELETE in a way that the API server takes for the next request.
  const headers = { "content-type": type, "content-length": Buffer.byteLength(data), accept: "application/json" };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = sendRequest({ ...options, method, path, headers, timeout: 60_000 }, resolve);
    request.on("timeout", () => request.destroy(new Error(`${method} ${path}: no answer`)));
    request.on("error", reject);
    request.end(data);
  });
  const text = await readText(response);
  const answer = parseAnswer(text);
  const status = response.statusCode ?? 0;
  if (status < 400) return answer;
  const { message = text, reason = "" } = answer as { message?: string; reason?: string };
  throw new ApiError(`${method} ${path}: ${status} ${message}`, status, reason);
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Health checks answer in plain text. */
function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}

interface Following {
  readonly options: RequestOptions;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly handler: WatchHandler<RawObject>;
}

/** Lists, tells the differences to what is known, watches until that ends, and begins again. */
async function follow({ options, path, signal, handler }: Following): Promise<void> {
  const known = new Map<string, RawObject>();
  const tell = (change: "set" | "deleted", object: RawObject): void => {
    const key = object.metadata.uid ?? "";
    if (change === "deleted") known.delete(key);
    else if (known.get(key)?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    else known.set(key, object);
    handler(change, object);
  };
  while (!signal.aborted) {
    try {
      const list = (await exchange(options, { method: "GET", path, type: "application/json" })) as ObjectList;
      const present = new Set(list.items.map((item) => item.metadata.uid));
      for (const [uid, object] of known) if (!present.has(uid)) tell("deleted", object);
      for (const item of list.items) tell("set", item);
      await watchFrom({ options, path, signal, handler: tell }, list.metadata.resourceVersion);
    } catch {
      // The API server may be starting or stopping; whoever needs it soon says so where it matters.
      await sleep(300);
    }
  }
}

interface ObjectList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly RawObject[];
}

function watchFrom({ options, path, signal, handler }: Following, resourceVersion: string): Promise<void> {
  const separator = path.includes("?") ? "&" : "?";
  const query = `watch=1&resourceVersion=${resourceVersion}&allowWatchBookmarks=true`;
  return new Promise((resolve) => {
    // Bookmarks come every minute: a connection that says nothing for longer is dead.
    const request = sendRequest({ ...options, path: `${path}${separator}${query}`, signal, timeout: 150_000 });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve());
    request.on("response", (response) => {
      const lines = lineSplitter((line) => readEvent(line, handler) || request.destroy());
      response.setEncoding("utf8").on("data", lines);
      response.on("error", () => resolve()).on("close", () => resolve());
    });
    request.end();
  });
}

/** Answers whether the watch can go on. */
function readEvent(line: string, handler: WatchHandler<RawObject>): boolean {
  // What the API server streams is trusted here.
  const event = JSON.parse(line) as { readonly type: string; readonly object: RawObject };
  if (event.type === "BOOKMARK") return true;
  if (event.type !== "ADDED" && event.type !== "MODIFIED" && event.type !== "DELETED") return false;
  handler(event.type === "DELETED" ? "deleted" : "set", event.object);
  return true;
}

function lineSplitter(take: (line: string) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  };
}
