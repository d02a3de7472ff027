import { type Kind, kinds, type NamespacedName } from "../core/keys.ts";
import type { KubeFailure, RawObject } from "../core/kube-client.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { KubeApi } from "./kube-api.ts";
import { createReflector, type Reflector, type ReflectorEvents } from "./reflector.ts";

/** What the watch of one kind needs, and who hears of its objects. */
export interface KindWatchOptions {
  readonly api: KubeApi;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly kind: Kind;
  /** Undefined: all. Kinds without a namespace are watched as they are. */
  readonly namespaces: readonly string[] | undefined;
  readonly set: (name: NamespacedName, object: RawObject) => void;
  readonly delete: (name: NamespacedName) => void;
  readonly batch: () => void;
  readonly progress: () => void;
  readonly problem: (resource: string, failure: KubeFailure | undefined) => void;
}

/** Watches the objects of one kind in the version in which it is served, for as long as it is. */
export class KindWatch {
  readonly #options: KindWatchOptions;
  /** What is known outlives a change of version: objects stay the same. */
  readonly #known = new Map<string | undefined, Map<NamespacedName, string>>();
  #reflectors: readonly Reflector[] = [];
  #state: "unknown" | "absent" | "served" = "unknown";
  #stopping: Promise<unknown> = Promise.resolve();

  constructor(options: KindWatchOptions) {
    this.#options = options;
  }

  /** Whether every object is delivered, or there can be none. */
  get synced(): boolean {
    return this.#state === "absent" || (this.#state === "served" && this.#reflectors.every(({ synced }) => synced));
  }

  /** Goes on in this version; without one the objects of the kind are gone with its definition. */
  serve(version: string | undefined): void {
    this.#end();
    if (version === undefined) this.#withdraw();
    this.#state = version === undefined ? "absent" : "served";
    if (version === undefined) return;
    this.#reflectors = this.#scopes().map((namespace) => this.#reflector(version, namespace));
    for (const reflector of this.#reflectors) reflector.start();
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#stopping;
  }

  #scopes(): readonly (string | undefined)[] {
    const { kind, namespaces } = this.#options;
    return kinds[kind].scope === "Cluster" ? [undefined] : (namespaces ?? [undefined]);
  }

  #end(): void {
    for (const { label } of this.#labels()) this.#options.problem(label, undefined);
    this.#stopping = Promise.all([this.#stopping, ...this.#reflectors.map((reflector) => reflector.stop())]);
    this.#reflectors = [];
  }

  #labels(): readonly { readonly label: string }[] {
    return this.#scopes().map((namespace) => ({ label: labelOf(this.#options.kind, namespace) }));
  }

  #withdraw(): void {
    const names = [...this.#known.values()].flatMap((known) => [...known.keys()]);
    this.#known.clear();
    for (const name of names) this.#options.delete(name);
    if (names.length > 0) this.#options.batch();
  }

  #reflector(version: string, namespace: string | undefined): Reflector {
    const { api, scheduler, random, kind, batch, progress, problem } = this.#options;
    const { group, plural } = kinds[kind];
    const known = this.#known.get(namespace) ?? new Map<NamespacedName, string>();
    this.#known.set(namespace, known);
    const events: ReflectorEvents = {
      set: this.#options.set,
      delete: this.#options.delete,
      batch,
      synced: progress,
      problem: (failure) => problem(labelOf(kind, namespace), failure),
    };
    const resource = { group, version, plural };
    return createReflector({
      api,
      resource,
      ...(namespace !== undefined && { namespace, optional: true }),
      events,
      known,
      scheduler,
      random,
    });
  }
}

function labelOf(kind: Kind, namespace: string | undefined): string {
  return namespace === undefined ? kinds[kind].plural : `${kinds[kind].plural} of ${namespace}`;
}
