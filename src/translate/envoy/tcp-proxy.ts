import type {
  EnvoyConfigListenerV3Filter,
  EnvoyExtensionsFiltersNetworkTcpProxyV3TcpProxy,
} from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import { isPassedOn } from "../layer4/chain-places.ts";
import type { EnvoyListener, Layer4Chain } from "../nodes.ts";
import type { PortRoutes } from "../route-nodes.ts";
import { forwardedAccessLogs } from "./access-log.ts";
import { durationOf } from "./duration.ts";
import type { EdgeSettings } from "./edge-defaults.ts";
import { invalidBackendCluster, passthroughClusterName } from "./names.ts";

/** Prints what forwards the connections of one listener to the backends of a route; without a route they are closed. */
export function tcpProxy(
  chain: Layer4Chain,
  route: PortRoutes | undefined,
  { node, settings }: { readonly node: EnvoyListener; readonly settings: EdgeSettings },
): EnvoyConfigListenerV3Filter {
  const config: EnvoyExtensionsFiltersNetworkTcpProxyV3TcpProxy = {
    statPrefix: node.name,
    ...destination(route, chain),
    idleTimeout: durationOf(settings.idleConnectionTimeoutMs),
    // An endpoint that is just gone costs a client no connection while others are there.
    maxConnectAttempts: { value: connectAttempts },
    accessLog: forwardedAccessLogs(node, chain, route),
  };
  return {
    name: "envoy.filters.network.tcp_proxy",
    typedConfig: anyOf("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", config),
  };
}

const connectAttempts = 3;

/** Invalid backends keep their share: what comes to the cluster that exists nowhere is closed. Envoy takes no weight of 0. */
function destination(
  route: PortRoutes | undefined,
  chain: Layer4Chain,
): EnvoyExtensionsFiltersNetworkTcpProxyV3TcpProxy {
  const weights = new Map<string, number>();
  for (const backend of route?.rule.backends ?? []) {
    const name = backend.kind === "invalid" ? invalidBackendCluster : clusterFor(backend.cluster, chain);
    if (backend.weight > 0) weights.set(name, (weights.get(name) ?? 0) + backend.weight);
  }
  const clusters = [...weights].map(([name, weight]) => ({ name, weight }));
  const [only] = clusters;
  if (clusters.length > 1) return { weightedClusters: { clusters } };
  return { cluster: only?.name ?? invalidBackendCluster };
}

function clusterFor(cluster: string, chain: Layer4Chain): string {
  return isPassedOn(chain) ? passthroughClusterName(cluster) : cluster;
}
