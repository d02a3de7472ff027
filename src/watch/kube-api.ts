import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from "node:https";
import { createRequire } from "node:module";
import type { KubeConfig } from "@kubernetes/client-node";
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from "../core/kube-client.ts";
import { type Scheduler, systemScheduler } from "../core/scheduler.ts";
import { codeOf, failureOf, noAnswer, wordsOf } from "./kube-failure.ts";
import { ListTurns } from "./list-turns.ts";
import { Outage, type ReturnListener } from "./outage.ts";
import { type KubeCredentials, podAccount } from "./pod-account.ts";
import { RefusedNamespaces } from "./refused-namespaces.ts";
import { hasUsualKubeconfig, noKubeconfig } from "./usual-kubeconfig.ts";
import { readEvents, type WatchBatch } from "./watch-lines.ts";

/** A request whose answer may be narrowed to the metadata of objects. */
export interface ReadRequest extends KubeRequest {
  readonly metadataOnly?: boolean;
  /** The most bytes of an answer that are taken. */
  readonly largest?: number;
  /** Further headers, for what is reached through the API server. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The API server: requests with an answer, and watches. */
export interface KubeApi extends KubeClient {
  /** Opens a watch; resolves when the server has taken it. */
  watch(request: WatchRequest): Promise<KubeResult<WatchStream>>;
  request<T>(request: ReadRequest): Promise<KubeResult<T>>;
  /** The token that requests are sent with; undefined where the sender is known by a certificate. */
  token(): Promise<KubeResult<string | undefined>>;
  /** Whose turn it is to read a page of a list, among all that read from this server. */
  readonly listTurns: ListTurns;
  /** Namespaces in which we may read nothing, as all that read from this server have found. */
  readonly refusedNamespaces: RefusedNamespaces;
  /** Asks to be told whenever the server answers again after it did not; the function that comes back ends that. */
  onReturn(listener: ReturnListener): () => void;
  /** Closes connections that are kept for later: where one has died unseen the others may have too. */
  forgetConnections(): void;
  /** Resolves once the server has gone back to an earlier state: its versions do not tell any more what is newer. */
  readonly rewound: Promise<void>;
  /** Says that it has. */
  tellRewound(): void;
  /** Cuts every connection. */
  close(): void;
}

/** What to watch: the path of a collection, with `resourceVersion` and the like. */
export interface WatchRequest {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Only apiVersion, kind and metadata of the objects. */
  readonly metadataOnly?: boolean;
}

/** An open watch. It never throws: a failure is the last thing that it yields, and a good end is just the end. */
export interface WatchStream extends AsyncIterable<WatchBatch> {
  /** Ends the watch from our side; nothing more is yielded. */
  close(): void;
}

/** An API, or in plain words why there is none. */
export type KubeApiResult =
  | { readonly kind: "ok"; readonly value: KubeApi; readonly server: string; readonly namespace: string | undefined }
  | { readonly kind: "failed"; readonly message: string };

/** Where the address of the API server and the credentials come from. */
export interface KubeApiOptions {
  /** Path of a kubeconfig. Without it: `KUBECONFIG`, then the pod's service account, then `~/.kube/config`. */
  readonly kubeconfig?: string;
  /** Another context of the kubeconfig than its current one. */
  readonly context?: string;
  readonly userAgent?: string;
  readonly scheduler?: Scheduler;
}

/** Finds the API server and how to authenticate there. Nothing is sent yet. */
export function loadKubeApi({ kubeconfig, context, ...options }: KubeApiOptions = {}): KubeApiResult {
  const account =
    kubeconfig === undefined && context === undefined && !process.env["KUBECONFIG"]
      ? podAccount({ environment: process.env })
      : undefined;
  const found: KubeCredentials | KubeApiFailure = account ?? readKubeconfig(kubeconfig, context);
  if ("kind" in found) return found;
  const { server, namespace } = found;
  return { kind: "ok", value: new HttpKubeApi(found, options), server, namespace };
}

type KubeApiFailure = KubeApiResult & { readonly kind: "failed" };

function readKubeconfig(kubeconfig: string | undefined, context: string | undefined): KubeCredentials | KubeApiFailure {
  if (kubeconfig === undefined && !hasUsualKubeconfig(process.env)) return { kind: "failed", message: noKubeconfig };
  const config = newKubeConfig();
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
    else config.loadFromDefault();
  } catch (error) {
    const from = kubeconfig ?? process.env["KUBECONFIG"] ?? "~/.kube/config";
    return { kind: "failed", message: `cannot read the kubeconfig ${from}: ${codeOf(error) ?? "it is not one"}` };
  }
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  const chosen = config.getContextObject(config.getCurrentContext());
  if (cluster === null || chosen === null || !URL.canParse(cluster.server)) {
    const message = `the kubeconfig has no cluster for its context "${config.getCurrentContext()}"`;
    return { kind: "failed", message };
  }
  return {
    server: cluster.server,
    namespace: chosen.namespace,
    proxied: cluster.proxyUrl !== undefined,
    apply: (options) => config.applyToHTTPSOptions(options),
  };
}

/** Loaded only where a kubeconfig is read: it takes as much memory as everything else of ours together. */
function newKubeConfig(): KubeConfig {
  const load = createRequire(import.meta.url);
  // What the library exports, by its own types.
  const library = load("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  return new library.KubeConfig();
}

const largestAnswer = 256 * 1024 * 1024;
const defaultTimeoutMs = 30_000;
/** A small question on a new connection, when it is doubtful whether there is a server. */
const probeTimeoutMs = 2_000;
const json = "application/json";
const metadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const metadataObject = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/** A request on its way: what is sent besides the credentials. */
interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** On a connection that nothing was sent on before, and that is closed afterwards. */
  readonly fresh?: boolean;
}

/** Without it, Node sends the body of a DELETE unframed: the server takes no notice of it, a precondition among others. */
function lengthOf(body: string): { readonly "content-length": string } {
  return { "content-length": String(Buffer.byteLength(body)) };
}

class HttpKubeApi implements KubeApi {
  readonly #credentials: KubeCredentials;
  readonly #server: URL;
  readonly #userAgent: string;
  // The kernel finds out about a connection that has gone silent before the idle timeout of a watch.
  readonly #https = new HttpsAgent({ keepAlive: true, keepAliveMsecs: 30_000 });
  readonly #http = new HttpAgent({ keepAlive: true, keepAliveMsecs: 30_000 });
  /** A watch has its connection to itself in any case; a kept one might be one that has died unseen, like the last. */
  readonly #freshHttps = new HttpsAgent();
  readonly #freshHttp = new HttpAgent();
  /** When each request was sent whose answer is not there. */
  readonly #unanswered = new Map<ClientRequest, number>();
  readonly #scheduler: Scheduler;
  readonly #outage: Outage;
  readonly #rewound = Promise.withResolvers<void>();
  readonly listTurns: ListTurns;
  readonly refusedNamespaces: RefusedNamespaces;

  constructor(credentials: KubeCredentials, { userAgent = "gatehouse", scheduler = systemScheduler }: KubeApiOptions) {
    this.#credentials = credentials;
    this.#server = new URL(credentials.server);
    this.#userAgent = userAgent;
    this.#scheduler = scheduler;
    this.listTurns = new ListTurns(scheduler);
    this.refusedNamespaces = new RefusedNamespaces(scheduler);
    this.#outage = new Outage({
      probe: () => this.#probe(),
      returned: (awayUntil) => this.#giveUpBefore(awayUntil),
      scheduler,
      random: Math.random,
    });
  }

  onReturn(listener: ReturnListener): () => void {
    return this.#outage.onReturn(listener);
  }

  get rewound(): Promise<void> {
    return this.#rewound.promise;
  }

  tellRewound(): void {
    this.#rewound.resolve();
  }

  async request<T>({
    method,
    path,
    query = {},
    body,
    contentType,
    answer = "json",
    metadataOnly,
    headers = {},
    timeoutMs,
    largest,
  }: ReadRequest): Promise<KubeResult<T>> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await this.#send({
      method,
      path,
      query,
      headers: {
        ...headers,
        accept: metadataOnly === true ? `${metadataList},${metadataObject}` : json,
        ...(text !== undefined && { "content-type": contentType ?? json, ...lengthOf(text) }),
      },
      ...(text !== undefined && { body: text }),
      timeoutMs: timeoutMs ?? defaultTimeoutMs,
    });
    if (response.kind === "failed") return response;
    const read = await readText(response.value, { timeoutMs: timeoutMs ?? defaultTimeoutMs, largest });
    return read.kind === "failed" ? read : parseAnswer<T>(response.value, read.value, answer);
  }

  async watch({ path, query = {}, metadataOnly }: WatchRequest): Promise<KubeResult<WatchStream>> {
    const response = await this.#send({
      method: "GET",
      path,
      query: { ...query, watch: "true" },
      headers: { accept: metadataOnly === true ? metadataObject : json },
      timeoutMs: defaultTimeoutMs,
      fresh: true,
    });
    if (response.kind === "failed") return response;
    const stream = response.value;
    if (stream.statusCode === 200) return { kind: "ok", value: watchStream(stream) };
    const text = await readText(stream, { timeoutMs: defaultTimeoutMs });
    return text.kind === "failed" ? text : failureOf(stream, text.value);
  }

  async token(): Promise<KubeResult<string | undefined>> {
    const options: RequestOptions = {};
    const failure = await this.#identify(options);
    if (failure !== undefined) return failure;
    const header = new Headers(Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]));
    return { kind: "ok", value: /^Bearer (.+)$/.exec(header.get("authorization") ?? "")?.[1] };
  }

  close(): void {
    this.#outage.close();
    for (const agent of [this.#https, this.#http, this.#freshHttps, this.#freshHttp]) agent.destroy();
  }

  /** Whether anything at all is answered, on a new connection. */
  async #probe(): Promise<boolean> {
    const path = "/livez";
    const answer = await this.#send({
      method: "GET",
      path,
      query: {},
      headers: {},
      timeoutMs: probeTimeoutMs,
      fresh: true,
    });
    if (answer.kind === "failed") return false;
    answer.value.destroy();
    return true;
  }

  /** What was asked while the server was away may stay without an answer, on connections that nobody answers for any more. */
  #giveUpBefore(time: number): void {
    const lost = [...this.#unanswered].filter(([, sent]) => sent < time).map(([request]) => request);
    for (const request of lost) request.destroy(new Error("the API server was away"));
    this.forgetConnections();
  }

  forgetConnections(): void {
    const idle = [this.#https, this.#http].flatMap(({ freeSockets }) => Object.values(freeSockets).flat());
    for (const socket of idle) socket?.destroy();
  }

  /** Sends a request; the value is the response as soon as its headers are there. */
  async #send(outgoing: Outgoing): Promise<KubeResult<IncomingMessage>> {
    const options: RequestOptions = { headers: { ...outgoing.headers, "user-agent": this.#userAgent } };
    const failure = await this.#identify(options);
    if (failure !== undefined) return failure;
    return new Promise((resolve) => {
      const fail = (error: Error) => {
        this.#outage.suspect();
        resolve(noAnswer(wordsOf(error)));
      };
      let request: ClientRequest;
      try {
        request = this.#open(outgoing, options);
      } catch (error) {
        // A token with a line break in it, a certificate that is none: what a file of the user holds.
        resolve(noAnswer(`the request cannot be made: ${wordsOf(error)}`));
        return;
      }
      const timer = setTimeout(() => request.destroy(new Error("no answer in time")), outgoing.timeoutMs);
      this.#unanswered.set(request, this.#scheduler.now());
      request.on("error", fail);
      request.on("close", () => {
        clearTimeout(timer);
        this.#unanswered.delete(request);
      });
      request.on("response", (response) => {
        clearTimeout(timer);
        // A watch is never answered to the end: who watches decides about it.
        if (outgoing.fresh === true) this.#unanswered.delete(request);
        resolve({ kind: "ok", value: response });
      });
      request.end(outgoing.body);
    });
  }

  /** Adds what the sender is known by; what is wrong where that cannot be had. */
  async #identify(options: RequestOptions): Promise<KubeFailure | undefined> {
    try {
      await this.#credentials.apply(options);
      return undefined;
    } catch (error) {
      return noAnswer(`no credentials for the API server: ${wordsOf(error)}`);
    }
  }

  #open({ method, path, query, fresh = false }: Outgoing, options: RequestOptions): ClientRequest {
    const base = this.#server.pathname.replace(/\/$/, "");
    const search = new URLSearchParams(query).toString();
    const target: RequestOptions = {
      ...options,
      method,
      host: this.#server.hostname.replace(/^\[|\]$/g, ""),
      port: this.#server.port === "" ? undefined : this.#server.port,
      path: `${base}${path}${search === "" ? "" : `?${search}`}`,
    };
    if (this.#server.protocol === "http:")
      return httpRequest({ ...target, agent: fresh ? this.#freshHttp : this.#http });
    // The library's own agent for proxies; else ours, which keeps connections apart by certificate.
    const agent = fresh ? this.#freshHttps : this.#https;
    return httpsRequest({ ...target, ...(this.#credentials.proxied ? {} : { agent }) });
  }
}

async function readText(
  response: IncomingMessage,
  { timeoutMs, largest = largestAnswer }: { readonly timeoutMs: number; readonly largest?: number | undefined },
): Promise<KubeResult<string>> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => response.destroy(new Error("the answer did not end in time")), timeoutMs);
  try {
    for await (const chunk of response) {
      const bytes: Buffer = chunk; // no encoding is set, so chunks are bytes
      size += bytes.length;
      if (size > largest) return { ...noAnswer("the answer is too large"), reason: "AnswerTooLarge" };
      chunks.push(bytes);
    }
    return { kind: "ok", value: Buffer.concat(chunks).toString("utf8") };
  } catch (error) {
    return noAnswer(wordsOf(error));
  } finally {
    clearTimeout(timer);
  }
}

function parseAnswer<T>(response: IncomingMessage, text: string, kind: "json" | "text"): KubeResult<T> {
  const { statusCode = 0 } = response;
  if (statusCode < 200 || statusCode >= 300) return failureOf(response, text);
  try {
    return { kind: "ok", value: (kind === "text" ? text : JSON.parse(text)) as T }; // callers check what they read
  } catch {
    // The parser's message would quote the answer, which may be a Secret.
    return { kind: "failed", status: statusCode, reason: "Unreadable", message: "the API server's answer is not JSON" };
  }
}

function watchStream(response: IncomingMessage): WatchStream {
  let closed = false;
  response.socket.setKeepAlive(true, 30_000);
  const close = (): void => {
    closed = true;
    response.destroy();
  };
  async function* batches(): AsyncGenerator<WatchBatch> {
    try {
      for await (const batch of readEvents(response)) {
        if (closed) return;
        yield batch;
        if (batch.kind === "failed") return;
      }
    } catch (error) {
      if (!closed) yield { kind: "failed", failure: noAnswer(wordsOf(error)) };
    } finally {
      close();
    }
  }
  return { close, [Symbol.asyncIterator]: batches };
}
