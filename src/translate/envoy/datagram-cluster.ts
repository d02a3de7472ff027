/** The cluster of a rule that forwards datagrams: all of its Services, each with its weight. */
import { EnvoyConfigClusterV3ClusterDiscoveryType as DiscoveryType } from "../../../proto/gen/types.ts";
import { encodeMessage } from "../../../proto/messages.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import type { WeightedEndpoint } from "../layer4/endpoint-weights.ts";
import { adsConfigSource } from "./ads.ts";
import { durationOf } from "./duration.ts";
import type { EdgeSettings } from "./edge-defaults.ts";
import { xdsResource } from "./resource.ts";

/** Prints the cluster. Its endpoints say where datagrams go, so that the listener stays as it is when backends change. */
export function printDatagramCluster(name: string, settings: EdgeSettings): XdsResource {
  const bytes = encodeMessage("envoy.config.cluster.v3.Cluster", {
    name,
    type: DiscoveryType.EDS,
    edsClusterConfig: { edsConfig: adsConfigSource },
    connectTimeout: durationOf(settings.connectTimeoutMs),
    // For datagrams a connection is a session.
    circuitBreakers: { thresholds: [{ maxConnections: { value: settings.backendConnections } }] },
    ignoreHealthOnHostRemoval: true,
  });
  return xdsResource("cluster", name, bytes);
}

/** Prints where its datagrams go. */
export function printDatagramEndpoints(cluster: string, endpoints: readonly WeightedEndpoint[]): XdsResource {
  const lbEndpoints = endpoints.map(({ address, port, weight }) => ({
    endpoint: { address: { socketAddress: { address, portValue: port } } },
    ...(weight > 1 && { loadBalancingWeight: { value: weight } }),
  }));
  const bytes = encodeMessage("envoy.config.endpoint.v3.ClusterLoadAssignment", {
    clusterName: cluster,
    ...(lbEndpoints.length > 0 && { endpoints: [{ lbEndpoints }] }),
  });
  return xdsResource("endpoint", cluster, bytes);
}
