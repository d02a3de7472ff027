import { isDeepStrictEqual } from "node:util";
import { type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import { type KubeRequest, patchTypes, type ResourceKind, resourcePath } from "../core/kube-client.ts";
import type { ObjectStatus } from "../core/object-status.ts";
import type { StoredObject } from "../core/stored-object.ts";

/** Field names of a status. */
export type StatusField = keyof ObjectStatus & string;

/** The fields of a status that differ from what is stored. */
export type StatusChanges = Partial<Record<StatusField, unknown>>;

/** Says which fields of a status are to be written; undefined when none is. */
export function statusChanges(
  { status }: StoredObject,
  merged: ObjectStatus,
  unwritable: ReadonlySet<string>,
): StatusChanges | undefined {
  const changed = Object.entries(merged).filter(
    ([field, value]) => !unwritable.has(field) && !isDeepStrictEqual(value, status[field as StatusField]), // its own key
  );
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

/**
 * The request that writes fields of a status. A merge patch leaves fields alone that it does not name; lists it replaces
 * as a whole, and the resourceVersion in it lets the API server refuse it when anybody has changed the object since.
 */
export function statusPatch(
  object: ObjectKey,
  {
    kind,
    stored,
    changes,
  }: { readonly kind: ResourceKind; readonly stored: StoredObject; readonly changes: StatusChanges },
): KubeRequest {
  const { resourceVersion } = stored;
  return {
    method: "PATCH",
    path: objectPath(object, kind, "status"),
    contentType: patchTypes.merge,
    body: { metadata: { resourceVersion }, status: changes },
  };
}

/** The path of an object, or of its status. */
export function objectPath(object: ObjectKey, kind: ResourceKind, subresource?: "status"): string {
  const name = parseNamespacedName(parseObjectKey(object).name);
  return resourcePath(kind, subresource === undefined ? name : { ...name, subresource });
}
