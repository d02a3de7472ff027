/** Explains how routes are served, from what the translation has decided about them. */
import type {
  Acknowledgement,
  ExplainedBackend,
  ExplainedRule,
  ParentExplanation,
  RequestExplanation,
  RequestQuestion,
  RouteExplanation,
} from "../core/explanation.ts";
import type { ParentReference, Route } from "../core/gateway-api.ts";
import {
  isRouteKind,
  kinds,
  type NamespacedName,
  nameOf,
  namespacedName,
  type ObjectKey,
  objectKey,
  parseObjectKey,
} from "../core/keys.ts";
import { closedBackend } from "../translate/decide/closed-backend.ts";
import { decide } from "../translate/decide/decide.ts";
import { objectName } from "../translate/decide/object-name.ts";
import { explainBackend } from "../translate/decide/rule-answer.ts";
import { explainRefusal } from "../translate/decide/withheld.ts";
import type { ParentListener, RouteParent } from "../translate/nodes.ts";
import type { RoutingView } from "../translate/pipeline.ts";
import { refusal } from "../translate/quarantine/refused-rules.ts";
import type { BoundRoute, Layer4Rule, ParentBinding, RouteRule } from "../translate/route-nodes.ts";
import { virtualHostKey } from "../translate/virtual-host-key.ts";
import { explainListener, type ListenerPlace } from "./explain-listener.ts";

/**
 * What the proxies of a Gateway have said of some of its hostnames, by virtualHostKey, and without any of them of what the route
 * has there altogether; undefined where nobody knows.
 */
export type Acknowledgements = (gateway: NamespacedName, hosts: readonly string[]) => Acknowledgement | undefined;

/** Explains how a request is answered. */
export function explainRequest(view: RoutingView, question: RequestQuestion): RequestExplanation {
  return decide(view, question);
}

/** Explains a route of any kind, listener by listener of each parent. */
export function explainRoute(
  view: RoutingView,
  key: ObjectKey,
  acknowledgements: Acknowledgements = () => undefined,
): RouteExplanation {
  const object = writtenRoute(view, key);
  if (object === undefined) return { route: objectName(key), found: false, parents: [], rules: [] };
  const bound = view.routes.get(key);
  const explained: Explained = { view, object, bound, acknowledgements };
  const invalid = bound?.partiallyInvalid?.message;
  return {
    route: objectName(key),
    found: true,
    generation: object.metadata.generation,
    parents: (object.spec.parentRefs ?? []).map((parentRef) => explainParent(explained, parentRef)),
    rules: [
      ...(bound?.rules ?? []).map((rule) => explainRule(explained, rule)),
      ...(bound?.layer4 === undefined ? [] : [explainLayer4Rule(explained, bound.layer4)]),
    ],
    ...(invalid !== undefined && { partiallyInvalid: invalid }),
  };
}

function writtenRoute({ writtenRoutes }: RoutingView, key: ObjectKey): Route | undefined {
  const { kind, name } = parseObjectKey(key);
  return isRouteKind(kind) ? writtenRoutes[kind].get(name) : undefined;
}

interface Explained {
  readonly view: RoutingView;
  readonly object: Route;
  readonly bound: BoundRoute | undefined;
  readonly acknowledgements: Acknowledgements;
}

function explainParent(explained: Explained, parentRef: ParentReference): ParentExplanation {
  const { view, object, bound } = explained;
  const { kind, namespace = object.metadata.namespace ?? "", name, sectionName, port } = parentRef;
  const written = {
    parent: { kind, namespace, name },
    ...(sectionName !== undefined && { sectionName }),
    ...(port !== undefined && { port }),
  };
  const parent = findParent(view, parentRef, namespace);
  const binding = bound?.parents.find((each) => sameParent(each.parentRef, parentRef));
  if (parent === undefined || binding === undefined) {
    const message = `There is no such ${kind} of a class that this controller serves`;
    return { ...written, attached: false, message, listeners: [], refusals: [] };
  }
  const { rejection, refusals } = binding;
  return {
    ...written,
    attached: binding.attachments.length > 0,
    ...(rejection && { reason: rejection.reason, message: rejection.message }),
    listeners: explainListeners(explained, { parent, parentRef, binding }),
    refusals: (refusals?.list ?? []).map((refusal) => explainRefusal(refusal, refusals?.enforced === true)),
  };
}

function findParent(
  { parents }: RoutingView,
  { group, kind, name }: ParentReference,
  namespace: string,
): RouteParent | undefined {
  if ((kind !== "Gateway" && kind !== "ListenerSet") || group !== kinds[kind].group) return undefined;
  return parents.get(objectKey(kind, namespacedName(namespace, name)));
}

interface FoundParent {
  readonly parent: RouteParent;
  readonly parentRef: ParentReference;
  readonly binding: ParentBinding;
}

/** The listeners that the parentRef names; all of the parent where it names none of them. */
function explainListeners(
  { view, object, bound, acknowledgements }: Explained,
  { parent, parentRef, binding }: FoundParent,
) {
  const named = parent.listeners.filter((listener) => isNamed(listener, parentRef));
  return (named.length === 0 ? parent.listeners : named).map((listener) => {
    const attachment = binding.attachments.find((each) => each.listener === listener.key);
    const place: ListenerPlace = { view, object, gateway: parent.gateway, listener, isNamed: named.length > 0 };
    const explanation = explainListener(place, { attachment, rejection: binding.rejection });
    const hosts = attachment?.hosts.map(({ hostname }) => virtualHostKey(attachment, hostname)) ?? [];
    const asked = bound?.layer4 === undefined ? hosts : [];
    const acknowledgement = hosts.length === 0 ? undefined : acknowledgements(parent.gateway, asked);
    return { ...explanation, ...(acknowledgement && { acknowledgement }) };
  });
}

function isNamed({ name, port }: ParentListener, parentRef: ParentReference): boolean {
  return (parentRef.sectionName ?? name) === name && (parentRef.port ?? port) === port;
}

function sameParent(a: ParentReference, b: ParentReference): boolean {
  return (
    a.kind === b.kind &&
    a.group === b.group &&
    a.namespace === b.namespace &&
    a.name === b.name &&
    a.sectionName === b.sectionName &&
    a.port === b.port
  );
}

/** Why a rule is not served as it is written on some Gateway at least. */
function refusedWords({ refusedRules }: RoutingView, route: ObjectKey, { index }: RouteRule): string | undefined {
  for (const ofGateway of refusedRules.get(route)?.values() ?? []) {
    const found = ofGateway.get(index);
    if (found !== undefined) return refusal(found.words);
  }
  return undefined;
}

/** Connections and datagrams that no backend can have are closed, or dropped. */
function explainLayer4Rule(explained: Explained, { name, backends }: Layer4Rule): ExplainedRule {
  const named = { index: 0, ...(name !== undefined && { name }) };
  const isUsable = backends.some(({ kind, weight }) => kind === "cluster" && weight > 0);
  const told = backends.map((backend) => tellBackend(explained, backend, "is not connected to"));
  if (isUsable) return { ...named, kind: "forward", backends: told };
  return { ...named, kind: "error", backends: told, message: "no backend of it can be used" };
}

/** A backend, and why nothing is sent to it on some Gateway at least: `closed` says what is done instead. */
function tellBackend(
  { view, bound }: Explained,
  backend: RouteRule["backends"][number] | Layer4Rule["backends"][number],
  closed: string,
): ExplainedBackend {
  const told = explainBackend(backend);
  if (backend.kind !== "cluster" || bound === undefined) return told;
  const { namespace } = bound;
  for (const { gateway, served, passesTls } of bound.parents.flatMap(({ attachments }) => attachments)) {
    // What is TLS already is passed on whatever its backend asks of others.
    if (!served || passesTls === true) continue;
    const reason = closedBackend(view, { gateway, cluster: backend.cluster, namespace });
    if (reason !== undefined) return { ...told, message: `${closed}: ${reason}` };
  }
  return told;
}

function explainRule(explained: Explained, rule: RouteRule): ExplainedRule {
  const { index, name, filters, backends, broken } = rule;
  const { view, object } = explained;
  const message = broken?.message ?? refusedWords(view, objectKey(object.kind, nameOf(object.metadata)), rule);
  const kind = message === undefined ? (filters.redirect === undefined ? "forward" : "redirect") : "error";
  return {
    index,
    ...(name !== undefined && { name }),
    kind,
    backends: backends.map((backend) => tellBackend(explained, backend, "answers 503")),
    ...(message !== undefined && { message }),
  };
}
