import type { EnvoyConfigEndpointV3LbEndpoint } from "../../../proto/gen/types.ts";
import { encodeMessage } from "../../../proto/messages.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import type { EndpointAddress } from "../nodes.ts";
import { xdsResource } from "./resource.ts";

/** Prints the endpoints of a cluster, in an order of their own. None is said explicitly: the proxy answers 503. */
export function printEndpoints(cluster: string, endpoints: readonly EndpointAddress[]): XdsResource {
  const sorted = lbEndpoints(endpoints);
  const bytes = encodeMessage("envoy.config.endpoint.v3.ClusterLoadAssignment", {
    clusterName: cluster,
    ...(sorted.length > 0 && { endpoints: [{ lbEndpoints: sorted }] }),
  });
  return xdsResource("endpoint", cluster, bytes);
}

function lbEndpoints(endpoints: readonly EndpointAddress[]): readonly EnvoyConfigEndpointV3LbEndpoint[] {
  return [...endpoints].sort(compareEndpoints).map(({ address, port }) => ({
    endpoint: { address: { socketAddress: { address, portValue: port } } },
  }));
}

function compareEndpoints(a: EndpointAddress, b: EndpointAddress): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return a.port - b.port;
}
