/** What an object counts for in a budget: all that is asked of it, so that an edit that changes no count goes no further. */
import type { Collection, Reader, Transform } from "../../collection/collection.ts";
import type { Gateway, HttpRoute, HttpRouteMatch, ListenerSet, ListenerSpec } from "../../core/gateway-api.ts";
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
    const counts = { gateways: 1, ...countListeners(spec.listeners) };
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

/** Weighs an HTTPRoute one of whose parents is ours, whether or not that one admits it. */
export function weighHttpRoute(parents: BudgetParents): Transform<HttpRoute, ObjectWeight> {
  return (read, key, { metadata, spec }) => {
    const gateways = gatewaysOf(read, parents, { metadata, spec });
    if (gateways.length === 0) return [];
    const regexes = spec.rules.reduce(
      (sum, { matches }) => sum + matches.reduce((n, match) => n + countRegexes(match), 0),
      0,
    );
    const weight = {
      ...identity("HTTPRoute", metadata),
      counts: { routes: 1, rules: spec.rules.length, ...(regexes > 0 && { regexes }) },
      hostnames: distinct((spec.hostnames ?? []).map(normalizeHostname)),
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

function gatewaysOf(
  read: Reader,
  parents: BudgetParents,
  { metadata, spec }: Pick<HttpRoute, "metadata" | "spec">,
): readonly NamespacedName[] {
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

function countRegexes({ path, headers = [], queryParams = [] }: HttpRouteMatch): number {
  return [path, ...headers, ...queryParams].filter(({ type }) => type === "RegularExpression").length;
}

/** Every host is no hostname. */
function distinct(hostnames: readonly Hostname[]): readonly Hostname[] {
  return [...new Set(hostnames)].filter((hostname) => hostname !== everyHost).sort();
}
