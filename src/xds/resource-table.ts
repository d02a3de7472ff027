import { createHash } from "node:crypto";
import type { NamespacedName } from "../core/keys.ts";
import { type ResourceType, resourceTypes, type XdsResource } from "../core/xds-resource.ts";

/** One resource that appeared or changed, or (without `resource`) is gone. */
export interface ResourceChange {
  readonly type: ResourceType;
  readonly name: string;
  readonly resource: XdsResource | undefined;
}

/** A resource with the table's generations in which its name appeared and in which its content last changed. */
export interface TableEntry {
  readonly resource: XdsResource;
  readonly created: number;
  readonly changed: number;
}

/** The names that changed for one Gateway since its listeners were told last. */
export type ChangedNames = ReadonlyMap<ResourceType, ReadonlySet<string>>;

export type TableListener = (changed: ChangedNames) => void;

interface Fleet {
  known: boolean;
  readonly entries: Readonly<Record<ResourceType, Map<string, TableEntry>>>;
  readonly versions: Map<ResourceType, string>;
}

/**
 * Holds what the proxies of every Gateway should have, and tells what changed. All updates of one turn of the event loop
 * form one generation, and listeners hear of them together: what was decided together is never told apart.
 */
export class ResourceTable {
  readonly #fleets = new Map<NamespacedName, Fleet>();
  readonly #listeners = new Map<NamespacedName, Set<TableListener>>();
  readonly #pending = new Map<NamespacedName, Map<ResourceType, Set<string>>>();
  #ready = false;
  #generation = 0;
  #scheduled = false;

  /** Grows with every turn in which something changed. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether the table holds the outcome of every source. */
  get isReady(): boolean {
    return this.#ready;
  }

  /** Says that the table holds the outcome of every source: before this nothing is served. */
  markReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    for (const gateway of this.#listeners.keys()) this.#touch(gateway);
  }

  /** Declares which Gateways are ours: the rest is unknown, and gets no answer. */
  setFleets(gateways: Iterable<NamespacedName>): void {
    const wanted = new Set(gateways);
    for (const [gateway, fleet] of this.#fleets) if (fleet.known && !wanted.has(gateway)) this.removeFleet(gateway);
    for (const gateway of wanted) this.addFleet(gateway);
  }

  /** Declares a Gateway to be ours, even when it has no resource. */
  addFleet(gateway: NamespacedName): void {
    const fleet = this.#fleet(gateway);
    if (fleet.known) return;
    fleet.known = true;
    this.#touch(gateway);
  }

  /** Forgets a Gateway: its proxies keep what they have and hear nothing more. */
  removeFleet(gateway: NamespacedName): void {
    const fleet = this.#fleets.get(gateway);
    if (fleet === undefined) return;
    fleet.known = false;
    this.#dropUnused(gateway, fleet);
    this.#touch(gateway);
  }

  /** Takes over changes for the proxies of one Gateway. A resource at the version that it already has changes nothing. */
  update(gateway: NamespacedName, changes: Iterable<ResourceChange>): void {
    const fleet = this.#fleet(gateway);
    for (const { type, name, resource } of changes) {
      const entries = fleet.entries[type];
      const previous = entries.get(name);
      if (previous?.resource.version === resource?.version) {
        // Whether it lingers is nothing that a proxy that has it would hear of.
        if (previous !== undefined && resource !== undefined) entries.set(name, { ...previous, resource });
        continue;
      }
      const changed = this.#touch(gateway, type, name);
      fleet.versions.delete(type);
      if (resource === undefined) entries.delete(name);
      else entries.set(name, { resource, created: previous?.created ?? changed, changed });
    }
    this.#dropUnused(gateway, fleet);
  }

  /** Whether the proxies of a Gateway may be answered: the table is ready, and the Gateway is ours. */
  serves(gateway: NamespacedName): boolean {
    return this.#ready && this.knows(gateway);
  }

  /** Whether a Gateway is ours. */
  knows(gateway: NamespacedName): boolean {
    return this.#fleets.get(gateway)?.known === true;
  }

  entry(gateway: NamespacedName, type: ResourceType, name: string): TableEntry | undefined {
    return this.#fleets.get(gateway)?.entries[type].get(name);
  }

  entries(gateway: NamespacedName, type: ResourceType): ReadonlyMap<string, TableEntry> {
    return this.#fleets.get(gateway)?.entries[type] ?? noEntries;
  }

  /** The version of all resources of a type together: the same content has the same version everywhere. */
  version(gateway: NamespacedName, type: ResourceType): string {
    const fleet = this.#fleets.get(gateway);
    const cached = fleet?.versions.get(type);
    if (cached !== undefined) return cached;
    const version = versionOf([...this.entries(gateway, type).values()].map(({ resource }) => resource));
    fleet?.versions.set(type, version);
    return version;
  }

  /** A copy of what one Gateway's proxies should have, by type and name. */
  snapshot(gateway: NamespacedName): Readonly<Record<ResourceType, ReadonlyMap<string, XdsResource>>> {
    return byType((type) => {
      const entries = [...this.entries(gateway, type)];
      return new Map(entries.map(([name, { resource }]) => [name, resource]));
    });
  }

  /** Calls `listener` after each turn in which something changed for the Gateway; returns how to stop that. */
  onChange(gateway: NamespacedName, listener: TableListener): () => void {
    const listeners = this.#listeners.get(gateway) ?? new Set();
    this.#listeners.set(gateway, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(gateway) === listeners) this.#listeners.delete(gateway);
    };
  }

  #fleet(gateway: NamespacedName): Fleet {
    const existing = this.#fleets.get(gateway);
    if (existing !== undefined) return existing;
    const fleet: Fleet = { known: false, entries: byType(() => new Map()), versions: new Map() };
    this.#fleets.set(gateway, fleet);
    return fleet;
  }

  #dropUnused(gateway: NamespacedName, fleet: Fleet): void {
    if (fleet.known || resourceTypes.some((type) => fleet.entries[type].size > 0)) return;
    this.#fleets.delete(gateway);
  }

  #touch(gateway: NamespacedName, type?: ResourceType, name?: string): number {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#generation += 1;
      queueMicrotask(() => this.#tell());
    }
    const types = this.#pending.get(gateway) ?? new Map<ResourceType, Set<string>>();
    this.#pending.set(gateway, types);
    if (type !== undefined && name !== undefined) types.set(type, (types.get(type) ?? new Set()).add(name));
    return this.#generation;
  }

  #tell(): void {
    this.#scheduled = false;
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const [gateway, changed] of pending) {
      for (const listener of [...(this.#listeners.get(gateway) ?? [])]) listener(changed);
    }
  }
}

/** A content-derived version for a set of resources, whatever their order. */
export function versionOf(resources: readonly XdsResource[]): string {
  const hash = createHash("sha256");
  const lines = resources.map(({ name, version }) => `${name.length}:${name}=${version}\n`);
  for (const line of lines.sort()) hash.update(line);
  return hash.digest("hex").slice(0, 16);
}

const noEntries: ReadonlyMap<string, TableEntry> = new Map();

function byType<V>(value: (type: ResourceType) => V): Record<ResourceType, V> {
  return {
    cluster: value("cluster"),
    endpoint: value("endpoint"),
    secret: value("secret"),
    listener: value("listener"),
    scope: value("scope"),
    route: value("route"),
  };
}
