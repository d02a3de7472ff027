import type { XdsResource } from "../core/xds-resource.ts";

/** Whether two resources are the same bytes for the same clients. */
export function sameResource(a: XdsResource, b: XdsResource): boolean {
  return sameVersion(a, b) && a.lingers === b.lingers;
}

/** Whether two printed things are the same bytes. */
export function sameVersion(a: { readonly version: string }, b: typeof a): boolean {
  return a.version === b.version;
}
