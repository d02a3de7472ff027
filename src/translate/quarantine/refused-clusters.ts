/** Clusters that the proxies of a Gateway have refused. */
import type { Transform } from "../../collection/collection.ts";
import type { Rejection } from "../../core/conditions.ts";
import {
  gatewayResourceKey,
  type NamespacedName,
  type ObjectKey,
  parseNamespacedName,
  parseObjectKey,
} from "../../core/keys.ts";
import type { Quarantine } from "../../core/quarantine.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import { type ClusterTlsInputs, clusterNode } from "../backend-tls/cluster-tls.ts";
import { parseClusterName } from "../envoy/names.ts";
import type { ClusterNode } from "../nodes.ts";
import type { Backend, BoundRoute, Mirror, RouteRule } from "../route-nodes.ts";

/** A cluster that is not sent again. Keyed by gatewayResourceKey(gateway, cluster). */
export interface RefusedCluster {
  readonly gateway: NamespacedName;
  readonly cluster: string;
  /** The namespace of its Service: to others Envoy's words are not told. */
  readonly namespace: string;
  readonly words: string;
}

/** Finds the clusters of a Service that were refused as they would be printed now. */
export function findRefusedClusters(
  backendTls: ClusterTlsInputs,
  print: Transform<ClusterNode, XdsResource>,
): Transform<ReadonlyMap<string, Quarantine>, RefusedCluster> {
  return (read, object, quarantines) => {
    // Quarantines are grouped by object.
    const { kind, name } = parseObjectKey(object as ObjectKey);
    if (kind !== "Service") return [];
    const found = new Map<string, RefusedCluster>();
    for (const { spec } of quarantines.values()) {
      // The parse boundary: whoever may write quarantines is trusted with what they say.
      const gateway = spec.gateway as NamespacedName;
      const key = gatewayResourceKey(gateway, spec.part);
      const node = clusterNode(read, backendTls, key);
      if (node.service !== name) continue;
      for (const [, { version }] of print(read, key, node)) {
        if (!spec.hashes.includes(version)) continue;
        const { namespace = "" } = parseNamespacedName(name);
        found.set(key, { gateway, cluster: spec.part, namespace, words: spec.words });
      }
    }
    return found;
  };
}

type RefusedClusters = ReadonlyMap<string, RefusedCluster> | undefined;

/** The rule without what would go to refused clusters: that share of its requests answers 500, as with any invalid backend. */
export function withoutClusters(
  rule: RouteRule,
  route: Pick<BoundRoute, "namespace">,
  refused: RefusedClusters,
): RouteRule {
  if (refused === undefined || refused.size === 0) return rule;
  const byName = new Map([...refused.values()].map((each) => [each.cluster, each]));
  const isServed = ({ cluster }: Mirror) => !byName.has(cluster);
  const withMirrors = <T extends { readonly mirrors: readonly Mirror[] }>(filters: T): T =>
    filters.mirrors.every(isServed) ? filters : { ...filters, mirrors: filters.mirrors.filter(isServed) };
  const backends = rule.backends.map((backend): Backend => {
    if (backend.kind === "invalid") return backend;
    const found = byName.get(backend.cluster);
    if (found === undefined) return { ...backend, filters: withMirrors(backend.filters) };
    return { kind: "invalid", weight: backend.weight, rejection: refusedBackend(found, route) };
  });
  return { ...rule, backends, filters: withMirrors(rule.filters) };
}

/** What makes a backend invalid whose cluster is refused. */
export function refusedBackend(found: RefusedCluster, route: Pick<BoundRoute, "namespace">): Rejection {
  return {
    condition: "PartiallyInvalid",
    reason: "UnsupportedValue",
    message: describeRefusedCluster(found, route),
  };
}

/** What of a rule leads to clusters. */
export interface RuleWithBackends extends Pick<RouteRule, "broken"> {
  readonly backends: readonly (
    | Pick<Extract<Backend, { readonly kind: "cluster" }>, "kind" | "cluster">
    | { readonly kind: "invalid" }
  )[];
}

/** The refused clusters that a rule would send requests to. */
export function clustersOfRule(rule: RuleWithBackends, refused: RefusedClusters): readonly RefusedCluster[] {
  if (refused === undefined || refused.size === 0 || rule.broken !== undefined) return [];
  const names = new Set(rule.backends.flatMap((backend) => (backend.kind === "cluster" ? [backend.cluster] : [])));
  return [...refused.values()].filter(({ cluster }) => names.has(cluster));
}

/** To a route of another namespace nothing is told of what Envoy says about a Service that is not its own. */
export function describeRefusedCluster(
  { cluster, namespace, words }: RefusedCluster,
  route: Pick<BoundRoute, "namespace">,
): string {
  const { service, port } = parseClusterName(cluster);
  const what = `proxies refuse port ${port} of Service ${service}`;
  return route.namespace === namespace ? `${what}: ${words}` : what;
}
