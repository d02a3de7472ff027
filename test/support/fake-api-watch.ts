import type { ServerResponse } from "node:http";
import type { RawObject } from "../../src/core/kube-client.ts";
import type { FakeResource } from "./fake-api-resources.ts";
import type { FakeApiStore, StoreEvent } from "./fake-api-store.ts";

/** What a list or watch is narrowed to. */
export type Selects = (object: RawObject) => boolean;

/** One watch request. */
export interface WatchOptions {
  readonly resource: FakeResource;
  readonly selects: Selects;
  readonly show: (object: RawObject) => unknown;
  readonly since: number | "now" | "everything";
  readonly bookmarks: boolean;
  readonly initialEvents: boolean;
  readonly timeoutMs: number;
}

/** Reads a label selector: `a=b,c!=d,e,!f,g in (h,i)`, and a field selector on name, namespace and type. */
export function selectionOf(query: URLSearchParams, namespace: string | undefined): Selects {
  const labels = terms(query.get("labelSelector") ?? "").map(labelTerm);
  const fields = terms(query.get("fieldSelector") ?? "").map(fieldTerm);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labels.every((holds) => holds(object)) &&
    fields.every((holds) => holds(object));
}

/** The watches that are open at the fake API server. */
export class FakeWatches {
  readonly #store: FakeApiStore;
  readonly #open = new Map<ServerResponse, WatchOptions>();
  #stalled = false;

  constructor(store: FakeApiStore) {
    this.#store = store;
    store.listen((event) => this.#hear(event));
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  add(response: ServerResponse, options: WatchOptions): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    if (typeof options.since === "number" && options.since < this.#store.compacted) {
      response.end(`${JSON.stringify({ type: "ERROR", object: expired })}\n`);
      return;
    }
    this.#open.set(response, options);
    response.on("close", () => this.#open.delete(response));
    this.#catchUp(response, options);
    const timer = setTimeout(() => response.end(), options.timeoutMs);
    timer.unref();
    response.on("close", () => clearTimeout(timer));
  }

  /** Tells every watch that asked for bookmarks how far it has come. */
  bookmark(): void {
    for (const [response, options] of this.#open)
      if (options.bookmarks && isNews(options, this.#store.version)) this.#send(response, this.#bookmarkOf(options));
  }

  /** Ends every watch of a kind, or all: in good order, or by a connection that breaks. */
  end(resource: FakeResource | undefined, how: "end" | "reset"): void {
    for (const [response, options] of [...this.#open]) {
      if (resource !== undefined && options.resource !== resource) continue;
      this.#open.delete(response);
      if (how === "end") response.end();
      else response.destroy();
    }
  }

  /** From now on the open watches say nothing any more and stay open; new ones work. */
  stall(): void {
    for (const response of this.#open.keys()) this.#mute.add(response);
  }

  /** Writes text as it is to the watches of a kind. */
  write(resource: FakeResource, text: string): void {
    for (const [response, options] of this.#open) if (options.resource === resource) response.write(text);
  }

  /** Sends what happens from now on in one write at the end. */
  hold(): () => void {
    this.#stalled = true;
    return () => {
      this.#stalled = false;
      for (const [response, text] of this.#held) response.write(text);
      this.#held.clear();
    };
  }

  readonly #mute = new WeakSet<ServerResponse>();
  readonly #held = new Map<ServerResponse, string>();

  #catchUp(response: ServerResponse, options: WatchOptions): void {
    const { since, resource, selects, show, initialEvents } = options;
    if (since === "everything" || initialEvents) {
      for (const object of this.#store.list(resource))
        if (selects(object)) this.#send(response, { type: "ADDED", object: show(object) });
      if (initialEvents) this.#send(response, this.#bookmarkOf(options, { "k8s.io/initial-events-end": "true" }));
    } else if (typeof since === "number") {
      for (const event of this.#store.since(since)) this.#deliver(response, { options, event });
    }
  }

  #hear(event: StoreEvent): void {
    for (const [response, options] of this.#open) {
      if (isNews(options, Number(event.object.metadata.resourceVersion))) this.#deliver(response, { options, event });
    }
  }

  #deliver(
    response: ServerResponse,
    { options, event }: { readonly options: WatchOptions; readonly event: StoreEvent },
  ): void {
    const { resource, selects, show } = options;
    if (event.resource !== resource) return;
    const before = event.before !== undefined && selects(event.before);
    const after = event.type !== "DELETED" && selects(event.object);
    if (!before && !after) return;
    const type = before && after ? "MODIFIED" : after ? "ADDED" : "DELETED";
    this.#send(response, { type, object: show(event.object) });
  }

  #bookmarkOf({ show }: WatchOptions, annotations?: Readonly<Record<string, string>>): unknown {
    const metadata = { name: "", resourceVersion: String(this.#store.version), ...(annotations && { annotations }) };
    return { type: "BOOKMARK", object: show({ metadata }) };
  }

  #send(response: ServerResponse, event: unknown): void {
    if (this.#mute.has(response)) return;
    const line = `${JSON.stringify(event)}\n`;
    if (this.#stalled) this.#held.set(response, (this.#held.get(response) ?? "") + line);
    else response.write(line);
  }
}

/** A watch hears nothing up to the version that it goes on from, also when the server has yet to come to it. */
function isNews({ since }: WatchOptions, version: number): boolean {
  return typeof since !== "number" || version > since;
}

const expired = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: "too old resource version",
  reason: "Expired",
  code: 410,
};

function terms(selector: string): readonly string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== "");
}

function labelTerm(term: string): Selects {
  const labelsOf = (object: RawObject) => object.metadata.labels ?? {};
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const values = (set[3] ?? "").split(",").map((value) => value.trim());
    return (object) => values.includes(labelsOf(object)[set[1] ?? ""] ?? "\0") === (set[2] === "in");
  }
  const [, key = "", operator, value] = /^([^=!]+?)\s*(!=|==?)\s*(.*)$/.exec(term) ?? [];
  if (operator === "!=") return (object) => labelsOf(object)[key] !== value;
  if (operator !== undefined) return (object) => labelsOf(object)[key] === value;
  if (term.startsWith("!")) return (object) => !Object.hasOwn(labelsOf(object), term.slice(1));
  return (object) => Object.hasOwn(labelsOf(object), term);
}

function fieldTerm(term: string): Selects {
  const [, path = "", operator, value] = /^([^=!]+)(!=|==?)(.*)$/.exec(term) ?? [];
  const fieldOf = (object: RawObject): unknown => {
    if (path === "metadata.name") return object.metadata.name;
    if (path === "metadata.namespace") return object.metadata.namespace;
    return path
      .split(".")
      .reduce<unknown>(
        (at, step) => (typeof at === "object" && at !== null ? Reflect.get(at, step) : undefined),
        object,
      );
  };
  return (object) => (fieldOf(object) === value) === (operator !== "!=");
}
