/**
 * Who may refer to objects of another namespace. Every reference that crosses a namespace, of whatever kind, is asked
 * for here. https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant
 */
import type { Grouped, Reader } from "../collection/collection.ts";
import type { ReferenceGrant } from "../core/gateway-api.ts";

/** The object that holds a reference. */
export interface ReferenceSource {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

/** The object that a reference names. */
export interface ReferenceTarget extends ReferenceSource {
  readonly name: string;
}

/** Index keys of a grant: one for each pair of a source that it trusts and a kind of target that it opens. */
export function grantKeys(grant: ReferenceGrant): string[] {
  const namespace = grant.metadata.namespace ?? "";
  return grant.spec.from.flatMap((from) => grant.spec.to.map((to) => edgeKey(from, { ...to, namespace })));
}

/** Whether a reference is allowed: always within a namespace, and across when a grant beside the target says so. */
export function isGranted(
  read: Reader,
  grants: Grouped<ReferenceGrant>,
  from: ReferenceSource,
  to: ReferenceTarget,
): boolean {
  if (from.namespace === to.namespace) return true;
  const candidates = read.get(grants, edgeKey(from, to));
  return candidates !== undefined && [...candidates.values()].some((grant) => opens(grant, from, to));
}

/** Asks the whole grant again: its index key leaves the name of the target out. */
function opens(grant: ReferenceGrant, from: ReferenceSource, to: ReferenceTarget): boolean {
  return (
    grant.metadata.namespace === to.namespace &&
    grant.spec.from.some((entry) => sameKind(entry, from) && entry.namespace === from.namespace) &&
    grant.spec.to.some((entry) => sameKind(entry, to) && namesTarget(entry.name, to.name))
  );
}

function sameKind(a: { readonly group: string; readonly kind: string }, b: typeof a): boolean {
  return a.group === b.group && a.kind === b.kind;
}

/** An entry without a name, or with an empty one, opens every object of its kind. */
function namesTarget(granted: string | undefined, name: string): boolean {
  return granted === undefined || granted === "" || granted === name;
}

/** JSON keeps the parts apart whatever characters they hold. */
function edgeKey(from: ReferenceSource, to: ReferenceSource): string {
  return JSON.stringify([from.group, from.kind, from.namespace, to.group, to.kind, to.namespace]);
}
