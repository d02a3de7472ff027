/**
 * How routes attach to listeners: one binding for every kind of route.
 * https://gateway-api.sigs.k8s.io/reference/spec/#commonroutespec
 */
import type { Collection, Reader } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { ParentReference } from "../core/gateway-api.ts";
import { covers, type Hostname, intersectHostnames, normalizeHostname } from "../core/hostname.ts";
import { type Kind, kinds, nameOf, namespacedName, objectKey } from "../core/keys.ts";
import type { ObjectMeta } from "../core/kubernetes.ts";
import { type NamespaceLabels, namespaceAllowed } from "./allowed-routes.ts";
import { type BudgetInputs, budgetRejection } from "./budget/budgets.ts";
import type { ParentListener, RouteParent } from "./nodes.ts";
import { refusalRejection } from "./ownership/messages.ts";
import {
  type JudgedHosts,
  judgeHosts,
  type OwnedMatch,
  type OwnedRoute,
  type OwnershipInputs,
} from "./ownership/route-ownership.ts";
import { endsTls, passesTls } from "./protocol-support.ts";
import type { AttachedHost, Attachment, Claim, ParentBinding } from "./route-nodes.ts";

export interface BindingInputs {
  /** By ObjectKey of a Gateway or ListenerSet. */
  readonly parents: Collection<RouteParent>;
  readonly namespaceLabels: Collection<NamespaceLabels>;
  readonly ownership: OwnershipInputs;
  readonly budgets: BudgetInputs;
}

/** What binding asks of a route, whatever its kind. */
export interface RouteToBind {
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly parentRefs: readonly ParentReference[];
  readonly hostnames: readonly string[];
  /** Those of its matches that can be served. */
  readonly matches: readonly OwnedMatch[];
}

/** How a route came out with all its parents. */
export interface RouteBinding {
  readonly parents: readonly ParentBinding[];
  readonly claims: readonly Claim[];
  readonly pending: boolean;
}

/** Binds a route to its parents. A parentRef to something that is not ours is left out, and so left alone. */
export function bindRoute(read: Reader, inputs: BindingInputs, route: RouteToBind): RouteBinding {
  const bound = route.parentRefs.flatMap((parentRef) => {
    const parent = findParent(read, inputs, route, parentRef);
    return parent === undefined ? [] : [bindToParent(read, inputs, { route, parentRef, parent })];
  });
  const claims = new Map(bound.flatMap((each) => each.claims.map((claim) => [claim.key, claim])));
  return {
    parents: bound.map(({ binding }) => binding),
    claims: [...claims.values()],
    pending: bound.some(({ pending }) => pending),
  };
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

interface BoundParent extends Omit<RouteBinding, "parents"> {
  readonly binding: ParentBinding;
}

function bindToParent(read: Reader, inputs: BindingInputs, candidate: Candidate): BoundParent {
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
  const reached = admitting.flatMap((listener) =>
    attach(route, parent, listener).map((attached) => ({ ...attached, listener })),
  );
  if (reached.length === 0) {
    const message = "No hostname of the route intersects with the hostname of a listener that admits it";
    return refused(parentRef, "NoMatchingListenerHostname", message);
  }
  const owned = ownedRoute(route);
  const beyond = budgetRejection(read, inputs.budgets, {
    object: owned.key,
    namespace: owned.namespace,
    gateway: parent.gateway,
  });
  if (beyond !== undefined) return refused(parentRef, beyond.reason, beyond.message);
  const judged = reached.map(({ attached, elsewhere, listener }) => {
    const judge = (hosts: readonly AttachedHost[]) =>
      judgeHosts(read, inputs.ownership, { route: owned, listener }, hosts);
    return { attached, verdict: judge(attached.hosts), elsewhere, elsewhereVerdict: judge(elsewhere) };
  });
  return withOwned(
    parentRef,
    judged,
    admitting.some(({ ownership }) => ownership.mode === "Enforce"),
  );
}

interface ReachedListener {
  readonly attached: Attachment;
  /** Hosts that more specific listeners of the port have: the route answers none of them here, and claims none. */
  readonly elsewhere: readonly AttachedHost[];
}

interface JudgedAttachment extends ReachedListener {
  readonly verdict: JudgedHosts;
  readonly elsewhereVerdict: JudgedHosts;
}

/** Keeps everything that is the route's to answer. A listener on which nothing is left for it has no route in it. */
function withOwned(parentRef: ParentReference, judged: readonly JudgedAttachment[], enforced: boolean): BoundParent {
  const refusals = judged.flatMap(({ verdict, elsewhereVerdict }) => [
    ...verdict.refusals,
    ...elsewhereVerdict.refusals.filter(({ criterion }) => criterion !== "NotRecorded"),
  ]);
  const pending = judged.some(({ verdict }) => verdict.pending);
  const attachments = judged.flatMap(({ attached, verdict, elsewhere, elsewhereVerdict }): readonly Attachment[] => {
    const [hosts, judgement] = attached.hosts.length > 0 ? [attached.hosts, verdict] : [elsewhere, elsewhereVerdict];
    const isRefused = hosts.length > 0 && judgement.hosts.length === 0 && !judgement.pending;
    return isRefused ? [] : [{ ...attached, hosts: verdict.hosts }];
  });
  const rejection = attachments.length === 0 ? refusalRejection(refusals) : undefined;
  return {
    binding: {
      parentRef,
      attachments,
      ...(rejection && { rejection }),
      ...(refusals.length > 0 && { refusals: { enforced, list: refusals } }),
    },
    claims: judged.flatMap(({ verdict }) => verdict.claims),
    pending,
  };
}

function ownedRoute({ kind, metadata, hostnames, matches }: RouteToBind): OwnedRoute {
  return {
    key: objectKey(kind, nameOf(metadata)),
    namespace: metadata.namespace ?? "",
    createdAt: metadata.creationTimestamp,
    hasHostnames: hostnames.length > 0,
    matches,
  };
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

function attach(route: RouteToBind, { gateway }: RouteParent, listener: ParentListener): readonly ReachedListener[] {
  const written = route.hostnames.length === 0 ? [undefined] : route.hostnames;
  const hosts = written.map(normalizeHostname).flatMap((own): readonly AttachedHost[] => {
    const hostname = intersectHostnames(listener.hostname, own);
    return hostname === undefined ? [] : [{ hostname, written: own }];
  });
  if (hosts.length === 0) return [];
  const { key, port, table, served } = listener;
  const scheme = endsTls(listener) ? "https" : "http";
  const elsewhere = hosts.filter(({ hostname }) => belongsToSibling(hostname, listener));
  const own = hosts.filter((host) => !elsewhere.includes(host));
  const passes = passesTls(listener) ? ({ passesTls: true } as const) : {};
  return [{ attached: { gateway, listener: key, port, table, scheme, ...passes, served, hosts: own }, elsewhere }];
}

/** Whether a more specific listener of the port covers the host: its requests never come here. */
function belongsToSibling(hostname: Hostname, listener: ParentListener): boolean {
  return listener.siblings.some((sibling) => covers(sibling, hostname) && covers(listener.hostname, sibling));
}

function refused(parentRef: ParentReference, reason: string, message: string): BoundParent {
  const rejection: Rejection = { condition: "Accepted", reason, message };
  return { binding: { parentRef, rejection, attachments: [] }, claims: [], pending: false };
}
