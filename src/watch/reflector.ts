import { type NamespacedName, nameOf } from "../core/keys.ts";
import {
  type KubeFailure,
  type KubeResult,
  type RawObject,
  type ResourceKind,
  resourcePath,
} from "../core/kube-client.ts";
import { isOlder } from "../core/resource-version.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";
import { isNamespaceGone } from "./gone-namespace.ts";
import type { KubeApi, WatchStream } from "./kube-api.ts";
import type { ListTurn } from "./list-turns.ts";
import { isList, type ObjectList } from "./object-list.ts";
import { largestPage, PageSize } from "./page-size.ts";
import { pause } from "./pause.ts";
import type { WatchEvent } from "./watch-lines.ts";

/** Hears what a reflector finds: first everything, then every change. Objects come without managed fields. */
export interface ReflectorEvents {
  set(name: NamespacedName, object: RawObject): void;
  delete(name: NamespacedName): void;
  /** Ends what arrived together. */
  batch(): void;
  /** After every complete list; the first one means that everything is there. */
  synced(): void;
  /** Something does not work (or, undefined, works again). It is tried again meanwhile. */
  problem(failure: KubeFailure | undefined): void;
}

/** What a reflector follows, and with what. */
export interface ReflectorOptions {
  readonly api: KubeApi;
  readonly resource: ResourceKind;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only the metadata of objects is read. */
  readonly metadataOnly?: boolean;
  /** Whether a refusal that lasts keeps nobody waiting: what cannot be read counts as if there were nothing. */
  readonly optional?: boolean;
  readonly events: ReflectorEvents;
  /** Names and resourceVersions that are known already, when another reflector followed the same objects before. */
  readonly known?: Map<NamespacedName, string>;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly pageSize?: number;
  /** How long a watch may say nothing before it counts as broken. */
  readonly idleMs?: number;
}

/** Follows the objects of one kind: a list, then a watch, and again from the start when the watch cannot go on. */
export interface Reflector {
  start(): void;
  stop(): Promise<void>;
  /** Whether a list has been read completely. */
  readonly synced: boolean;
  readonly problem: KubeFailure | undefined;
  readonly known: Map<NamespacedName, string>;
}

/** Makes a reflector; nothing is sent before it is started. */
export function createReflector(options: ReflectorOptions): Reflector {
  return new ListAndWatch(options);
}

/** Whether a failure says that the API server is gone, starting or busy, and not that it refuses what it was asked. */
export function isTemporary({ status, reason }: KubeFailure): boolean {
  return reason === "NoAnswer" || status === 429 || status >= 500;
}

/** The API server sends a bookmark about once a minute, where it has one: a watch without is gone, or costs one more request. */
const defaultIdleMs = 85_000;
/** After an outage everything goes on within this time, not everything at once. */
const returnSpreadMs = 500;
const shortestWatchSeconds = 300;
/** A small question whose answer is worth no longer wait. */
const questionMs = 5_000;
/** Refusals in a row, over ten seconds at least, that are no slip of a server that has just begun to know our rights. */
const lastingRefusals = 8;
/** A watch that ends sooner, without having said anything, does not count as one that works. */
const healthyMs = 2_000;
const waits = { first: 200, most: 30_000 } as const;

type WatchEnd = "ended" | "expired" | KubeFailure;

class ListAndWatch implements Reflector {
  readonly known: Map<NamespacedName, string>;
  readonly #options: ReflectorOptions;
  readonly #path: string;
  readonly #pageSize: PageSize;
  #failures = 0;
  #refusals = 0;
  #problem: KubeFailure | undefined;
  #synced = false;
  #hasBookmarks = false;
  #stopped = false;
  #stream: WatchStream | undefined;
  /** When the watch that is open said something last. */
  #heardAt = 0;
  #wake: (() => void) | undefined;
  #turn: ListTurn | undefined;
  #endReturns: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.known = options.known ?? new Map();
    this.#pageSize = new PageSize(options.pageSize);
    this.#path = resourcePath(
      options.resource,
      options.namespace === undefined ? {} : { namespace: options.namespace },
    );
  }

  get synced(): boolean {
    return this.#synced;
  }

  get problem(): KubeFailure | undefined {
    return this.#problem;
  }

  start(): void {
    this.#endReturns = this.#options.api.onReturn((awayUntil) => this.#serverReturned(awayUntil));
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endReturns?.();
    this.#stream?.close();
    this.#wake?.();
    this.#turn?.end();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const listed = await this.#list();
      if (this.#stopped) return;
      if (listed.kind === "ok") await this.#follow(listed.value);
      else {
        await this.#passOver(listed);
        await this.#fail(listed);
      }
    }
  }

  /** A namespace that has gone with our rights in it, or a tenant who takes them away there, keeps nobody else waiting. */
  async #passOver(failure: KubeFailure): Promise<void> {
    const { api, namespace, events } = this.#options;
    this.#refusals = this.#isRefusal(failure) ? this.#refusals + 1 : 0;
    if (this.#refusals === 0 || this.#stopped) return;
    const isGone = namespace !== undefined && (await isNamespaceGone(api, namespace));
    if (isGone && !this.#stopped && this.#forgetOthers(new Set())) events.batch();
    const lasts = namespace !== undefined && api.refusedNamespaces.refused(namespace);
    if (this.#synced || (!isGone && !lasts && this.#refusals < lastingRefusals)) return;
    this.#synced = true;
    events.synced();
  }

  #isRefusal({ status }: KubeFailure): boolean {
    return this.#options.optional === true && (status === 403 || status === 404);
  }

  /** What waits after a failure goes on, and a watch that was silent since may be one that nobody serves any more. */
  #serverReturned(awayUntil: number): void {
    this.#failures = 0;
    const { scheduler, random } = this.#options;
    scheduler.after(random() * returnSpreadMs, () => {
      this.#wake?.();
      if (this.#heardAt < awayUntil) this.#stream?.close();
    });
  }

  /** Watches, again and again, until only a new list helps. */
  async #follow(version: string): Promise<void> {
    const at = { version };
    while (!this.#stopped) {
      const started = this.#options.scheduler.now();
      const before = at.version;
      const end = await this.#watch(at);
      const lived = at.version !== before || this.#options.scheduler.now() - started >= healthyMs;
      if (lived) this.#failures = 0;
      if (this.#stopped) return;
      if (end === "expired") {
        // Not counted as a failure of anything, but a server that says so each time is not asked in a circle.
        this.#failures += 1;
        return this.#pause(backoff(this.#failures, { ...waits, random: this.#options.random }));
      }
      if (end !== "ended") {
        await this.#fail(end);
        // A list tells whether there is anything to follow at all.
        if (this.#isRefusal(end)) return;
      } else if (!lived) await this.#fail(quietEnd);
    }
  }

  async #fail(failure: KubeFailure): Promise<void> {
    this.#failures += 1;
    if (failure !== quietEnd) this.#tell(failure);
    const wait = backoff(this.#failures, { ...waits, random: this.#options.random });
    await this.#pause(Math.max(wait, failure.retryAfterMs ?? 0));
  }

  #tell(problem: KubeFailure | undefined): void {
    if (problem?.message === this.#problem?.message && problem?.status === this.#problem?.status) return;
    this.#problem = problem;
    this.#options.events.problem(problem);
  }

  #pause(milliseconds: number): Promise<void> {
    const { over, wake } = pause(this.#options.scheduler, milliseconds);
    this.#wake = wake;
    return over;
  }

  /** Reads everything in pages and says as of which version; what is not there any more goes. */
  async #list(): Promise<KubeResult<string>> {
    const { events } = this.#options;
    const seen = new Set<NamespacedName>();
    let changed = false;
    let next = "";
    for (;;) {
      const page = await this.#page(next);
      if (this.#stopped) return { kind: "ok", value: "" };
      if (page.kind === "failed") {
        // The rest of the list goes on from here, in smaller pages.
        if (page.reason === "AnswerTooLarge" && this.#pageSize.shrink()) continue;
        if (page.status === 410 && next !== "") this.#pageSize.lift();
        if (changed) events.batch();
        return page;
      }
      for (const object of page.value.items ?? []) {
        const name = nameOf(object.metadata);
        seen.add(name);
        // A list is the truth, even where versions went backwards: etcd may have been restored.
        if (this.known.get(name) === object.metadata.resourceVersion) continue;
        this.#set(name, object);
        changed = true;
      }
      next = page.value.metadata?.continue ?? "";
      if (next === "") {
        if (this.#forgetOthers(seen) || changed) events.batch();
        return { kind: "ok", value: this.#complete(page.value) };
      }
    }
  }

  #complete({ metadata }: ObjectList): string {
    const { api, namespace, events } = this.#options;
    this.#refusals = 0;
    if (namespace !== undefined) api.refusedNamespaces.read(namespace);
    this.#pageSize.reset();
    this.#synced = true;
    this.#tell(undefined);
    events.synced();
    return metadata?.resourceVersion ?? "";
  }

  async #page(next: string): Promise<KubeResult<ObjectList>> {
    const { api, metadataOnly = false } = this.#options;
    const query = {
      ...this.#selectors(),
      ...this.#pageSize.query,
      ...(next !== "" && { continue: next }),
    };
    const turn = api.listTurns.take(this.#synced ? "paced" : "at once");
    this.#turn = turn;
    if (!(await turn.granted)) return { kind: "failed", status: 0, reason: "Stopped", message: "the reflector stops" };
    const asked = { method: "GET", path: this.#path, query, metadataOnly, largest: largestPage } as const;
    const result = await api.request<ObjectList>(asked);
    turn.end();
    if (result.kind === "failed" || isList(result.value)) return result;
    return { kind: "failed", status: 200, reason: "Unreadable", message: "the API server's answer is not a list" };
  }

  #forgetOthers(seen: ReadonlySet<NamespacedName>): boolean {
    let changed = false;
    for (const name of [...this.known.keys()]) {
      if (seen.has(name)) continue;
      this.known.delete(name);
      this.#options.events.delete(name);
      changed = true;
    }
    return changed;
  }

  async #watch(at: { version: string }): Promise<WatchEnd> {
    const { api, metadataOnly = false, random } = this.#options;
    const seconds = Math.round(shortestWatchSeconds * (1 + random()));
    const query = {
      ...this.#selectors(),
      resourceVersion: at.version,
      allowWatchBookmarks: "true",
      timeoutSeconds: String(seconds),
    };
    const opened = await api.watch({ path: this.#path, query, metadataOnly });
    if (opened.kind === "failed") return opened.status === 410 ? "expired" : opened;
    if (this.#stopped) {
      opened.value.close();
      return "ended";
    }
    this.#stream = opened.value;
    this.#heardAt = this.#options.scheduler.now();
    return this.#consume(opened.value, at);
  }

  async #consume(stream: WatchStream, at: { version: string }): Promise<WatchEnd> {
    const { api, scheduler, events, idleMs = defaultIdleMs } = this.#options;
    let isSilent = false;
    const cut = (): void => {
      isSilent = true;
      api.forgetConnections();
      stream.close();
    };
    let cancel = scheduler.after(idleMs, cut);
    // It answers again; whether it also refuses nothing any more is seen when the watch lasts.
    if (this.#problem !== undefined && isTemporary(this.#problem)) this.#tell(undefined);
    const cancelHealthy = scheduler.after(healthyMs, () => this.#tell(undefined));
    try {
      for await (const batch of stream) {
        cancel();
        this.#heardAt = scheduler.now();
        if (this.#stopped) return "ended";
        if (batch.kind === "failed") return batch.failure.status === 410 ? "expired" : batch.failure;
        this.#failures = 0;
        this.#tell(undefined);
        if (this.#applyAll(batch.events, at)) events.batch();
        cancel = scheduler.after(idleMs, cut);
      }
      if (!isSilent || this.#stopped || !(await this.#wentBack(at.version))) return "ended";
      api.tellRewound();
      return "expired";
    } finally {
      cancel();
      cancelHealthy();
      this.#stream = undefined;
    }
  }

  // A server whose data came from a backup is silent until it comes to the version again that it is asked to go on from. Of what
  // never changes it sends no bookmarks: that such a watch is silent says nothing.
  async #wentBack(version: string): Promise<boolean> {
    if (!this.#hasBookmarks) return false;
    const query = { ...this.#selectors(), limit: "1" };
    const asked = { method: "GET", path: this.#path, query, metadataOnly: true, timeoutMs: questionMs } as const;
    const result = await this.#options.api.request<ObjectList>(asked);
    this.#hasBookmarks = result.kind === "failed";
    return result.kind === "ok" && isOlder(result.value.metadata?.resourceVersion ?? "", version);
  }

  #applyAll(events: readonly WatchEvent[], at: { version: string }): boolean {
    let changed = false;
    for (const event of events) {
      const version = event.type === "BOOKMARK" ? event.resourceVersion : (event.object.metadata.resourceVersion ?? "");
      if (this.#apply(event)) changed = true;
      this.#hasBookmarks ||= event.type === "BOOKMARK";
      if (version !== "" && !isOlder(version, at.version)) at.version = version;
    }
    return changed;
  }

  #apply(event: WatchEvent): boolean {
    if (event.type === "BOOKMARK") return false;
    const name = nameOf(event.object.metadata);
    const known = this.known.get(name);
    const { resourceVersion = "" } = event.object.metadata;
    if (event.type !== "DELETED") {
      // An event may come twice, or late.
      const news = known === undefined || (known !== resourceVersion && !isOlder(resourceVersion, known));
      if (news) this.#set(name, event.object);
      return news;
    }
    if (known === undefined || isOlder(resourceVersion, known)) return false;
    this.known.delete(name);
    this.#options.events.delete(name);
    return true;
  }

  #set(name: NamespacedName, object: RawObject): void {
    this.known.set(name, object.metadata.resourceVersion ?? "");
    Reflect.deleteProperty(object.metadata, "managedFields");
    this.#options.events.set(name, object);
  }

  #selectors(): Readonly<Record<string, string>> {
    const { labelSelector, fieldSelector } = this.#options;
    return {
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
    };
  }
}

/** A watch that ended at once without a word: no problem to tell of, but nothing to repeat at once. */
const quietEnd: KubeFailure = { kind: "failed", status: 0, reason: "Ended", message: "the watch ended" };
