import type { Collection, Grouped } from "../../collection/collection.ts";
import type { StatusUpdate } from "../../core/conditions.ts";
import type { FleetSpec } from "../../core/fleet.ts";
import type { NamespacedName, ObjectKey } from "../../core/keys.ts";
import type { ResourceType } from "../../core/xds-resource.ts";
import type { RoutingView } from "../../translate/pipeline.ts";
import type { TranslationChanges, Translator } from "../translator.ts";

/** A translation as it was at one moment. Nothing in it changes afterwards. */
export interface Snapshot {
  readonly routing: RoutingView;
  /** What is held or wanted, by RecordKey. */
  readonly wanted: ReadonlySet<string>;
  readonly statuses: ReadonlyMap<ObjectKey, StatusUpdate>;
  /** Versions of the resources of each Gateway's proxies, by {@link resourceId}. */
  readonly resources: ReadonlyMap<NamespacedName, ReadonlyMap<string, string>>;
  readonly fleetSpecs: ReadonlyMap<NamespacedName, FleetSpec>;
  readonly gateways: ReadonlySet<NamespacedName>;
}

/** Takes a snapshot after a flush; `before` is the snapshot of the flush before. */
export function takeSnapshot(translator: Translator, changes: TranslationChanges, before?: Snapshot): Snapshot {
  const resources = new Map<NamespacedName, Map<string, string>>();
  for (const [gateway, versions] of before?.resources ?? []) resources.set(gateway, new Map(versions));
  for (const [gateway, list] of changes.resources) {
    const versions = resources.get(gateway) ?? new Map<string, string>();
    resources.set(gateway, versions);
    for (const { type, name, resource } of list) {
      if (resource === undefined) versions.delete(resourceId(type, name));
      else versions.set(resourceId(type, name), resource.version);
    }
  }
  return {
    routing: freezeRouting(translator.routing),
    wanted: new Set([...translator.claims.entries()].map(([key]) => key)),
    statuses: updated(before?.statuses, changes.statuses),
    resources,
    fleetSpecs: updated(before?.fleetSpecs, changes.fleetSpecs),
    gateways: new Set(translator.gateways()),
  };
}

/** Names a resource among those of one Gateway. */
function resourceId(type: ResourceType, name: string): string {
  return `${type} ${name}`;
}

/** Splits what {@link resourceId} joined. */
export function parseResourceId(id: string): { readonly type: ResourceType; readonly name: string } {
  const blank = id.indexOf(" ");
  return { type: id.slice(0, blank) as ResourceType, name: id.slice(blank + 1) }; // made by resourceId
}

function updated<K, V>(before: ReadonlyMap<K, V> | undefined, changes: ReadonlyMap<K, V | undefined>): Map<K, V> {
  const map = new Map(before);
  for (const [key, value] of changes) {
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }
  return map;
}

/** Collections are changed in place by the next flush; their values never are. */
function freezeRouting(view: RoutingView): RoutingView {
  return {
    gateways: freeze(view.gateways),
    parents: freeze(view.parents),
    envoyListeners: freeze(view.envoyListeners),
    tables: freeze(view.tables),
    portRoutes: freezeGroups(view.portRoutes),
    layer4Winners: freeze(view.layer4Winners),
    heldNames: freezeGroups(view.heldNames),
    virtualHosts: freeze(view.virtualHosts),
    hostsByTable: freezeGroups(view.hostsByTable),
    routes: freeze(view.routes),
    refusedRules: freeze(view.refusedRules),
    refusedCertificates: freeze(view.refusedCertificates),
    refusedAuthorities: freeze(view.refusedAuthorities),
    refusedClusters: freeze(view.refusedClusters),
    clusters: freeze(view.clusters),
    backendTls: {
      policies: freeze(view.backendTls.policies),
      winners: freeze(view.backendTls.winners),
      portTls: freeze(view.backendTls.portTls),
      clusters: freezeGroups(view.backendTls.clusters),
    },
    holdings: freeze(view.holdings),
    tableModes: freeze(view.tableModes),
    writtenRoutes: {
      HTTPRoute: freeze(view.writtenRoutes.HTTPRoute),
      GRPCRoute: freeze(view.writtenRoutes.GRPCRoute),
      TLSRoute: freeze(view.writtenRoutes.TLSRoute),
      TCPRoute: freeze(view.writtenRoutes.TCPRoute),
      UDPRoute: freeze(view.writtenRoutes.UDPRoute),
    },
    namespaceLabels: freeze(view.namespaceLabels),
  };
}

function freeze<V>(collection: Collection<V>): Collection<V> {
  return new FrozenCollection(collection.name, new Map(collection.entries()));
}

function freezeGroups<V>(groups: Grouped<V>): Grouped<V> {
  const copies = [...groups.entries()].map(([key, members]) => [key, new Map(members)] as const);
  return new FrozenCollection(groups.name, new Map(copies));
}

/** A copy of a collection. */
class FrozenCollection<V> implements Collection<V> {
  readonly name: string;
  readonly #values: ReadonlyMap<string, V>;

  constructor(name: string, values: ReadonlyMap<string, V>) {
    this.name = name;
    this.#values = values;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  entries(): IterableIterator<[string, V]> {
    return this.#values.entries();
  }
}
