import { type ResourceType, resourceTypes, type XdsResource } from "../core/xds-resource.ts";
import { reasonIn } from "./refusal-words.ts";

/** The current content of a resource, to tell which refusals still stand. */
export type CurrentVersion = (type: ResourceType, name: string) => string | undefined;

/** How many refused contents and parts are remembered for one name, and how many proxies with resources in doubt. */
const maxContents = 16;
const maxParts = 64;
const maxNodes = 1024;
const maxWords = 1024;

/** A part of a resource that a proxy refused. */
export interface RefusedPart {
  readonly id: string;
  readonly hashes: readonly string[];
  readonly words: string;
}

/**
 * Remembers across streams what the proxies of one Gateway refused, for sure or perhaps, and what they took last, so that a
 * proxy that is new is not sent what another has refused.
 */
export class FleetMemory {
  /** Envoy's words by refused version, by name. */
  readonly #refused = byType<Map<string, string>>();
  readonly #refusedParts = byType<Map<string, RefusedPart>>();
  /** What a proxy acknowledged last and none has refused: mostly the very objects that the table holds. */
  readonly #good = byType<XdsResource>();
  /** Names in doubt by type, in the groups in which they are tried, by node id. */
  readonly #doubts = new Map<string, Map<ResourceType, readonly (readonly string[])[]>>();
  /** Versions by name by type that were on their way when a proxy's stream ended, by node id. */
  readonly #lost = new Map<string, Map<ResourceType, ReadonlyMap<string, string>>>();
  readonly #told = new WeakMap<XdsResource, Set<string>>();
  readonly #listeners = new Set<(type: ResourceType, name: string) => void>();

  /** Remembers that a resource was refused for sure. */
  refuse(resource: XdsResource, words: string): void {
    const { type, name, version } = resource;
    const contents = this.#refused[type].get(name) ?? new Map<string, string>();
    this.#refused[type].set(name, contents.set(version, words));
    dropOldest(contents, maxContents);
    if (this.#good[type].get(name)?.version === version) this.#good[type].delete(name);
    this.#tell(type, name);
  }

  /** Remembers that a part of a resource was refused for sure, in whatever version of it. */
  refusePart({ type, name }: XdsResource, part: RefusedPart): void {
    const parts = this.#refusedParts[type].get(name) ?? new Map<string, RefusedPart>();
    this.#refusedParts[type].set(name, parts.set(`${part.id} ${part.hashes.join()}`, part));
    dropOldest(parts, maxParts);
    this.#tell(type, name);
  }

  isRefused({ type, name, version }: XdsResource): boolean {
    return this.#refused[type].get(name)?.has(version) === true;
  }

  wordsOf({ type, name, version }: XdsResource): string | undefined {
    return this.#refused[type].get(name)?.get(version);
  }

  refusedParts({ type, name }: XdsResource): readonly RefusedPart[] {
    const parts = this.#refusedParts[type].get(name);
    return parts === undefined ? noParts : [...parts.values()];
  }

  /** Remembers that a proxy took a resource. */
  acknowledge(resource: XdsResource): void {
    const good = this.#good[resource.type];
    if (good.get(resource.name) !== resource && !this.isRefused(resource)) good.set(resource.name, resource);
  }

  /** What a proxy took last under a name. */
  lastGood(type: ResourceType, name: string): XdsResource | undefined {
    return this.#good[type].get(name);
  }

  /** Whether a refusal has not been told yet for this resource; from then on it has. */
  isNews(resource: XdsResource, part: string): boolean {
    const told = this.#told.get(resource) ?? new Set();
    this.#told.set(resource, told);
    return !told.has(part) && told.add(part) !== undefined;
  }

  /** Calls `listener` whenever something is known of a name that was not; returns how to stop that. */
  onRefusal(listener: (type: ResourceType, name: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Remembers of which resources nobody knows whether a proxy applied them. */
  doubt(nodeId: string, type: ResourceType, groups: readonly (readonly string[])[]): void {
    const types = this.#doubts.get(nodeId) ?? new Map<ResourceType, readonly (readonly string[])[]>();
    if (groups.length === 0) types.delete(type);
    else types.set(type, groups);
    if (types.size === 0) this.#doubts.delete(nodeId);
    else this.#doubts.set(nodeId, types);
    dropOldest(this.#doubts, maxNodes);
  }

  doubts(nodeId: string, type: ResourceType): readonly (readonly string[])[] {
    return this.#doubts.get(nodeId)?.get(type) ?? [];
  }

  /** Remembers what nobody knows whether a proxy got it: it may have applied it, and its refusal may be lost. */
  lose(nodeId: string, type: ResourceType, versions: ReadonlyMap<string, string>): void {
    this.#lost.set(nodeId, (this.#lost.get(nodeId) ?? new Map()).set(type, versions));
    dropOldest(this.#lost, maxNodes);
  }

  /** What was lost on an earlier stream, told once. */
  takeLost(nodeId: string, type: ResourceType): ReadonlyMap<string, string> {
    const types = this.#lost.get(nodeId);
    const versions = types?.get(type) ?? new Map<string, string>();
    types?.delete(type);
    if (types?.size === 0) this.#lost.delete(nodeId);
    return versions;
  }

  /** Forgets a name that is gone. */
  forget(type: ResourceType, name: string): void {
    this.#good[type].delete(name);
    this.#refusedParts[type].delete(name);
  }

  /** Refusals of content that is still current, by `type/name`, in Envoy's words. What is gone is forgotten. */
  standing(current: CurrentVersion): ReadonlyMap<string, string> {
    const standing = new Map<string, string>();
    for (const type of resourceTypes) {
      for (const [name, contents] of this.#refused[type]) {
        const version = current(type, name);
        if (version === undefined) this.#refused[type].delete(name);
        const words = version === undefined ? undefined : contents.get(version);
        if (words !== undefined) standing.set(`${type}/${name}`, words);
      }
    }
    return standing;
  }

  /** How many entries it keeps, of all kinds. */
  get size(): number {
    const sizes = resourceTypes.map((type) => {
      return this.#refused[type].size + this.#refusedParts[type].size + this.#good[type].size;
    });
    return sizes.reduce((sum, size) => sum + size, this.#doubts.size + this.#lost.size);
  }

  #tell(type: ResourceType, name: string): void {
    for (const listener of [...this.#listeners]) listener(type, name);
  }
}

/** A proxy's words made fit for logs and statuses: without what they quote and control characters, at most 1 KiB. */
export function cleanWords(words: string): string {
  const clean = reasonIn(words)
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  const bytes = Buffer.from(clean);
  if (bytes.length <= maxWords) return clean;
  // A character cut in the middle decodes to a replacement character, which is left out.
  return bytes
    .subarray(0, maxWords)
    .toString()
    .replace(/\uFFFD+$/u, "");
}

const noParts: readonly RefusedPart[] = [];

function byType<V>(): Readonly<Record<ResourceType, Map<string, V>>> {
  return {
    cluster: new Map(),
    endpoint: new Map(),
    secret: new Map(),
    listener: new Map(),
    scope: new Map(),
    route: new Map(),
  };
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
