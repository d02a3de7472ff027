import type { ClusterFacts } from "../core/fleet.ts";
import {
  type Kind,
  kindNames,
  kinds,
  type NamespacedName,
  type ObjectKey,
  objectKey,
  reportedKinds,
} from "../core/keys.ts";
import type { KubeFailure, RawObject } from "../core/kube-client.ts";
import type { ObjectStatus } from "../core/object-status.ts";
import { type Scheduler, systemScheduler } from "../core/scheduler.ts";
import type { StoredObject } from "../core/stored-object.ts";
import { type AcceptedObject, acceptObject } from "./accepted-object.ts";
import { ClusterProblems } from "./cluster-problems.ts";
import { createDiscovery, type Discovery } from "./discovery.ts";
import type { SourceLog } from "./file-source.ts";
import { KindWatch } from "./kind-watch.ts";
import type { KubeApi } from "./kube-api.ts";
import type { ObjectSink, ObjectSource, SourceProblem } from "./object-source.ts";
import { isNamedKind, isReferring, ReferredObjects } from "./referred-objects.ts";
import { isMapping } from "./yaml-value.ts";

/** Which part of a cluster is watched. */
export interface ClusterScope {
  /** Namespaced kinds are watched in these only; in all without it. */
  readonly namespaces?: readonly string[];
  /** A label selector: other Secrets are not looked at. */
  readonly secretSelector?: string;
}

/** What a source of the objects in a cluster needs, and whom it tells besides the sink. */
export interface ClusterSourceOptions {
  readonly api: KubeApi;
  readonly log?: SourceLog;
  readonly scope?: ClusterScope;
  /** What the API server holds of an object whose status we write; undefined when it is gone. Our own writes come back here. */
  readonly onStored: (key: ObjectKey, stored: StoredObject | undefined) => void;
  readonly onFacts: (facts: ClusterFacts) => void;
  readonly scheduler?: Scheduler;
  readonly random?: () => number;
}

/** The objects of a cluster. */
export interface ClusterSource extends ObjectSource {
  /** The kinds whose CustomResourceDefinition is not there. */
  absentKinds(): readonly Kind[];
  /** Takes a problem with something else that is followed on the same API server; undefined: it works again. */
  report(followed: string, failure: KubeFailure | undefined): void;
}

/** Makes a source of the objects in a cluster; it asks for nothing before it is started, and never gives up. */
export function createClusterSource(options: ClusterSourceOptions): ClusterSource {
  return new WatchedCluster(options);
}

/** Kinds whose status we write. */
const reported: ReadonlySet<Kind> = new Set<Kind>([...reportedKinds, "HostnameRecord"]);
/** What others name has watches of its own. */
const watched: readonly Kind[] = kindNames.filter((kind) => !isNamedKind(kind));

type Accepted = AcceptedObject & { readonly kind: "object" };

class WatchedCluster implements ClusterSource {
  readonly #options: ClusterSourceOptions;
  readonly #problems: ClusterProblems;
  readonly #watches: ReadonlyMap<Kind, KindWatch>;
  readonly #referred: ReferredObjects;
  readonly #discovery: Discovery;
  readonly #absent = new Set<Kind>();
  /** What was delivered of each object, so that the echo of a status write costs nothing. */
  readonly #digests = new Map<ObjectKey, string>();
  /** Objects that wait for the Secrets and ConfigMaps that they name. */
  readonly #held = new Map<ObjectKey, Accepted>();
  #sink: ObjectSink | undefined;
  #onBatch: () => void = () => {};
  #onSynced: (() => void) | undefined;
  /** Whether something was delivered since the last batch ended. */
  #dirty = false;
  #stopped = false;

  constructor(options: ClusterSourceOptions) {
    this.#options = options;
    this.#problems = new ClusterProblems(options.log);
    const { api, scope = {}, scheduler = systemScheduler, random = Math.random } = options;
    const shared = {
      api,
      scheduler,
      random,
      namespaces: scope.namespaces,
      batch: () => this.#endBatch(),
      progress: () => this.#progress(),
      problem: (resource: string, failure: KubeFailure | undefined) => this.#problems.setFailure(resource, failure),
    };
    this.#watches = new Map(watched.map((kind) => [kind, this.#watch(kind, shared)]));
    this.#referred = new ReferredObjects({
      ...shared,
      secretSelector: scope.secretSelector,
      set: (kind, name, raw) => this.#take(kind, { name, raw }),
      delete: (kind, name) => this.#remove(kind, name),
    });
    this.#discovery = createDiscovery({
      api,
      scheduler,
      random,
      onServed: (kind, version) => this.#served(kind, version),
      onFacts: options.onFacts,
      onProblem: (resource, failure) => this.#problems.setFailure(resource, failure),
    });
  }

  async start(sink: ObjectSink, onBatch: () => void): Promise<void> {
    if (this.#stopped) return;
    this.#sink = sink;
    const synced = new Promise<void>((resolve) => {
      this.#onSynced = resolve;
    });
    this.#discovery.start();
    await synced;
    if (this.#stopped) return;
    onBatch();
    this.#onBatch = onBatch;
    this.#dirty = false;
    this.#options.log?.info({ objects: this.#digests.size, absent: [...this.#absent] }, "the cluster is read");
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#held.clear();
    this.#onSynced?.();
    await Promise.all([
      this.#discovery.stop(),
      this.#referred.stop(),
      ...[...this.#watches.values()].map((each) => each.stop()),
    ]);
  }

  problems(): readonly SourceProblem[] {
    return this.#problems.list();
  }

  absentKinds(): readonly Kind[] {
    return [...this.#absent].sort();
  }

  report(followed: string, failure: KubeFailure | undefined): void {
    this.#problems.setFailure(followed, failure);
  }

  unread(): readonly string[] {
    const kindsUnread = watched.filter((kind) => this.#watches.get(kind)?.synced === false);
    return [...kindsUnread, ...this.#referred.unread()].map((kind) => kinds[kind].plural).sort();
  }

  #watch(kind: Kind, shared: Omit<ConstructorParameters<typeof KindWatch>[0], "kind" | "set" | "delete">): KindWatch {
    const set = (name: NamespacedName, raw: RawObject): void => {
      if (reported.has(kind)) this.#options.onStored(objectKey(kind, name), storedObject(raw));
      this.#take(kind, { name, raw });
    };
    const remove = (name: NamespacedName): void => {
      if (reported.has(kind)) this.#options.onStored(objectKey(kind, name), undefined);
      this.#remove(kind, name);
    };
    return new KindWatch({ ...shared, kind, set, delete: remove });
  }

  #served(kind: Kind, version: string | undefined): void {
    if (this.#stopped) return;
    if (version === undefined) this.#absent.add(kind);
    else this.#absent.delete(kind);
    // At the start one line tells of all of them.
    if (this.#onSynced === undefined) {
      const { group } = kinds[kind];
      if (version === undefined) this.#options.log?.warn({ kind }, "the kind is not served any more");
      else this.#options.log?.info({ kind, apiVersion: `${group}/${version}` }, "the kind is served");
    }
    this.#watches.get(kind)?.serve(version);
    this.#progress();
  }

  #progress(): void {
    const isSynced = (kind: Kind): boolean => this.#watches.get(kind)?.synced ?? true;
    this.#referred.startAfter(isSynced);
    if (this.#onSynced === undefined || !this.#referred.synced || !watched.every(isSynced)) return;
    this.#onSynced();
    this.#onSynced = undefined;
  }

  #take(kind: Kind, { name, raw }: { readonly name: NamespacedName; readonly raw: RawObject }): void {
    const key = objectKey(kind, name);
    const accepted = acceptObject(kind, raw);
    this.#problems.setRefused(`${kind} ${name}`, accepted.kind === "refused" ? accepted.faults : []);
    if (accepted.kind === "refused") return;
    if (this.#held.get(key)?.digest === accepted.digest) return;
    this.#held.delete(key);
    if (this.#digests.get(key) === accepted.digest) this.#referred.abandon(key);
    else if (isReferring(kind)) this.#deliverPrepared(kind, { name, accepted });
    else this.#deliver(kind, { name, accepted });
  }

  /** What it names and is not here yet is fetched first, so that a new listener is not told that a Secret is missing. */
  #deliverPrepared(
    kind: Kind,
    { name, accepted }: { readonly name: NamespacedName; readonly accepted: Accepted },
  ): void {
    const key = objectKey(kind, name);
    const prepared = this.#referred.prepare(key, accepted.object);
    if (prepared === undefined) {
      this.#deliver(kind, { name, accepted });
      return;
    }
    this.#held.set(key, accepted);
    void prepared.then(() => {
      if (this.#held.get(key) !== accepted) return;
      this.#held.delete(key);
      this.#deliver(kind, { name, accepted });
      this.#endBatch();
    });
  }

  #deliver(kind: Kind, { name, accepted }: { readonly name: NamespacedName; readonly accepted: Accepted }): void {
    const key = objectKey(kind, name);
    if (isReferring(kind)) this.#referred.delivered(key, accepted.object);
    this.#digests.set(key, accepted.digest);
    this.#dirty = true;
    this.#sink?.set<Kind>(kind, name, accepted.object);
  }

  #remove(kind: Kind, name: NamespacedName): void {
    const key = objectKey(kind, name);
    this.#problems.setRefused(`${kind} ${name}`, []);
    this.#held.delete(key);
    if (isReferring(kind)) this.#referred.removed(key);
    if (!this.#digests.delete(key)) return;
    this.#dirty = true;
    this.#sink?.delete(kind, name);
  }

  #endBatch(): void {
    if (!this.#dirty || this.#stopped) return;
    this.#dirty = false;
    this.#onBatch();
  }
}

function storedObject({ metadata, ...raw }: RawObject): StoredObject {
  const { status } = raw;
  return {
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    generation: metadata.generation ?? 1,
    // The parse boundary: the API server has checked it against the kind's schema.
    status: isMapping(status) ? (status as ObjectStatus) : {},
  };
}
