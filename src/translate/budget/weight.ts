/** What an object counts for in a budget: all that is asked of it, so that an edit that changes no count goes no further. */
import type { Collection, Reader, Transform } from "../../collection/collection.ts";
import { assertNever } from "../../core/assert-never.ts";
import type {
  BackendTlsPolicy,
  Gateway,
  GrpcRouteMatch,
  HttpRouteMatch,
  ListenerSet,
  ListenerSpec,
  Route,
} from "../../core/gateway-api.ts";
import { everyHost, type Hostname, normalizeHostname } from "../../core/hostname.ts";
import {
  type Kind,
  kinds,
  type NamespacedName,
  nameOf,
  namespacedName,
  type ObjectKey,
  objectKey,
} from "../../core/keys.ts";
import type { ObjectMeta } from "../../core/kubernetes.ts";
import type { BudgetLimits } from "../../core/ownership.ts";
import { routeHostnames } from "../route-hostnames.ts";

/** Limits of which each object uses a number of its own. */
export type CountedLimit = Exclude<keyof BudgetLimits, "changesPerMinute" | "hostnames">;

/** One object that uses up a budget. */
export interface ObjectWeight {
  readonly object: ObjectKey;
  readonly namespace: string;
  /** namespace/name: decides between objects of one second. */
  readonly name: NamespacedName;
  readonly createdAt: string;
  /** What it uses; what is absent it does not use at all. */
  readonly counts: Readonly<Partial<Record<CountedLimit, number>>>;
  /** Sorted, each once. Objects of a namespace that share a hostname use it once. */
  readonly hostnames: readonly Hostname[];
  /** Gateways of ours to which it wants to be attached, sorted; of a Gateway none. */
  readonly gateways: readonly NamespacedName[];
}

/** Objects of ours that routes and ListenerSets may name as parents, with the Gateway that each leads to. By ObjectKey. */
export type BudgetParents = readonly Collection<NamespacedName>[];

/** Weighs a Gateway of ours. */
export function weighGateway(own: Collection<NamespacedName>): Transform<Gateway, ObjectWeight> {
  return (read, key, { metadata, spec }) => {
    const object = objectKey("Gateway", nameOf(metadata));
    if (read.get(own, object) === undefined) return [];
    const counts = { gateways: 1, ...countListeners(spec.listeners), ...countFrontendAuthorities(spec.tls) };
    return [[key, { ...identity("Gateway", metadata), counts, hostnames: [], gateways: [] }]];
  };
}

/** Weighs a ListenerSet that leads to a Gateway of ours. */
export function weighListenerSet(own: Collection<NamespacedName>): Transform<ListenerSet, ObjectWeight> {
  return (read, key, { metadata, spec }) => {
    const gateway = read.get(own, objectKey("ListenerSet", nameOf(metadata)));
    if (gateway === undefined) return [];
    const weight = {
      ...identity("ListenerSet", metadata),
      counts: countListeners(spec.listeners),
      hostnames: distinct(spec.listeners.map(({ hostname }) => normalizeHostname(hostname))),
      gateways: [gateway],
    };
    return [[key, weight]];
  };
}

/** Weighs a policy, whether or not anything leads to what it is for. It is attached to no Gateway. */
export const weighBackendTlsPolicy: Transform<BackendTlsPolicy, ObjectWeight> = (_read, key, { metadata, spec }) => {
  const { length: authorities } = spec.validation.caCertificateRefs ?? [];
  const counts = { backendTlsPolicies: 1, ...(authorities > 0 && { authorities }) };
  return [[key, { ...identity("BackendTLSPolicy", metadata), counts, hostnames: [], gateways: [] }]];
};

/** Weighs a route of any kind one of whose parents is ours, whether or not that one admits it. */
export function weighRoute(parents: BudgetParents): Transform<Route, ObjectWeight> {
  return (read, key, route) => {
    const gateways = gatewaysOf(read, parents, route);
    if (gateways.length === 0) return [];
    const regexes = countRegexes(route);
    const weight = {
      ...identity(route.kind, route.metadata),
      counts: { routes: 1, rules: route.spec.rules?.length ?? 0, ...(regexes > 0 && { regexes }) },
      hostnames: distinct(routeHostnames(route).map(normalizeHostname)),
      gateways,
    };
    return [[key, weight]];
  };
}

function identity(kind: Kind, metadata: ObjectMeta): Pick<ObjectWeight, "object" | "namespace" | "name" | "createdAt"> {
  const name = nameOf(metadata);
  const { namespace = "", creationTimestamp } = metadata;
  return { object: objectKey(kind, name), namespace, name, createdAt: creationTimestamp };
}

function gatewaysOf(read: Reader, parents: BudgetParents, { metadata, spec }: Route): readonly NamespacedName[] {
  const found = new Set<NamespacedName>();
  for (const { group, kind, namespace = metadata.namespace, name } of spec.parentRefs ?? []) {
    if ((kind !== "Gateway" && kind !== "ListenerSet") || group !== kinds[kind].group) continue;
    const key = objectKey(kind, namespacedName(namespace, name));
    for (const collection of parents) {
      const gateway = read.get(collection, key);
      if (gateway !== undefined) found.add(gateway);
    }
  }
  return [...found].sort();
}

function countListeners(listeners: readonly ListenerSpec[]): ObjectWeight["counts"] {
  const certificates = listeners.reduce((sum, { tls }) => sum + (tls?.certificateRefs?.length ?? 0), 0);
  return { listeners: listeners.length, ...(certificates > 0 && { certificates }) };
}

function countFrontendAuthorities({ frontend }: NonNullable<Gateway["spec"]["tls"]> = {}): ObjectWeight["counts"] {
  const configs = frontend === undefined ? [] : [frontend.default, ...(frontend.perPort ?? []).map(({ tls }) => tls)];
  const authorities = configs.reduce((sum, { validation }) => sum + (validation?.caCertificateRefs.length ?? 0), 0);
  return authorities > 0 ? { authorities } : {};
}

function countRegexes(route: Route): number {
  const typed = typedParts(route);
  return typed.filter(({ type }) => type === "RegularExpression").length;
}

/** All parts of a route's matches that may be regular expressions. Connections and datagrams are matched by none. */
function typedParts(route: Route): readonly { readonly type: string }[] {
  switch (route.kind) {
    case "HTTPRoute":
      return route.spec.rules.flatMap(({ matches }) => matches.flatMap(httpParts));
    case "GRPCRoute":
      return (route.spec.rules ?? []).flatMap(({ matches = [] }) => matches.flatMap(grpcParts));
    case "TLSRoute":
    case "TCPRoute":
    case "UDPRoute":
      return [];
    default:
      return assertNever(route);
  }
}

function httpParts({ path, headers = [], queryParams = [] }: HttpRouteMatch) {
  return [path, ...headers, ...queryParams];
}

function grpcParts({ method, headers = [] }: GrpcRouteMatch) {
  return [...(method === undefined ? [] : [method]), ...headers];
}

/** Every host is no hostname. */
function distinct(hostnames: readonly Hostname[]): readonly Hostname[] {
  return [...new Set(hostnames)].filter((hostname) => hostname !== everyHost).sort();
}
