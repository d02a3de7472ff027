import { InstantClaims } from "../claims/instant-claims.ts";
import type { Changes, Collection, Origin, Source } from "../collection/collection.ts";
import { Graph } from "../collection/graph.ts";
import type { StatusUpdate } from "../core/conditions.ts";
import type { DataPlaneState, TableMode } from "../core/data-plane.ts";
import { type ClusterFacts, clusterKey, type FleetSpec, type FleetState } from "../core/fleet.ts";
import type { ListenerSet, Route } from "../core/gateway-api.ts";
import type { GatewayResourceKey, Kind, NamespacedName, ObjectByKind, ObjectKey } from "../core/keys.ts";
import { isRouteKind, kindNames, objectKey, parseGatewayResourceKey, parseObjectKey } from "../core/keys.ts";
import type { ObjectMeta } from "../core/kubernetes.ts";
import {
  type ClaimKeeper,
  type ClaimWant,
  type Holding,
  holdingOf,
  type RecordKey,
  recordName,
} from "../core/ownership.ts";
import { type ResourceType, resourceTypes, type XdsResource } from "../core/xds-resource.ts";
import { changeLimit } from "../translate/budget/change-limits.ts";
import type { OwnershipJudgement } from "../translate/ownership/judge-object.ts";
import {
  createPipeline,
  type Pipeline,
  type PipelineOptions,
  type RoutingView,
  type TranslatedKind,
} from "../translate/pipeline.ts";

/** One Envoy resource that is new or another, or (without `resource`) is gone. */
export interface ResourceChange {
  readonly type: ResourceType;
  readonly name: string;
  readonly resource: XdsResource | undefined;
}

/** What a flush has changed for proxies and for users. */
export interface TranslationChanges {
  readonly fleetsAdded: readonly NamespacedName[];
  readonly fleetsRemoved: readonly NamespacedName[];
  readonly resources: ReadonlyMap<NamespacedName, readonly ResourceChange[]>;
  /** How proxies should be run, by Gateway; undefined where a Gateway has none any more. */
  readonly fleetSpecs: ReadonlyMap<NamespacedName, FleetSpec | undefined>;
  /** Whether Gateways use a class; undefined for one that is not ours any more. */
  readonly classUse: ReadonlyMap<string, boolean | undefined>;
  /** Route tables that are cut otherwise, by gatewayResourceKey: both cuts are served until the former is forgotten. */
  readonly recut: ReadonlySet<string>;
  /** The hostnames of route tables, by virtualHostKey, that are answered otherwise, or not any more. */
  readonly hosts: ReadonlySet<string>;
  /** Envoy listeners, by gatewayResourceKey, in which connections or datagrams may go elsewhere than before. */
  readonly forwarding: ReadonlySet<string>;
  /** Routes that are bound otherwise, or gone. */
  readonly routes: ReadonlySet<ObjectKey>;
  /** BackendTLSPolicies whose clusters are otherwise. */
  readonly policies: ReadonlySet<ObjectKey>;
  /** Everything that came in, and HostnameRecords that are held besides: what the rest of this follows from. */
  readonly objects: ReadonlySet<ObjectKey>;
  /** Undefined where we have nothing to say about the object any more. */
  readonly statuses: ReadonlyMap<ObjectKey, StatusUpdate | undefined>;
}

/** The kinds that have a source of their own. */
const sourceKinds = kindNames.filter((kind): kind is TranslatedKind => kind !== "HostnameRecord");

/** How long a flush in slices may keep the event loop before it lets others run. */
const sliceMilliseconds = 50;

/**
 * A pass may ask for another cut of route tables, which the next pass makes; that one asks for nothing more. The limit
 * only keeps a fault from running for ever.
 */
const mostPasses = 16;

/** The graph and its pipeline as one thing: objects go in, a flush tells what came out otherwise than before. */
export class Translator {
  readonly graph = new Graph();
  readonly #pipeline: Pipeline;
  readonly #keeper: ClaimKeeper;
  /** What each HostnameRecord, by name, is about. */
  readonly #records = new Map<string, RecordKey>();

  /** Without a keeper what is wanted is held at once: so it is where nothing is stored. */
  constructor(options: PipelineOptions, keeper: ClaimKeeper = new InstantClaims()) {
    this.#pipeline = createPipeline(this.graph, options);
    this.#keeper = keeper;
  }

  /** Takes an object; it counts from the next flush on. */
  set<K extends Kind>(kind: K, name: NamespacedName, object: ObjectByKind[K]): void {
    if (object.kind === "HostnameRecord") this.hold(holdingOf(object), name);
    else this.#sourceOf(kind as TranslatedKind).set(name, object);
  }

  /** Counts something as held; `name` is that of its record, where it has one. */
  hold(holding: Holding, name: string = recordName(holding.key)): void {
    // A record that was made by hand may be named otherwise: it counts, and goes, under its own name.
    const before = this.#records.get(name);
    if (before !== undefined && before !== holding.key) this.#pipeline.holdings.delete(before);
    this.#records.set(name, holding.key);
    this.#pipeline.holdings.set(holding.key, holding);
  }

  /** Tells why something that is wanted could not be recorded; undefined when that is over. */
  setClaimProblem(key: RecordKey, problem: string | undefined): void {
    if (problem === undefined) this.#pipeline.claimProblems.delete(key);
    else this.#pipeline.claimProblems.set(key, problem);
  }

  /** How requests are answered, as of the last flush. */
  get routing(): RoutingView {
    return this.#pipeline.outputs.routing;
  }

  /** What would be refused of a route or ListenerSet if it were applied now. */
  judge(object: Route | ListenerSet): OwnershipJudgement {
    return this.#pipeline.outputs.judge(object);
  }

  /** What is held or wanted, as of the last flush. */
  get claims(): Collection<ClaimWant> {
    return this.#pipeline.outputs.claims;
  }

  /** Takes an object away. */
  delete(kind: Kind, name: NamespacedName): void {
    if (kind !== "HostnameRecord") {
      this.#pipeline.sources[kind].delete(name);
      return;
    }
    const key = this.#records.get(name);
    this.#records.delete(name);
    if (key !== undefined) this.#pipeline.holdings.delete(key);
  }

  /** What the proxies of a Gateway have said, as far as this replica knows; undefined when none is connected. */
  dataPlane(gateway: NamespacedName): DataPlaneState | undefined {
    return this.#pipeline.dataPlane.get(gateway);
  }

  /** Takes what the proxies of a Gateway have said; undefined when none is connected. */
  setDataPlane(gateway: NamespacedName, state: DataPlaneState | undefined): void {
    if (state === undefined) this.#pipeline.dataPlane.delete(gateway);
    else this.#pipeline.dataPlane.set(gateway, state);
  }

  /** Takes how the fleet of a Gateway is; undefined when there is none. */
  setFleet(gateway: NamespacedName, state: FleetState | undefined): void {
    if (state === undefined) this.#pipeline.fleets.delete(gateway);
    else this.#pipeline.fleets.set(gateway, state);
  }

  /** Tells that a change of an object waits, with the object that is to come, if any; undefined when it waits no more. */
  setDelayed(key: ObjectKey, change: { readonly object: ObjectByKind[Kind] | undefined } | undefined): void {
    if (!isRouteKind(parseObjectKey(key).kind)) return;
    const { delayed } = this.#pipeline;
    if (change === undefined) delayed.delete(key);
    // The key says of which kind it is.
    else delayed.set(key, change.object === undefined ? {} : { route: change.object as Route });
  }

  /** Ends what connections from before a table was cut otherwise went by. */
  forgetFormerCut(table: string): void {
    this.#pipeline.formerModes.delete(table);
  }

  /** How many changes a minute a namespace may make, as of the last flush; undefined: any number. */
  changeLimit(namespace: string): number | undefined {
    return changeLimit(this.#pipeline.outputs.changeLimits, namespace);
  }

  /** Takes what is known about the cluster. */
  setFacts(facts: ClusterFacts): void {
    this.#pipeline.cluster.set(clusterKey, facts);
  }

  /** How the proxies of a Gateway should be run, as of the last flush. */
  fleetSpec(gateway: NamespacedName): FleetSpec | undefined {
    return this.#pipeline.outputs.fleetSpecs.get(gateway);
  }

  /** How the proxies of a Gateway are, as it was told last. */
  fleetState(gateway: NamespacedName): FleetState | undefined {
    return this.#pipeline.fleets.get(gateway);
  }

  /** What an object says of itself, as it came in last; undefined when it is gone, and of HostnameRecords. */
  metadata(object: ObjectKey): ObjectMeta | undefined {
    const { kind, name } = parseObjectKey(object);
    return kind === "HostnameRecord" ? undefined : this.#pipeline.sources[kind].get(name)?.metadata;
  }

  /** An object as it came in last; undefined when there is none. */
  object<K extends TranslatedKind>(kind: K, name: NamespacedName): ObjectByKind[K] | undefined {
    return this.#sourceOf(kind).get(name);
  }

  /** How many objects of a kind the last flush has seen. */
  objectCount(kind: Kind): number {
    return kind === "HostnameRecord" ? this.#records.size : this.#pipeline.sources[kind].size;
  }

  /** The Gateways of ours, sorted. */
  gateways(): readonly NamespacedName[] {
    // fleets are keyed by Gateway
    return [...this.#pipeline.outputs.fleets.entries()].map(([key]) => key as NamespacedName).sort();
  }

  /** How many resources of a type the proxies of all Gateways have together. */
  resourceCount(type: ResourceType): number {
    return this.#pipeline.outputs.resources[type].reduce((sum, { size }) => sum + size, 0);
  }

  /** The source objects that a resource was made from; undefined when there is no such resource. */
  origins(type: ResourceType, key: GatewayResourceKey): readonly Origin[] | undefined {
    const collection = this.#pipeline.outputs.resources[type].find((candidate) => candidate.get(key) !== undefined);
    return collection === undefined ? undefined : this.graph.origins(collection, key);
  }

  /** Brings everything up to date at once. */
  flush(): TranslationChanges {
    const passes = new Passes(this.#pipeline);
    while (passes.isWanted(this.graph)) this.#settle(passes, this.graph.flush());
    return this.#end(passes);
  }

  /** Brings everything up to date with pauses for others, for the first flush, which is long. */
  async flushInSlices(): Promise<TranslationChanges> {
    const passes = new Passes(this.#pipeline);
    while (passes.isWanted(this.graph)) {
      const steps = this.graph.flushSteps();
      let started = performance.now();
      let step = steps.next();
      while (step.done !== true) {
        if (performance.now() - started > sliceMilliseconds) {
          await new Promise(setImmediate);
          started = performance.now();
        }
        step = steps.next();
      }
      this.#settle(passes, step.value);
    }
    return this.#end(passes);
  }

  #end(passes: Passes): TranslationChanges {
    // What arrived during the slices is not counted yet.
    if (!this.graph.dirty) this.#keeper.settled?.();
    return passes.changes();
  }

  /** What is held from now on counts in the next pass, before anything is published. */
  #settle(passes: Passes, changes: Changes): void {
    passes.add(changes);
    const { claims } = this.#pipeline.outputs;
    const keys = changes.of(claims) as ReadonlySet<RecordKey>; // claims are keyed by it
    const wants = new Map([...keys].map((key) => [key, claims.get(key)]));
    // Also without changes: what waited for something else to be held may be decided now.
    for (const holding of this.#keeper.wantsChanged(wants)) this.hold(holding);
  }

  #sourceOf<K extends TranslatedKind>(kind: K): Source<ObjectByKind[K]> {
    return this.#pipeline.sources[kind];
  }
}

/** A key that moved from one collection to another has a value in the one and none in the other. */
function findIn<V>(collections: readonly Collection<V>[], key: string): V | undefined {
  for (const collection of collections) {
    const found = collection.get(key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The passes of one flush: what they change together, read once they are all done. */
class Passes {
  readonly #pipeline: Pipeline;
  readonly #changed = new Map<Collection<unknown>, Set<string>>();
  /** How the tables that are cut otherwise were cut when the first pass began. */
  readonly #modesBefore = new Map<string, TableMode | undefined>();
  readonly #recut = new Set<string>();
  #count = 0;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  isWanted(graph: Graph): boolean {
    return this.#count === 0 || (graph.dirty && this.#count < mostPasses);
  }

  add(changes: Changes): void {
    this.#count += 1;
    const { outputs } = this.#pipeline;
    const resources = resourceTypes.flatMap((type) => outputs.resources[type]);
    const followed: readonly Collection<unknown>[] = [
      outputs.fleets,
      outputs.fleetSpecs,
      outputs.classUse,
      ...resources,
      ...outputs.statuses,
      outputs.routing.virtualHosts,
      outputs.routing.portRoutes,
      outputs.routing.routes,
      outputs.routing.backendTls.clusters,
      ...sourceKinds.map((kind) => this.#pipeline.sources[kind]),
      this.#pipeline.holdings,
    ];
    for (const collection of followed) {
      const keys = this.#changed.get(collection) ?? new Set();
      for (const key of changes.of(collection)) keys.add(key);
      this.#changed.set(collection, keys);
    }
    this.#feedTableModes(changes);
  }

  changes(): TranslationChanges {
    const { fleets, fleetSpecs, classUse, resources, statuses, routing } = this.#pipeline.outputs;
    const fleetKeys = [...this.#keys(fleets)].map((key) => key as NamespacedName); // fleets are keyed by Gateway
    const byGateway = new Map<NamespacedName, ResourceChange[]>();
    for (const type of resourceTypes) {
      const keys = new Set(resources[type].flatMap((collection) => [...this.#keys(collection)]));
      for (const key of keys) {
        const { gateway, name } = parseGatewayResourceKey(key);
        const changed = byGateway.get(gateway) ?? [];
        byGateway.set(gateway, changed);
        changed.push({ type, name, resource: findIn(resources[type], key) });
      }
    }
    const statusKeys = new Set(statuses.flatMap((collection) => [...this.#keys(collection)]));
    // statuses are keyed by object
    const updates = [...statusKeys].map((key) => [key as ObjectKey, findIn(statuses, key)] as const);
    return {
      fleetsAdded: fleetKeys.filter((key) => fleets.get(key) !== undefined),
      fleetsRemoved: fleetKeys.filter((key) => fleets.get(key) === undefined),
      resources: byGateway,
      // keyed by Gateway
      fleetSpecs: new Map([...this.#keys(fleetSpecs)].map((key) => [key as NamespacedName, fleetSpecs.get(key)])),
      classUse: new Map([...this.#keys(classUse)].map((name) => [name, classUse.get(name)])),
      statuses: new Map(updates),
      recut: this.#recut,
      hosts: this.#keys(routing.virtualHosts),
      // Two routes may print the same bytes, and a name may be closed without any route changing.
      forwarding: new Set([routing.portRoutes, ...resources.listener].flatMap((each) => [...this.#keys(each)])),
      // keyed by object
      routes: new Set([...this.#keys(routing.routes)].map((key) => key as ObjectKey)),
      // grouped by policy
      policies: new Set(
        [...this.#keys(routing.backendTls.clusters)].map((key) => objectKey("BackendTLSPolicy", key as NamespacedName)),
      ),
      objects: this.#objects(),
    };
  }

  #objects(): ReadonlySet<ObjectKey> {
    const { sources, holdings } = this.#pipeline;
    const objects = new Set<ObjectKey>();
    for (const kind of sourceKinds) {
      // sources are keyed by name
      for (const key of this.#keys(sources[kind])) objects.add(objectKey(kind, key as NamespacedName));
    }
    for (const key of this.#keys(holdings)) {
      // holdings are keyed by record key, and a record's name is no namespaced one
      objects.add(objectKey("HostnameRecord", recordName(key as RecordKey) as NamespacedName));
    }
    return objects;
  }

  #keys(collection: Collection<unknown>): ReadonlySet<string> {
    return this.#changed.get(collection) ?? new Set();
  }

  /** The cut that the pipeline asks for is what it reads in the next pass: so that it can tell growing from shrinking. */
  #feedTableModes(changes: Changes): void {
    const { outputs, tableModes, formerModes } = this.#pipeline;
    for (const key of changes.of(outputs.tableModes)) {
      const wanted = outputs.tableModes.get(key);
      if (!this.#modesBefore.has(key)) this.#modesBefore.set(key, tableModes.get(key));
      const before = this.#modesBefore.get(key);
      if (wanted === undefined) {
        tableModes.delete(key);
        formerModes.delete(key);
      } else if (tableModes.get(key) !== wanted) {
        tableModes.set(key, wanted);
        // What no flush has ended with no proxy has been served.
        if (before === undefined || before === wanted) continue;
        formerModes.set(key, before);
        this.#recut.add(key);
      }
    }
  }
}
