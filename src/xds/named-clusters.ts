import type { XdsResource } from "../core/xds-resource.ts";

const known = new WeakMap<XdsResource, ReadonlySet<string>>();

/** The clusters that a resource names, worked out once for all streams; undefined where nobody knows. */
export function clustersNamedBy(resource: XdsResource): ReadonlySet<string> | undefined {
  if (resource.clusters === undefined) return undefined;
  const cached = known.get(resource);
  if (cached !== undefined) return cached;
  const clusters = resource.clusters();
  known.set(resource, clusters);
  return clusters;
}

/** Whether two sets have something in common; costs as much as the smaller one has. */
export function haveCommon(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  const [small, large] = one.size < other.size ? [one, other] : [other, one];
  for (const name of small) if (large.has(name)) return true;
  return false;
}
