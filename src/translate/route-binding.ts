/**
 * How routes attach to listeners: one binding for every kind of route.
 * https://gateway-api.sigs.k8s.io/reference/spec/#commonroutespec
 */
import type { Collection, Reader } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { ParentReference } from "../core/gateway-api.ts";
import { covers, type Hostname, intersectHostnames, normalizeHostname } from "../core/hostname.ts";
import { type Kind, kinds, namespacedName, objectKey } from "../core/keys.ts";
import type { ObjectMeta } from "../core/kubernetes.ts";
import { type NamespaceLabels, namespaceAllowed } from "./allowed-routes.ts";
import type { AttachedHost, Attachment, ParentBinding, ParentListener, RouteParent } from "./nodes.ts";
import { protocolSupport } from "./protocol-support.ts";

export interface BindingInputs {
  /** By ObjectKey of a Gateway or ListenerSet. */
  readonly parents: Collection<RouteParent>;
  readonly namespaceLabels: Collection<NamespaceLabels>;
}

/** What binding asks of a route, whatever its kind. */
export interface RouteToBind {
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly parentRefs: readonly ParentReference[];
  readonly hostnames: readonly string[];
}

/** Binds a route to its parents. A parentRef to something that is not ours is left out, and so left alone. */
export function bindRoute(read: Reader, inputs: BindingInputs, route: RouteToBind): readonly ParentBinding[] {
  return route.parentRefs.flatMap((parentRef) => {
    const parent = findParent(read, inputs, route, parentRef);
    return parent === undefined ? [] : [bindToParent(read, inputs, { route, parentRef, parent })];
  });
}

function findParent(
  read: Reader,
  { parents }: BindingInputs,
  { metadata }: RouteToBind,
  { group, kind, namespace = metadata.namespace, name }: ParentReference,
): RouteParent | undefined {
  if ((kind !== "Gateway" && kind !== "ListenerSet") || group !== kinds[kind].group) return undefined;
  return read.get(parents, objectKey(kind, namespacedName(namespace, name)));
}

interface Candidate {
  readonly route: RouteToBind;
  readonly parentRef: ParentReference;
  readonly parent: RouteParent;
}

function bindToParent(read: Reader, inputs: BindingInputs, candidate: Candidate): ParentBinding {
  const { route, parentRef, parent } = candidate;
  const named = parent.listeners.filter(
    ({ name, port }) => (parentRef.sectionName ?? name) === name && (parentRef.port ?? port) === port,
  );
  if (named.length === 0)
    return refused(parentRef, "NoMatchingParent", "No listener of the parent matches the parentRef");
  const admitting = named.filter((listener) => admits(read, inputs, route, listener));
  if (admitting.length === 0) {
    const message = `No listener that the parentRef names admits ${route.kind}s of namespace ${route.metadata.namespace ?? ""}`;
    return refused(parentRef, "NotAllowedByListeners", message);
  }
  const attachments = admitting.flatMap((listener) => attach(route, parent, listener));
  if (attachments.length === 0) {
    const message = "No hostname of the route intersects with the hostname of a listener that admits it";
    return refused(parentRef, "NoMatchingListenerHostname", message);
  }
  return { parentRef, attachments };
}

function admits(
  read: Reader,
  { namespaceLabels }: BindingInputs,
  route: RouteToBind,
  listener: ParentListener,
): boolean {
  const { group } = kinds[route.kind];
  if (!listener.supportedKinds.some((kind) => kind.kind === route.kind && kind.group === group)) return false;
  const namespace = route.metadata.namespace ?? "";
  // Labels are read only where they decide, so that a change of a namespace's labels touches no other route.
  const labels = listener.allowedNamespaces.from === "Selector" ? read.get(namespaceLabels, namespace) : undefined;
  return namespaceAllowed(listener.allowedNamespaces, listener.namespace, namespace, labels);
}

function attach(route: RouteToBind, { gateway }: RouteParent, listener: ParentListener): readonly Attachment[] {
  const written = route.hostnames.length === 0 ? [undefined] : route.hostnames;
  const hosts = written.map(normalizeHostname).flatMap((own): readonly AttachedHost[] => {
    const hostname = intersectHostnames(listener.hostname, own);
    return hostname === undefined ? [] : [{ hostname, written: own }];
  });
  if (hosts.length === 0) return [];
  const { key, port, table, served } = listener;
  const scheme = protocolSupport(listener.protocol)?.terminatesTls === true ? "https" : "http";
  const own = hosts.filter(({ hostname }) => !belongsToSibling(hostname, listener));
  return [{ gateway, listener: key, port, table, scheme, served, hosts: own }];
}

/** Whether a more specific listener of the port covers the host: its requests never come here. */
function belongsToSibling(hostname: Hostname, listener: ParentListener): boolean {
  return listener.siblings.some((sibling) => covers(sibling, hostname) && covers(listener.hostname, sibling));
}

function refused(parentRef: ParentReference, reason: string, message: string): ParentBinding {
  const rejection: Rejection = { condition: "Accepted", reason, message };
  return { parentRef, rejection, attachments: [] };
}
