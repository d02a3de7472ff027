/** ListenerSets: listeners that others add to a Gateway. https://gateway-api.sigs.k8s.io/reference/spec/#listenerset */
import type { Collection, Reader } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { Gateway, ListenerSet } from "../core/gateway-api.ts";
import { kinds, type NamespacedName, nameOf, namespacedName } from "../core/keys.ts";
import { type NamespaceLabels, namespaceAllowed } from "./allowed-routes.ts";

/** Index keys of a ListenerSet: the Gateway (namespace/name) that it names as its parent. */
export function listenerSetKeys({ metadata, spec }: ListenerSet): readonly NamespacedName[] {
  const { group, kind, namespace, name } = spec.parentRef;
  if (group !== kinds.Gateway.group || kind !== "Gateway") return [];
  return [namespacedName(namespace ?? metadata.namespace, name)];
}

/** Orders the ListenerSets of a Gateway by precedence: the oldest first, then by namespace/name. */
export function byPrecedence(a: ListenerSet, b: ListenerSet): number {
  return (
    compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
    compare(nameOf(a.metadata), nameOf(b.metadata))
  );
}

/** Why a Gateway takes no listeners from a ListenerSet, if it does not: by default none may attach. */
export function attachmentRejection(
  read: Reader,
  namespaceLabels: Collection<NamespaceLabels>,
  gateway: Gateway,
  set: ListenerSet,
): Rejection | undefined {
  const allowed = gateway.spec.allowedListeners?.namespaces ?? { from: "None" };
  const own = gateway.metadata.namespace ?? "";
  const other = set.metadata.namespace ?? "";
  const labels = allowed.from === "Selector" ? read.get(namespaceLabels, other) : undefined;
  if (namespaceAllowed(allowed, own, other, labels)) return undefined;
  return {
    condition: "Accepted",
    reason: "NotAllowed",
    message: "The Gateway's allowedListeners do not admit ListenerSets of this namespace",
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
