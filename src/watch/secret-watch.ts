import { kinds, type NamespacedName, parseNamespacedName } from "../core/keys.ts";
import { type KubeFailure, type RawObject, type ResourceKind, resourcePath } from "../core/kube-client.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";
import type { KubeApi } from "./kube-api.ts";
import { ReferenceIndex } from "./references.ts";
import { createReflector, type Reflector, type ReflectorEvents } from "./reflector.ts";

/** What Secrets are looked at, and who hears of those that somebody refers to. */
export interface SecretWatchOptions {
  readonly api: KubeApi;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  /** A label selector that Secrets must match to be seen at all. */
  readonly selector: string | undefined;
  readonly set: (name: NamespacedName, secret: RawObject) => void;
  readonly delete: (name: NamespacedName) => void;
  readonly batch: () => void;
  /** Something may have become synced. */
  readonly progress: () => void;
  readonly problem: (resource: string, failure: KubeFailure | undefined) => void;
}

/** How long a Gateway waits for the Secrets that it names. */
const longestWaitMs = 2_000;
const mostRequests = 16;
const waits = { first: 1_000, most: 30_000 } as const;
const tlsType = "type=kubernetes.io/tls";
const otherTypes = "type!=kubernetes.io/tls";
const secrets: ResourceKind = { group: "", version: "v1", plural: kinds.Secret.plural };

/**
 * Watches Secrets so that those nobody refers to cost no more than their names. TLS Secrets come whole in a watch, and
 * their bytes are dropped at once when nobody needs them; of others only metadata comes, and the rest when it is needed.
 */
export class SecretWatch {
  readonly #options: SecretWatchOptions;
  readonly #references = new ReferenceIndex();
  /** Secrets whose bytes are delivered, with their resourceVersions. */
  readonly #loaded = new Map<NamespacedName, string>();
  readonly #loading = new Map<NamespacedName, Promise<void>>();
  readonly #retries = new Map<NamespacedName, { readonly failures: number; readonly cancel: () => void }>();
  readonly #waiting: (() => void)[] = [];
  #requests = 0;
  #tls: readonly Reflector[] = [];
  #others: readonly Reflector[] = [];
  #started = false;
  #stopped = false;
  #endReturns: (() => void) | undefined;

  constructor(options: SecretWatchOptions) {
    this.#options = options;
  }

  /** Begins to watch; what is referred to by then comes with the first lists. */
  start(): void {
    if (this.#started || this.#stopped) return;
    this.#started = true;
    const scopes = this.#options.namespaces ?? [undefined];
    this.#tls = scopes.map((namespace) => this.#reflector(namespace, tlsType));
    this.#others = scopes.map((namespace) => this.#reflector(namespace, otherTypes));
    for (const reflector of [...this.#tls, ...this.#others]) reflector.start();
    this.#endReturns = this.#options.api.onReturn(() => this.#retryAll());
  }

  /** Whether the Secrets that are referred to are delivered, as far as they are there. */
  get synced(): boolean {
    return this.#listed && this.#loading.size === 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endReturns?.();
    for (const { cancel } of this.#retries.values()) cancel();
    this.#retries.clear();
    await Promise.all([...this.#tls, ...this.#others].map((reflector) => reflector.stop()));
  }

  /** Says from now on what a referrer names; Secrets that nobody names any more are withdrawn. */
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
    return this.#started && [...this.#tls, ...this.#others].every(({ synced }) => synced);
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
    return [...this.#tls, ...this.#others].some(({ known }) => known.has(name));
  }

  #reflector(namespace: string | undefined, fieldSelector: string): Reflector {
    const { api, scheduler, random, selector, batch, progress, problem } = this.#options;
    const whole = fieldSelector === tlsType;
    const label = `secrets${namespace === undefined ? "" : ` of ${namespace}`} (${whole ? "TLS" : "others"})`;
    const events: ReflectorEvents = {
      set: (name, object) => (whole ? this.#take(name, object) : this.#reload(name)),
      delete: (name) => this.#gone(name),
      batch,
      synced: () => {
        this.#reconcile();
        progress();
      },
      problem: (failure) => problem(label, failure),
    };
    return createReflector({
      api,
      resource: secrets,
      ...(namespace !== undefined && { namespace }),
      ...(selector !== undefined && { labelSelector: selector }),
      fieldSelector,
      metadataOnly: !whole,
      events,
      scheduler,
      random,
    });
  }

  #take(name: NamespacedName, secret: RawObject): void {
    if (!this.#references.has(name)) return;
    const { resourceVersion = "" } = secret.metadata;
    const loaded = this.#loaded.get(name);
    // What was fetched may be newer than what the watch has come to.
    if (loaded !== undefined && Number(resourceVersion) < Number(loaded)) return;
    this.#retries.get(name)?.cancel();
    this.#retries.delete(name);
    this.#loaded.set(name, resourceVersion);
    this.#options.set(name, secret);
  }

  /** Of Secrets of other types only the metadata is watched. */
  #reload(name: NamespacedName): void {
    if (!this.#references.has(name)) return;
    // A fetch that is on its way may have seen the Secret as it was before.
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
    const path = resourcePath(secrets, parseNamespacedName(name));
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
