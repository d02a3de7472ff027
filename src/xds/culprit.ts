import type { NamespacedName } from "../core/keys.ts";
import type { XdsResource } from "../core/xds-resource.ts";

/** A resource as parts that can be held back one by one, such as the rules whose routes make up a route table. */
export interface ResourceParts {
  /** The parts, by an id that lasts over versions, each with the hashes (16 hex digits of a SHA-256) of its messages. */
  readonly parts: ReadonlyMap<string, readonly string[]>;
  /** The resource with the parts in `held` as `base` has them; what `base` lacks, or nobody knows, is left out. */
  hold(held: ReadonlySet<string>, base: XdsResource | undefined): XdsResource;
}

/** Splits a resource; undefined where no part of it can be held back by itself. */
export type SplitResource = (resource: XdsResource) => ResourceParts | undefined;

/** What a proxy has refused, narrowed down as far as it can be. */
export interface Culprit {
  readonly gateway: NamespacedName;
  readonly resource: XdsResource;
  /** Absent where the resource is refused as a whole. */
  readonly part?: { readonly id: string; readonly hashes: readonly string[] };
  /** Envoy's own, without control characters and at most 1 KiB. */
  readonly words: string;
}

/** Splits each resource once, for all streams. */
export function splitOnce(split: SplitResource): SplitResource {
  const known = new WeakMap<XdsResource, { readonly parts: ResourceParts | undefined }>();
  return (resource) => {
    const cached = known.get(resource) ?? { parts: split(resource) };
    known.set(resource, cached);
    return cached.parts;
  };
}
