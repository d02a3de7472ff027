import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { RawObject } from "../../src/core/kube-client.ts";
import { createFakeClient, type FakeClient } from "./fake-api-client.ts";
import { isJson, type Json } from "./fake-api-fields.ts";
import { type Admission, answerRequest, type FakeAnswer } from "./fake-api-handler.ts";
import { crdResources, type FakeResource, findResource } from "./fake-api-resources.ts";
import { FakeApiStore } from "./fake-api-store.ts";
import { FakeWatches } from "./fake-api-watch.ts";

export type { Admission } from "./fake-api-handler.ts";

/** What a fake API server is like. */
export interface FakeApiServerOptions {
  /** Kinds whose CustomResourceDefinition is not there at first, such as `ListenerSet`. */
  readonly absent?: readonly string[];
  /** The `bundle-version` and channel of the Gateway API's CRDs; v1.7.0 and standard unless told. */
  readonly bundleVersion?: string;
  readonly channel?: string;
  readonly now?: () => Date;
  /** Objects go when an owner of theirs goes. */
  readonly garbageCollect?: boolean;
  /** Looks at every write of a client; what comes back refuses it. */
  readonly admit?: Admission;
  /** Milliseconds between bookmarks; none unless told. */
  readonly bookmarkMs?: number;
}

/** A request that the server was sent. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept: string;
  readonly watch: boolean;
  /** The bearer token. */
  readonly user?: string;
  /** Of the process's clock, in milliseconds. */
  readonly at: number;
  /** When it was answered to the end; undefined before. */
  readonly until?: number;
  /** The HTTP status of the answer. */
  readonly status?: number;
}

/** Which requests are to fail. */
export type RequestMatcher = (request: LoggedRequest) => boolean;

/** How a request fails: an answer, text as it stands, a good answer that takes its time, a broken connection, or silence. */
export type Fault =
  | { readonly delayMs: number }
  | { readonly status: number; readonly reason?: string; readonly message?: string; readonly retryAfter?: number }
  | { readonly text: string }
  | "reset"
  | "hang";

/** An API server in memory, over real HTTP on loopback. Kinds are named by kind, plural or path: `HTTPRoute`, `/apis/a.dev/v1/bs`. */
export interface FakeApiServer {
  readonly url: string;
  readonly client: FakeClient;
  readonly requests: readonly LoggedRequest[];
  /** Open watches. */
  readonly watches: number;
  /** Another client, whose writes that name no field manager belong to `userAgent`. */
  clientOf(userAgent: string): FakeClient;
  /** Creates or replaces an object with its status; needs no resourceVersion. */
  put(kind: string, object: object): RawObject;
  get(kind: string, name: string): RawObject | undefined;
  list(kind: string): readonly RawObject[];
  /** Deletes an object, as a DELETE would: finalizers hold it. */
  remove(kind: string, name: string): void;
  /** Requests that match fail so many times (always unless told); the function that comes back ends it. */
  fail(matcher: RequestMatcher | string | RegExp, fault: Fault, times?: number): () => void;
  installCrd(kind: string, versions?: readonly string[]): void;
  /** Removes a CustomResourceDefinition with all its objects. */
  removeCrd(kind: string): void;
  bookmark(): void;
  dropWatches(how?: "end" | "reset", kind?: string): void;
  stallWatches(): void;
  /** Events of watches are kept until the function that comes back is called; then each watch gets them at once. */
  holdWatches(): () => void;
  /** Writes text into the open watches of a kind. */
  writeToWatches(kind: string, text: string): void;
  /** Old resourceVersions get 410 from now on. */
  compact(): void;
  /** Accepts no connection and cuts those there are, until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a fake API server on a free port. */
export async function startFakeApiServer(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const server = new Server(options);
  await server.listen(0);
  return server;
}

const testManager = "test-put|Update|";

class Server implements FakeApiServer {
  readonly #options: FakeApiServerOptions;
  readonly #store: FakeApiStore;
  readonly #watches: FakeWatches;
  readonly #faults = new Set<{ readonly matches: RequestMatcher; readonly fault: Fault; left: number }>();
  readonly #requests: LoggedRequest[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<FakeClient>();
  readonly #http = createServer((request, response) => this.#receive(request, response));
  readonly #timer: NodeJS.Timeout | undefined;
  #port = 0;

  constructor(options: FakeApiServerOptions) {
    this.#options = options;
    const now = options.now ?? (() => new Date());
    this.#store = new FakeApiStore({ now, garbageCollect: options.garbageCollect ?? false });
    this.#watches = new FakeWatches(this.#store);
    for (const { kind } of crdResources) if (!options.absent?.includes(kind)) this.installCrd(kind);
    this.#timer = options.bookmarkMs === undefined ? undefined : setInterval(() => this.bookmark(), options.bookmarkMs);
    this.#http.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(port, "127.0.0.1", () => resolve());
    });
    this.#port = (this.#http.address() as AddressInfo).port; // it listens on TCP
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get client(): FakeClient {
    const [first] = this.#clients;
    return first ?? this.clientOf("test");
  }

  get requests(): readonly LoggedRequest[] {
    return this.#requests;
  }

  get watches(): number {
    return this.#watches.count;
  }

  clientOf(userAgent: string): FakeClient {
    const client = createFakeClient(this.url, userAgent);
    this.#clients.add(client);
    return client;
  }

  put(kind: string, object: object): RawObject {
    const resource = findResource(kind);
    const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
    const copy = structuredClone(object) as Json; // plain data
    const wanted = { apiVersion, kind: resource.kind, ...copy };
    return this.#store.write(resource, wanted, { manager: testManager, part: "all" });
  }

  get(kind: string, name: string): RawObject | undefined {
    return this.#store.get(findResource(kind), name);
  }

  list(kind: string): readonly RawObject[] {
    return this.#store.list(findResource(kind));
  }

  remove(kind: string, name: string): void {
    this.#store.remove(findResource(kind), name);
  }

  fail(matcher: RequestMatcher | string | RegExp, fault: Fault, times = Number.POSITIVE_INFINITY): () => void {
    const matches = typeof matcher === "function" ? matcher : ({ path }: LoggedRequest) => path.search(matcher) >= 0;
    const rule = { matches, fault, left: times };
    this.#faults.add(rule);
    return () => this.#faults.delete(rule);
  }

  installCrd(kind: string, versions?: readonly string[]): void {
    const resource = findResource(kind);
    const { bundleVersion = "v1.7.0", channel = "standard" } = this.#options;
    const gatewayApi = resource.group === "gateway.networking.k8s.io";
    const annotations = {
      "gateway.networking.k8s.io/bundle-version": bundleVersion,
      "gateway.networking.k8s.io/channel": channel,
    };
    this.put("CustomResourceDefinition", {
      metadata: { name: `${resource.plural}.${resource.group}`, ...(gatewayApi && { annotations }) },
      spec: {
        group: resource.group,
        names: { kind, plural: resource.plural },
        versions: (versions ?? [resource.version]).map((name) => ({ name, served: true })),
      },
    });
  }

  removeCrd(kind: string): void {
    const resource = findResource(kind);
    this.remove("CustomResourceDefinition", `${resource.plural}.${resource.group}`);
    this.#forget(resource);
  }

  bookmark(): void {
    this.#watches.bookmark();
  }

  dropWatches(how: "end" | "reset" = "end", kind?: string): void {
    this.#watches.end(kind === undefined ? undefined : findResource(kind), how);
  }

  stallWatches(): void {
    this.#watches.stall();
  }

  holdWatches(): () => void {
    return this.#watches.hold();
  }

  writeToWatches(kind: string, text: string): void {
    this.#watches.write(findResource(kind), text);
  }

  compact(): void {
    this.#store.compact();
  }

  async pause(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async resume(): Promise<void> {
    await this.listen(this.#port);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const client of this.#clients) client.close();
    await this.pause();
  }

  #forget(resource: FakeResource): void {
    for (const { metadata } of this.#store.list(resource)) {
      const name = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
      this.#store.remove(resource, name);
    }
    this.#watches.end(resource, "end");
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", this.url);
      const body = parseBody(Buffer.concat(chunks).toString());
      const watch = ["true", "1"].includes(url.searchParams.get("watch") ?? "");
      const user = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
      const logged: LoggedRequest = {
        method: request.method ?? "GET",
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        ...(body !== undefined && { body }),
        ...(request.headers["content-type"] !== undefined && { contentType: request.headers["content-type"] }),
        accept: request.headers.accept ?? "",
        watch,
        ...(user !== undefined && { user }),
        at: performance.now(),
      };
      this.#requests.push(logged);
      response.on("close", () => Object.assign(logged, { until: performance.now(), status: response.statusCode }));
      const userAgent = request.headers["user-agent"] ?? "unknown";
      if (this.#misbehave(logged, response, () => this.#answer(logged, response, { url, userAgent }))) return;
      this.#answer(logged, response, { url, userAgent });
    });
  }

  #answer(
    logged: LoggedRequest,
    response: ServerResponse,
    { url, userAgent }: { readonly url: URL; readonly userAgent: string },
  ): void {
    const { admit } = this.#options;
    const answer = answerRequest(logged, { store: this.#store, query: url.searchParams, userAgent, admit });
    if (answer.kind === "watch") this.#watches.add(response, answer.options);
    else send(response, answer);
    if (logged.method === "DELETE" && logged.path.includes("/customresourcedefinitions/")) this.#afterCrd(logged.path);
  }

  #afterCrd(path: string): void {
    const removed = crdResources.find(({ plural, group }) => path.endsWith(`/${plural}.${group}`));
    if (removed !== undefined) this.#forget(removed);
  }

  #misbehave(request: LoggedRequest, response: ServerResponse, answer: () => void): boolean {
    const rule = [...this.#faults].find(({ matches, left }) => left > 0 && matches(request));
    if (rule === undefined) return false;
    rule.left -= 1;
    const { fault } = rule;
    if (fault === "hang") return true;
    if (fault === "reset") response.destroy();
    else if ("delayMs" in fault) setTimeout(answer, fault.delayMs);
    else if ("text" in fault) response.writeHead(200, { "content-type": "application/json" }).end(fault.text);
    else {
      const { status, reason = "InternalError", message = "made to fail", retryAfter } = fault;
      const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
      const body = { kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code: status };
      send(response, { kind: "answer", status, body, headers });
    }
    return true;
  }
}

function parseBody(text: string): unknown {
  if (text === "") return undefined;
  try {
    const body: unknown = JSON.parse(text);
    return isJson(body) || Array.isArray(body) ? body : undefined;
  } catch {
    // Server-side apply may be YAML; what we send is JSON.
    return undefined;
  }
}

function send(response: ServerResponse, answer: FakeAnswer & { readonly kind: "answer" }): void {
  response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
  response.end(JSON.stringify(answer.body));
}
