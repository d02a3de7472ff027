import { type ResourceType, resourceTypes, type XdsResource } from "../core/xds-resource.ts";

/** Gives the resource that takes the place of a refused one, under the same name. */
export type Substitute = (refused: XdsResource) => XdsResource | undefined;

/** The current content of a resource, to tell which refusals still stand. */
export type CurrentVersion = (type: ResourceType, name: string) => string | undefined;

/** How many refused contents are remembered for one name, and how many proxies with resources in doubt. */
const maxContents = 16;
const maxNodes = 1024;
const maxWords = 1024;

/**
 * Remembers across streams what the proxies of one Gateway refused: contents that are bad for sure, and for each proxy the
 * resources of which nobody knows whether it applied them.
 */
export class FleetMemory {
  /** Envoy's words by refused version, by name. */
  readonly #refused: Readonly<Record<ResourceType, Map<string, Map<string, string>>>> = {
    cluster: new Map(),
    endpoint: new Map(),
    secret: new Map(),
    listener: new Map(),
    scope: new Map(),
    route: new Map(),
  };
  /** Names in doubt by type, by node id. */
  readonly #doubts = new Map<string, Map<ResourceType, Set<string>>>();
  readonly #substitutes = new WeakMap<XdsResource, { readonly resource: XdsResource | undefined }>();
  readonly #substitute: Substitute | undefined;

  constructor(substitute: Substitute | undefined) {
    this.#substitute = substitute;
  }

  get isEmpty(): boolean {
    return this.#doubts.size === 0 && resourceTypes.every((type) => this.#refused[type].size === 0);
  }

  /** Remembers that a resource was refused while it was alone in its response. */
  refuse(resource: XdsResource, words: string): void {
    const names = this.#refused[resource.type];
    const contents = names.get(resource.name) ?? new Map<string, string>();
    names.set(resource.name, contents.set(resource.version, cleanWords(words)));
    dropOldest(contents, maxContents);
  }

  isRefused({ type, name, version }: XdsResource): boolean {
    return this.#refused[type].get(name)?.has(version) === true;
  }

  /** What to send in place of a refused resource; nothing when there is no substitute or it was refused too. */
  substituteFor(refused: XdsResource): XdsResource | undefined {
    let cached = this.#substitutes.get(refused);
    if (cached === undefined) {
      cached = { resource: this.#substitute?.(refused) };
      this.#substitutes.set(refused, cached);
    }
    const { resource } = cached;
    return resource === undefined || resource.version === refused.version || this.isRefused(resource)
      ? undefined
      : resource;
  }

  /** Remembers that nobody knows whether a proxy applied these resources. */
  doubt(nodeId: string, type: ResourceType, names: Iterable<string>): void {
    const types = this.#doubts.get(nodeId) ?? new Map<ResourceType, Set<string>>();
    const doubted = types.get(type) ?? new Set<string>();
    for (const name of names) doubted.add(name);
    this.#doubts.set(nodeId, types.set(type, doubted));
    dropOldest(this.#doubts, maxNodes);
  }

  /** Forgets a doubt: the proxy acknowledged the resource, or it is gone. */
  settle(nodeId: string, type: ResourceType, names: Iterable<string>): void {
    const types = this.#doubts.get(nodeId);
    const doubted = types?.get(type);
    if (types === undefined || doubted === undefined) return;
    for (const name of names) doubted.delete(name);
    if (doubted.size === 0) types.delete(type);
    if (types.size === 0) this.#doubts.delete(nodeId);
  }

  doubts(nodeId: string, type: ResourceType): ReadonlySet<string> {
    return this.#doubts.get(nodeId)?.get(type) ?? noNames;
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
}

/** A proxy's words made fit for logs and statuses: control characters out, at most 1 KiB. */
export function cleanWords(words: string): string {
  const clean = words.replaceAll(/\p{Cc}+/gu, " ").trim();
  const bytes = Buffer.from(clean);
  if (bytes.length <= maxWords) return clean;
  // A character cut in the middle decodes to a replacement character, which is left out.
  return bytes
    .subarray(0, maxWords)
    .toString()
    .replace(/\uFFFD+$/u, "");
}

const noNames: ReadonlySet<string> = new Set();

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
