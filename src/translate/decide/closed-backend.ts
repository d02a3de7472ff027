import { gatewayResourceKey, type NamespacedName, parseNamespacedName } from "../../core/keys.ts";
import { parseClusterName } from "../envoy/names.ts";
import type { RoutingView } from "../pipeline.ts";

/** A cluster as the owner of a route sees it. */
export interface SeenCluster {
  readonly gateway: NamespacedName;
  readonly cluster: string;
  /** The namespace of the route. */
  readonly namespace: string;
}

/** Why nothing is sent to a cluster and its requests answer 503: TLS is wanted there, and cannot be spoken as it should be. */
export function closedBackend(
  view: Pick<RoutingView, "clusters">,
  { gateway, cluster, namespace }: SeenCluster,
): string | undefined {
  const tls = view.clusters.get(gatewayResourceKey(gateway, cluster))?.tls;
  if (tls?.kind !== "refused") return undefined;
  const { service, port } = parseClusterName(cluster);
  // What is wrong with a policy is for the namespace of its Service to know.
  if (parseNamespacedName(service).namespace !== namespace) {
    return `port ${port} of Service ${service} is to be spoken to in TLS, which cannot be done as it should be`;
  }
  return `BackendTLSPolicy ${tls.policy}: ${tls.message}`;
}
