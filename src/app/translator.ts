import type { Changes, Collection, Origin } from "../collection/collection.ts";
import { Graph } from "../collection/graph.ts";
import type { StatusUpdate } from "../core/conditions.ts";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { ClusterFacts, FleetSpec, FleetState } from "../core/fleet.ts";
import type { GatewayResourceKey, Kind, NamespacedName, ObjectByKind, ObjectKey } from "../core/keys.ts";
import { parseGatewayResourceKey } from "../core/keys.ts";
import { type ResourceType, resourceTypes, type XdsResource } from "../core/xds-resource.ts";
import { clusterKey, createPipeline, type Pipeline, type PipelineOptions } from "../translate/pipeline.ts";

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
  /** Undefined where we have nothing to say about the object any more. */
  readonly statuses: ReadonlyMap<ObjectKey, StatusUpdate | undefined>;
}

/** How long a flush in slices may keep the event loop before it lets others run. */
const sliceMilliseconds = 50;

/**
 * A pass may ask for another cut of route tables, which the next pass makes; that one asks for nothing more. The limit
 * only keeps a fault from running for ever.
 */
const mostPasses = 4;

/** The graph and its pipeline as one thing: objects go in, a flush tells what came out otherwise than before. */
export class Translator {
  readonly graph = new Graph();
  readonly #pipeline: Pipeline;

  constructor(options: PipelineOptions) {
    this.#pipeline = createPipeline(this.graph, options);
  }

  /** Takes an object; it counts from the next flush on. */
  set<K extends Kind>(kind: K, name: NamespacedName, object: ObjectByKind[K]): void {
    this.#pipeline.sources[kind].set(name, object);
  }

  /** Takes an object away. */
  delete(kind: Kind, name: NamespacedName): void {
    this.#pipeline.sources[kind].delete(name);
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

  /** How many objects of a kind the last flush has seen. */
  objectCount(kind: Kind): number {
    return this.#pipeline.sources[kind].size;
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
    while (passes.isWanted(this.graph)) passes.add(this.graph.flush());
    return passes.changes();
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
      passes.add(step.value);
    }
    return passes.changes();
  }
}

/** A key that moved from one collection to another has a value in the one and none in the other. */
function findIn(collections: readonly Collection<XdsResource>[], key: string): XdsResource | undefined {
  for (const collection of collections) {
    const resource = collection.get(key);
    if (resource !== undefined) return resource;
  }
  return undefined;
}

/** The passes of one flush: what they change together, read once they are all done. */
class Passes {
  readonly #pipeline: Pipeline;
  readonly #changed = new Map<Collection<unknown>, Set<string>>();
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
    ];
    for (const collection of followed) {
      const keys = this.#changed.get(collection) ?? new Set();
      for (const key of changes.of(collection)) keys.add(key);
      this.#changed.set(collection, keys);
    }
    this.#feedTableModes(changes);
  }

  changes(): TranslationChanges {
    const { fleets, fleetSpecs, classUse, resources, statuses } = this.#pipeline.outputs;
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
    const updates = statuses.flatMap((collection) =>
      // statuses are keyed by object
      [...this.#keys(collection)].map((key) => [key as ObjectKey, collection.get(key)] as const),
    );
    return {
      fleetsAdded: fleetKeys.filter((key) => fleets.get(key) !== undefined),
      fleetsRemoved: fleetKeys.filter((key) => fleets.get(key) === undefined),
      resources: byGateway,
      // keyed by Gateway
      fleetSpecs: new Map([...this.#keys(fleetSpecs)].map((key) => [key as NamespacedName, fleetSpecs.get(key)])),
      classUse: new Map([...this.#keys(classUse)].map((name) => [name, classUse.get(name)])),
      statuses: new Map(updates),
    };
  }

  #keys(collection: Collection<unknown>): ReadonlySet<string> {
    return this.#changed.get(collection) ?? new Set();
  }

  /** The cut that the pipeline asks for is what it reads in the next pass: so that it can tell growing from shrinking. */
  #feedTableModes(changes: Changes): void {
    const { outputs, tableModes } = this.#pipeline;
    for (const key of changes.of(outputs.tableModes)) {
      const wanted = outputs.tableModes.get(key);
      if (wanted === undefined) tableModes.delete(key);
      else if (tableModes.get(key) !== wanted) tableModes.set(key, wanted);
    }
  }
}
