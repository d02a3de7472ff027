/** Clusters, endpoints and secrets: what routes and listeners of a Gateway refer to, each once for the Gateway. */
import type { Collection, Grouped, Transform } from "../collection/collection.ts";
import { gatewayResourceKey, type NamespacedName, parseGatewayResourceKey } from "../core/keys.ts";
import type { EndpointSlice } from "../core/kubernetes.ts";
import type { XdsResource } from "../core/xds-resource.ts";
import type { ServiceView } from "./backend.ts";
import { endpointAddresses } from "./endpoints.ts";
import { printCluster } from "./envoy/cluster.ts";
import { printEndpoints } from "./envoy/endpoint.ts";
import { parseClusterName, secretName } from "./envoy/names.ts";
import { printSecret } from "./envoy/secret.ts";
import type { Certificate, ClusterNode, EnvoyListener, TableRoutes } from "./nodes.ts";
import type { Placement } from "./placement.ts";

/** The clusters that a route needs in a Gateway's proxies, for the index of routes by cluster. */
export function clusterKeys({ gateway, clusters }: TableRoutes): readonly string[] {
  return clusters.map((cluster) => gatewayResourceKey(gateway, cluster));
}

/** Gives each needed cluster once, however many routes need it. */
export const buildCluster: Transform<ReadonlyMap<string, TableRoutes>, ClusterNode> = (_read, key) => [
  [key, parseClusterName(parseGatewayResourceKey(key).name)],
];

/** Prints a cluster. */
export const buildClusterResource: Transform<ClusterNode, XdsResource> = (_read, key, node) => [
  [key, printCluster(node)],
];

/** Prints the endpoints of a cluster; an empty list is told too. Routes play no part. */
export function buildEndpoints(
  inputs: { readonly services: Collection<ServiceView>; readonly slices: Grouped<EndpointSlice> },
  placement: Placement,
): Transform<ClusterNode, XdsResource> {
  return (read, key, { name, service, port }) => {
    const view = read.get(inputs.services, service)?.ports.find((candidate) => candidate.port === port);
    const slices = read.get(inputs.slices, service);
    const addresses = view === undefined ? [] : endpointAddresses(slices?.values() ?? [], view.name, placement);
    return [[key, printEndpoints(name, addresses)]];
  };
}

/** The Secrets that a listener needs in the proxies, for the index of listeners by Secret. */
export function secretKeys({ gateway, chains }: EnvoyListener): readonly string[] {
  return chains.flatMap(({ tls }) =>
    (tls?.secrets ?? []).map((secret) => gatewayResourceKey(gateway, secretName(secret))),
  );
}

/** Prints the certificate of a Secret that listeners of a Gateway refer to. */
export function buildSecret(
  certificates: Collection<Certificate>,
): Transform<ReadonlyMap<string, EnvoyListener>, XdsResource> {
  return (read, key) => {
    // The xDS name of a Secret is its namespace and name.
    const name = parseGatewayResourceKey(key).name as NamespacedName;
    const certificate = read.get(certificates, name);
    return certificate?.kind === "valid" ? [[key, printSecret(secretName(name), certificate)]] : [];
  };
}
