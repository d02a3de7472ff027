import type { ClusterFacts } from "../core/fleet.ts";
import { type Kind, type KindInfo, kindNames, kinds } from "../core/keys.ts";
import type { KubeFailure, RawObject, ResourceKind } from "../core/kube-client.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";
import type { KubeApi } from "./kube-api.ts";
import { pause } from "./pause.ts";
import { createReflector, type Reflector } from "./reflector.ts";

/** Who hears which kinds are served, and with what. */
export interface DiscoveryOptions {
  readonly api: KubeApi;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  /** A kind is served in this version from now on; undefined: its CustomResourceDefinition is not there (any more). */
  readonly onServed: (kind: Kind, version: string | undefined) => void;
  readonly onFacts: (facts: ClusterFacts) => void;
  readonly onProblem: (resource: string, failure: KubeFailure | undefined) => void;
}

/** Finds out which kinds the API server serves, and in which versions, for as long as it runs. */
export interface Discovery {
  start(): void;
  stop(): Promise<void>;
}

/** Makes a discovery. Kinds that are part of Kubernetes are told at once, the others by their CustomResourceDefinitions. */
export function createDiscovery(options: DiscoveryOptions): Discovery {
  return new CrdDiscovery(options);
}

const crds: ResourceKind = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
const builtin: ReadonlySet<string> = new Set(["", "discovery.k8s.io"]);
const gatewayApi = "gateway.networking.k8s.io";
const bundleVersion = "gateway.networking.k8s.io/bundle-version";
const channel = "gateway.networking.k8s.io/channel";
const waits = { first: 200, most: 30_000 } as const;

/** Kinds with a CustomResourceDefinition, by its name. */
const kindsByCrd: ReadonlyMap<string, Kind> = new Map(
  kindNames
    .filter((kind) => !builtin.has(kinds[kind].group))
    .map((kind) => [`${kinds[kind].plural}.${kinds[kind].group}`, kind]),
);

class CrdDiscovery implements Discovery {
  readonly #options: DiscoveryOptions;
  readonly #reflector: Reflector;
  /** The definitions that are there, by kind. */
  readonly #present = new Map<Kind, Readonly<Record<string, string>>>();
  /** What was told of each kind last. */
  readonly #told = new Map<Kind, string | undefined>();
  /** Kinds whose version has to be looked up, with the look-ups that have failed. */
  readonly #wanted = new Map<Kind, number>();
  #facts = "";
  #busy = false;
  #stopped = false;
  #wake: (() => void) | undefined;
  #endReturns: (() => void) | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    const { api, scheduler, random, onProblem } = options;
    const events = {
      set: (name: string, object: RawObject) => this.#found(name, object),
      delete: (name: string) => this.#gone(name),
      batch: () => this.#settle(),
      synced: () => this.#settle(),
      problem: (failure: KubeFailure | undefined) => onProblem(crds.plural, failure),
    };
    this.#reflector = createReflector({ api, resource: crds, metadataOnly: true, events, scheduler, random });
  }

  start(): void {
    for (const kind of kindNames) if (builtin.has(kinds[kind].group)) this.#tell(kind, kinds[kind].versions[0]);
    this.#endReturns = this.#options.api.onReturn(() => this.#serverReturned());
    this.#reflector.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endReturns?.();
    this.#wake?.();
    await this.#reflector.stop();
    await this.#working;
  }

  #found(name: string, { metadata }: RawObject): void {
    const kind = kindsByCrd.get(name);
    if (kind === undefined) return;
    this.#present.set(kind, metadata.annotations ?? {});
    this.#wanted.set(kind, 0);
  }

  #gone(name: string): void {
    const kind = kindsByCrd.get(name);
    if (kind === undefined) return;
    this.#present.delete(kind);
    this.#wanted.delete(kind);
  }

  #settle(): void {
    if (this.#reflector.synced) {
      for (const kind of kindsByCrd.values()) if (!this.#present.has(kind)) this.#tell(kind, undefined);
      this.#tellFacts();
    }
    // What changes during a look-up wakes it: it goes on until nothing is wanted.
    if (this.#busy) this.#wake?.();
    else this.#working = this.#lookUp();
  }

  #tell(kind: Kind, version: string | undefined): void {
    if (this.#told.has(kind) && this.#told.get(kind) === version) return;
    this.#told.set(kind, version);
    this.#options.onServed(kind, version);
  }

  #tellFacts(): void {
    const annotations = [...this.#present].flatMap(([kind, each]) => (kinds[kind].group === gatewayApi ? [each] : []));
    // GatewayClass is the first of them: every bundle has it.
    const first = annotationsOf(this.#present.get("GatewayClass"), annotations);
    const facts: ClusterFacts = {
      ...(first[bundleVersion] !== undefined && { bundleVersion: first[bundleVersion] }),
      ...(first[channel] !== undefined && { channel: first[channel] }),
    };
    const spelled = JSON.stringify(facts);
    if (spelled === this.#facts) return;
    this.#facts = spelled;
    this.#options.onFacts(facts);
  }

  /** A definition is served a moment after it is made: what is not there yet is asked for again. */
  async #lookUp(): Promise<void> {
    this.#busy = true;
    while (this.#wanted.size > 0 && !this.#stopped) {
      for (const [kind, failures] of [...this.#wanted]) await this.#lookUpOne(kind, failures);
      const most = Math.max(0, ...this.#wanted.values());
      if (most > 0 && !this.#stopped) await this.#pause(backoff(most, { ...waits, random: this.#options.random }));
    }
    this.#busy = false;
  }

  async #lookUpOne(kind: Kind, failures: number): Promise<void> {
    if (!this.#wanted.has(kind)) return;
    this.#wanted.set(kind, failures + 1);
    const info: KindInfo = kinds[kind];
    for (const version of info.versions) {
      const path = `/apis/${info.group}/${version}`;
      const result = await this.#options.api.request<unknown>({ method: "GET", path });
      if (this.#stopped) return;
      const failed = result.kind === "failed" && result.status !== 404;
      this.#options.onProblem(`discovery of ${info.plural}`, failed ? result : undefined);
      if (failed) return;
      if (result.kind === "failed" || !lists(result.value, info.plural)) continue;
      // The definition may have gone meanwhile, or changed again: then it is looked up again.
      if (this.#wanted.get(kind) !== failures + 1) return;
      // An API server publishes the versions of a new definition one by one: the preferred one may be about to come.
      if (version === info.versions[0] || failures >= mostSilentLookUps) this.#wanted.delete(kind);
      this.#tell(kind, version);
      return;
    }
    // There, but in no version that we read: as good as absent until the definition changes.
    if (failures < mostSilentLookUps || this.#wanted.get(kind) !== failures + 1) return;
    this.#wanted.delete(kind);
    this.#tell(kind, undefined);
  }

  #serverReturned(): void {
    for (const kind of this.#wanted.keys()) this.#wanted.set(kind, 0);
    this.#wake?.();
  }

  #pause(milliseconds: number): Promise<void> {
    const { over, wake } = pause(this.#options.scheduler, milliseconds);
    this.#wake = wake;
    return over;
  }
}

const mostSilentLookUps = 4;

function annotationsOf(
  preferred: Readonly<Record<string, string>> | undefined,
  others: readonly Readonly<Record<string, string>>[],
): Readonly<Record<string, string>> {
  if (preferred?.[bundleVersion] !== undefined) return preferred;
  return others.find((each) => each[bundleVersion] !== undefined) ?? {};
}

/** Whether the answer of a version's discovery has such objects. */
function lists(answer: unknown, plural: string): boolean {
  if (typeof answer !== "object" || answer === null || !("resources" in answer) || !Array.isArray(answer.resources))
    return false;
  return answer.resources.some(
    (resource: unknown) =>
      typeof resource === "object" && resource !== null && "name" in resource && resource.name === plural,
  );
}
