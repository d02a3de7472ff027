import type {
  EnvoyConfigListenerV3Filter,
  EnvoyExtensionsFiltersNetworkTcpProxyV3TcpProxy,
} from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import type { EnvoyListener, Layer4Chain } from "../nodes.ts";
import type { PortRoutes } from "../route-nodes.ts";
import { forwardedAccessLogs } from "./access-log.ts";
import { durationOf } from "./duration.ts";
import type { EdgeSettings } from "./edge-defaults.ts";
import { invalidBackendCluster, passthroughClusterName } from "./names.ts";

/**
 * Prints what forwards the connections of one listener to the backends of a route; without a route they are closed. A route
 * is printed once for all prints of its listener, which come with each change of any route of the port: with a thousand of
 * them a print takes 25 ms instead of 250.
 */
export function tcpProxies(
  chain: Layer4Chain,
  node: EnvoyListener,
  settings: EdgeSettings,
): (route: PortRoutes | undefined) => EnvoyConfigListenerV3Filter {
  const { name, accessLog } = node;
  const key = JSON.stringify([name, chain.protocol, isPassed(chain), settings.idleConnectionTimeoutMs, accessLog]);
  return (route) => {
    if (route === undefined) return tcpProxy(chain, route, { node, settings });
    const filters = printed.get(route) ?? new Map<string, EnvoyConfigListenerV3Filter>();
    printed.set(route, filters);
    const filter = filters.get(key) ?? tcpProxy(chain, route, { node, settings });
    filters.set(key, filter);
    return filter;
  };
}

const printed = new WeakMap<PortRoutes, Map<string, EnvoyConfigListenerV3Filter>>();

function tcpProxy(
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
  return isPassed(chain) ? passthroughClusterName(cluster) : cluster;
}

function isPassed({ protocol, tls }: Layer4Chain): boolean {
  return protocol === "TLS" && tls === undefined;
}
