/** Why proxies will not have an object, or not yet, whatever they acknowledge. */
import type { Rejection } from "../core/conditions.ts";
import type { ConvergenceReason, ConvergenceReport, ConvergingKind } from "../core/convergence.ts";
import {
  type NamespacedName,
  namespacedName,
  type ObjectKey,
  parseNamespacedName,
  parseObjectKey,
} from "../core/keys.ts";
import { portTlsKey, targetKey } from "../translate/backend-tls/port-tls.ts";
import { parseClusterName } from "../translate/envoy/names.ts";
import type { Listener } from "../translate/nodes.ts";
import type { RoutingView } from "../translate/pipeline.ts";
import type { BoundRoute } from "../translate/route-nodes.ts";

export interface Obstacle {
  readonly state: Exclude<ConvergenceReport["state"], "converged">;
  readonly reason: ConvergenceReason;
  readonly message: string;
}

/** Finds what stands in the way of an object; undefined where proxies are to get it. */
export function findObstacle(view: RoutingView, object: ObjectKey): Obstacle | undefined {
  const { kind, name } = parseObjectKey(object);
  // Only objects of these kinds are asked about.
  switch (kind as ConvergingKind) {
    case "HTTPRoute":
    case "GRPCRoute":
    case "TLSRoute":
    case "TCPRoute":
    case "UDPRoute":
      return routeObstacle(view.routes.get(object)) ?? quarantineObstacle(view, object);
    case "Gateway":
      return gatewayObstacle(view, { object, gateway: name });
    case "ListenerSet":
      return listenerSetObstacle(view, object);
    case "BackendTLSPolicy":
      return policyObstacle(view, name);
  }
}

/** The Gateways that an object names itself, or is. */
export function namedGateways(view: RoutingView, object: ObjectKey): ReadonlySet<NamespacedName> {
  const { kind, name } = parseObjectKey(object);
  if (kind === "Gateway") return new Set([name]);
  if (kind === "ListenerSet") {
    const gateway = view.parents.get(object)?.gateway;
    return new Set(gateway === undefined ? [] : [gateway]);
  }
  if (kind === "BackendTLSPolicy") return new Set();
  const own = parseNamespacedName(name).namespace;
  const refs = (view.routes.get(object)?.parents ?? []).map(({ parentRef }) => parentRef);
  const gateways = refs.filter((ref) => ref.kind === "Gateway");
  return new Set(gateways.map((ref) => namespacedName(ref.namespace ?? own, ref.name)));
}

/** Reasons of a parent that a route names in vain; anything else is wrong with the route itself. */
const attachReasons: ReadonlySet<string> = new Set([
  "NoMatchingParent",
  "NotAllowedByListeners",
  "NoMatchingListenerHostname",
]);

function routeObstacle(route: BoundRoute | undefined): Obstacle | undefined {
  if (route === undefined) {
    return never("NotAttached", "it names no Gateway and no ListenerSet of a class that this controller serves");
  }
  const attachments = route.parents.flatMap((parent) => parent.attachments);
  if (attachments.some(({ served }) => served)) return undefined;
  if (route.pending) return undecided;
  const rejection = route.parents.find((parent) => parent.rejection !== undefined)?.rejection;
  if (rejection === undefined) return never("NotAttached", "no listener that it is attached to is served");
  return never(attachReasons.has(rejection.reason) ? "NotAttached" : "NotAccepted", told(rejection));
}

/** What is quarantined is served otherwise, and proxies acknowledge that: nobody gets the route as it is written. */
function quarantineObstacle(view: RoutingView, object: ObjectKey): Obstacle | undefined {
  for (const [gateway, rules] of view.refusedRules.get(object) ?? []) {
    const [first] = rules;
    if (first === undefined) continue;
    const [index, { words }] = first;
    return never("Quarantined", `rule ${index} is quarantined, as proxies of ${gateway} refuse it: ${words}`);
  }
  return undefined;
}

/** A policy that cannot be kept closes its ports, and proxies acknowledge that: nobody gets it as it is written. */
function policyObstacle({ backendTls, refusedClusters }: RoutingView, policy: NamespacedName): Obstacle | undefined {
  const node = backendTls.policies.get(policy);
  if (node === undefined) return undefined;
  const rejection = node.settings === undefined ? node.rejections[0] : undefined;
  if (rejection !== undefined) return never("NotAccepted", told(rejection));
  for (const [, { cluster, words }] of refusedClusters.entries()) {
    const { service, port } = parseClusterName(cluster);
    if (backendTls.portTls.get(portTlsKey(service, port))?.policy !== policy) continue;
    return never("Quarantined", `port ${port} of Service ${service} is quarantined, as proxies refuse it: ${words}`);
  }
  if (backendTls.clusters.get(policy) !== undefined) return undefined;
  const winners = node.targets.map((target) => backendTls.winners.get(targetKey(target)));
  const other = winners.find((winner) => winner !== undefined && winner !== policy);
  if (other !== undefined && !winners.includes(policy)) {
    return never(
      "NotAccepted",
      `Conflicted: BackendTLSPolicy ${other}, which is older or named first, is for the same`,
    );
  }
  return never("NotAttached", "no route leads to a Service port that it is for");
}

function gatewayObstacle(
  view: RoutingView,
  { object, gateway }: { readonly object: ObjectKey; readonly gateway: NamespacedName },
): Obstacle | undefined {
  const node = view.gateways.get(gateway);
  if (node === undefined) return never("NotAccepted", "it is of no class that this controller serves");
  if (node.rejection !== undefined) return never("NotAccepted", told(node.rejection));
  return listenerObstacle(node.listeners.filter(({ parent }) => parent === object));
}

function listenerSetObstacle(view: RoutingView, object: ObjectKey): Obstacle | undefined {
  const gateway = view.parents.get(object)?.gateway;
  const node = gateway && view.gateways.get(gateway);
  const set = node?.listenerSets.find(({ key }) => key === object);
  if (node === undefined || set === undefined) {
    return never("NotAttached", "it names no Gateway of a class that this controller serves");
  }
  const rejection = set.rejection ?? node.rejection;
  if (rejection !== undefined) return never("NotAccepted", told(rejection));
  return listenerObstacle(node.listeners.filter(({ parent }) => parent === object));
}

function listenerObstacle(listeners: readonly Listener[]): Obstacle | undefined {
  if (listeners.some(({ served }) => served)) return undefined;
  if (listeners.some(({ pending }) => pending === true)) return undecided;
  const [wrong] = listeners.flatMap(({ rejections, conflict }) => [...rejections, ...(conflict ? [conflict] : [])]);
  const why = wrong === undefined ? "" : `: ${told(wrong)}`;
  return never("NotAccepted", `no listener of it is served${why}`);
}

const undecided: Obstacle = {
  state: "pending",
  reason: "Undecided",
  message: "what it claims waits to be recorded",
};

function never(reason: ConvergenceReason, message: string): Obstacle {
  return { state: "never", reason, message };
}

function told({ reason, message }: Pick<Rejection, "message"> & { readonly reason: string }): string {
  return `${reason}: ${message}`;
}
