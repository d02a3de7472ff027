import { kinds, type NamespacedName, parseNamespacedName } from "../core/keys.ts";
import { type KubeFailure, type RawObject, type ResourceKind, resourcePath } from "../core/kube-client.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";
import type { KubeApi } from "./kube-api.ts";
import { ReferenceIndex } from "./references.ts";
import { createReflector, type Reflector, type ReflectorEvents } from "./reflector.ts";

/** The kinds whose objects are read only where others name them. */
export type NamedKind = "Secret" | "ConfigMap";

/** What objects of one kind are looked at, and who hears of those that somebody refers to. */
export interface NamedWatchOptions {
  readonly api: KubeApi;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly kind: NamedKind;
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  /** A label selector that objects must match to be seen at all. */
  readonly selector: string | undefined;
  readonly set: (name: NamespacedName, object: RawObject) => void;
  readonly delete: (name: NamespacedName) => void;
  readonly batch: () => void;
  /** Something may have become synced. */
  readonly progress: () => void;
  readonly problem: (resource: string, failure: KubeFailure | undefined) => void;
}

/** How long an object waits for those that it names. */
const longestWaitMs = 2_000;
const mostRequests = 16;
const waits = { first: 1_000, most: 30_000 } as const;

/** Part of the objects of a kind, which has a watch of its own. */
interface View {
  /** Tells the parts of a kind apart in problems. */
  readonly label: string;
  readonly fieldSelector?: string;
  /** Whether objects come with their data, or their metadata only. */
  readonly whole: boolean;
}

/** Most Secrets that are named are TLS Secrets: they come with the first list. ConfigMaps are rarely named. */
const views = {
  Secret: [
    { label: " (TLS)", fieldSelector: "type=kubernetes.io/tls", whole: true },
    { label: " (others)", fieldSelector: "type!=kubernetes.io/tls", whole: false },
  ],
  ConfigMap: [{ label: "", whole: false }],
} as const satisfies Record<NamedKind, readonly View[]>;

/**
 * Watches objects of a kind so that those nobody refers to cost no more than their names. What comes whole in a watch is
 * dropped at once when nobody needs it; of the others only metadata comes, and the rest when it is needed.
 */
export class NamedWatch {
  readonly #options: NamedWatchOptions;
  readonly #references = new ReferenceIndex();
  /** Objects that are delivered, with their resourceVersions. */
  readonly #loaded = new Map<NamespacedName, string>();
  readonly #loading = new Map<NamespacedName, Promise<void>>();
  readonly #retries = new Map<NamespacedName, { readonly failures: number; readonly cancel: () => void }>();
  readonly #waiting: (() => void)[] = [];
  #requests = 0;
  #reflectors: readonly Reflector[] = [];
  #started = false;
  #stopped = false;
  #endReturns: (() => void) | undefined;

  constructor(options: NamedWatchOptions) {
    this.#options = options;
  }

  /** Begins to watch; what is referred to by then comes with the first lists. */
  start(): void {
    if (this.#started || this.#stopped) return;
    this.#started = true;
    const scopes = this.#options.namespaces ?? [undefined];
    this.#reflectors = views[this.#options.kind].flatMap((view) =>
      scopes.map((namespace) => this.#reflector(namespace, view)),
    );
    for (const reflector of this.#reflectors) reflector.start();
    this.#endReturns = this.#options.api.onReturn(() => this.#retryAll());
  }

  /** Whether the objects that are referred to are delivered, as far as they are there. */
  get synced(): boolean {
    return this.#listed && this.#loading.size === 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endReturns?.();
    for (const { cancel } of this.#retries.values()) cancel();
    this.#retries.clear();
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }

  /** Says from now on what a referrer names; objects that nobody names any more are withdrawn. */
  refer(referrer: string, names: readonly NamespacedName[]): void {
    for (const name of this.#references.set(referrer, names)) this.#unload(name);
  }

  /** Fetches what is not there yet; undefined when there is nothing to wait for. Waits no longer than two seconds. */
  prepare(names: readonly NamespacedName[]): Promise<void> | undefined {
    if (!this.#started) return undefined;
    const loads = names.filter((name) => this.#isMissing(name)).map((name) => this.#load(name));
    if (loads.length === 0) return undefined;
    return new Promise((resolve) => {
      const cancel = this.#options.scheduler.after(longestWaitMs, resolve);
      void Promise.all(loads).then(() => {
        cancel();
        resolve();
      });
    });
  }

  get #listed(): boolean {
    return this.#started && this.#reflectors.every(({ synced }) => synced);
  }

  #isMissing(name: NamespacedName): boolean {
    if (this.#loaded.has(name)) return false;
    const { namespaces, selector } = this.#options;
    const { namespace = "" } = parseNamespacedName(name);
    if (namespaces !== undefined && !namespaces.includes(namespace)) return false;
    // By its name alone nobody can tell whether a label selects it: its event will.
    return selector === undefined || this.#isKnown(name);
  }

  #isKnown(name: NamespacedName): boolean {
    return this.#reflectors.some(({ known }) => known.has(name));
  }

  get #resource(): ResourceKind {
    return { group: "", version: "v1", plural: kinds[this.#options.kind].plural };
  }

  #reflector(namespace: string | undefined, { label, fieldSelector, whole }: View): Reflector {
    const { api, scheduler, random, selector, batch, progress, problem } = this.#options;
    const resource = this.#resource;
    const place = `${resource.plural}${namespace === undefined ? "" : ` of ${namespace}`}${label}`;
    const events: ReflectorEvents = {
      set: (name, object) => (whole ? this.#take(name, object) : this.#reload(name)),
      delete: (name) => this.#gone(name),
      batch,
      synced: () => {
        this.#reconcile();
        progress();
      },
      problem: (failure) => problem(place, failure),
    };
    return createReflector({
      api,
      resource,
      ...(namespace !== undefined && { namespace, optional: true }),
      ...(selector !== undefined && { labelSelector: selector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
      metadataOnly: !whole,
      events,
      scheduler,
      random,
    });
  }

  #take(name: NamespacedName, object: RawObject): void {
    if (!this.#references.has(name)) return;
    const { resourceVersion = "" } = object.metadata;
    const loaded = this.#loaded.get(name);
    // What was fetched may be newer than what the watch has come to.
    if (loaded !== undefined && Number(resourceVersion) < Number(loaded)) return;
    this.#retries.get(name)?.cancel();
    this.#retries.delete(name);
    this.#loaded.set(name, resourceVersion);
    this.#options.set(name, object);
  }

  /** Of what is not watched as a whole a change of the metadata says that there is news. */
  #reload(name: NamespacedName): void {
    if (!this.#references.has(name)) return;
    // A fetch that is on its way may have seen the object as it was before.
    const running = this.#loading.get(name);
    const loading = running === undefined ? this.#load(name) : running.then(() => this.#load(name));
    void loading.then(() => {
      if (!this.#stopped) this.#options.batch();
    });
  }

  /** It may be gone from one watch because it has come back with another type. */
  #gone(name: NamespacedName): void {
    if (!this.#loaded.has(name)) return;
    if (this.#isKnown(name)) this.#reload(name);
    else this.#unload(name);
  }

  #unload(name: NamespacedName): void {
    this.#retries.get(name)?.cancel();
    this.#retries.delete(name);
    if (this.#loaded.delete(name)) this.#options.delete(name);
  }

  /** After a new list: what was fetched by name may have gone without a word. */
  #reconcile(): void {
    if (!this.#listed) return;
    for (const name of [...this.#loaded.keys()]) if (!this.#isKnown(name)) this.#reload(name);
  }

  #load(name: NamespacedName): Promise<void> {
    const running = this.#loading.get(name);
    if (running !== undefined) return running;
    const loading = this.#fetch(name).finally(() => {
      this.#loading.delete(name);
      this.#options.progress();
    });
    this.#loading.set(name, loading);
    return loading;
  }

  async #fetch(name: NamespacedName): Promise<void> {
    await this.#turn();
    const path = resourcePath(this.#resource, parseNamespacedName(name));
    const result = await this.#options.api.request<RawObject>({ method: "GET", path, timeoutMs: longestWaitMs });
    this.#requests -= 1;
    this.#waiting.shift()?.();
    if (this.#stopped || !this.#references.has(name)) return;
    if (result.kind === "ok" && result.value.metadata?.name !== undefined) this.#take(name, result.value);
    else if (result.kind === "failed" && result.status === 404) this.#unload(name);
    // What we may not read will not become readable by asking again.
    else if (result.kind === "ok" || result.status !== 403) this.#retryLater(name);
  }

  async #turn(): Promise<void> {
    while (this.#requests >= mostRequests) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#requests += 1;
  }

  /** The API server is back: what could not be fetched without it need not wait. */
  #retryAll(): void {
    for (const [name, { cancel }] of [...this.#retries]) {
      cancel();
      this.#retries.set(name, { failures: 0, cancel: () => {} });
      this.#reload(name);
    }
  }

  #retryLater(name: NamespacedName): void {
    const before = this.#retries.get(name);
    before?.cancel();
    const failures = (before?.failures ?? 0) + 1;
    const wait = backoff(failures, { ...waits, random: this.#options.random });
    const cancel = this.#options.scheduler.after(wait, () => this.#reload(name));
    this.#retries.set(name, { failures, cancel });
  }
}
