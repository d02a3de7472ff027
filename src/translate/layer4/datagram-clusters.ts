/** The clusters of UDPRoutes: one for each rule and Gateway, with the endpoints of all its Services. */
import type { Collection, Transform } from "../../collection/collection.ts";
import type { Graph } from "../../collection/graph.ts";
import { gatewayResourceKey, parseGatewayResourceKey, parseObjectKey } from "../../core/keys.ts";
import type { EffectiveLimits } from "../../core/proxy-limits.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import { printDatagramCluster, printDatagramEndpoints } from "../envoy/datagram-cluster.ts";
import { datagramClusterName, parseClusterName } from "../envoy/names.ts";
import { defaultLimits, settingsOf } from "../limits.ts";
import type { EndpointAddress } from "../nodes.ts";
import type { Placement } from "../placement.ts";
import type { Layer4Backend, PortRoutes } from "../route-nodes.ts";
import { sameVersion } from "../same-version.ts";
import { type EndpointInputs, readAddresses } from "../upstreams.ts";
import { endpointWeights, type WeightedAddresses } from "./endpoint-weights.ts";

export interface DatagramClusterInputs {
  readonly portRoutes: Collection<PortRoutes>;
  /** By Gateway. */
  readonly limits: Collection<EffectiveLimits>;
  readonly endpoints: EndpointInputs;
  readonly placement: Placement;
}

export interface DatagramClusters {
  readonly nodes: Collection<DatagramClusterNode>;
  readonly clusters: Collection<XdsResource>;
  readonly endpoints: Collection<XdsResource>;
}

export function declareDatagramClusters(
  graph: Graph,
  { portRoutes, limits, endpoints, placement }: DatagramClusterInputs,
): DatagramClusters {
  const byCluster = graph.groupBy("datagramRoutesByCluster", [portRoutes], datagramClusterKeys);
  const nodes = graph.derive("datagramClusterNodes", byCluster, buildNode);
  return {
    nodes,
    clusters: graph.derive("datagramClusters", nodes, buildCluster(limits), sameVersion),
    endpoints: graph.derive("datagramEndpoints", nodes, buildEndpoints(endpoints, placement), sameVersion),
  };
}

/** Where the datagrams of a rule go. Keyed by gatewayResourceKey(gateway, cluster). */
export interface DatagramClusterNode {
  readonly name: string;
  readonly backends: readonly Layer4Backend[];
}

function datagramClusterKeys({ gateway, route }: PortRoutes): readonly string[] {
  return parseObjectKey(route).kind === "UDPRoute" ? [gatewayResourceKey(gateway, datagramClusterName(route))] : [];
}

/** On every listener of a Gateway a route has the same rule. */
const buildNode: Transform<ReadonlyMap<string, PortRoutes>, DatagramClusterNode> = (_read, key, members) => {
  const [first] = members.values();
  if (first === undefined) return [];
  return [[key, { name: parseGatewayResourceKey(key).name, backends: first.rule.backends }]];
};

function buildCluster(limits: Collection<EffectiveLimits>): Transform<DatagramClusterNode, XdsResource> {
  return (read, key, { name }) => {
    const ofGateway = read.get(limits, parseGatewayResourceKey(key).gateway) ?? defaultLimits;
    return [[key, printDatagramCluster(name, settingsOf(ofGateway))]];
  };
}

function buildEndpoints(inputs: EndpointInputs, placement: Placement): Transform<DatagramClusterNode, XdsResource> {
  return (read, key, { name, backends }) => {
    const { gateway } = parseGatewayResourceKey(key);
    const weighted = backends.flatMap((backend): readonly WeightedAddresses[] => {
      const { weight } = backend;
      if (weight === 0) return [];
      const addresses =
        backend.kind === "invalid"
          ? []
          : readAddresses(read, inputs, placement, { ...parseClusterName(backend.cluster), gateway });
      return [{ weight, addresses: addresses.length > 0 ? addresses : [nowhere] }];
    });
    return [[key, printDatagramEndpoints(name, endpointWeights(weighted))]];
  };
}

/** What has no endpoints keeps its share, which is dropped: at the proxy's own discard port. https://www.rfc-editor.org/rfc/rfc863 */
const nowhere: EndpointAddress = { address: "127.0.0.1", port: 9 };
