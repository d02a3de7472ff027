/** Clusters, endpoints and secrets: what routes and listeners of a Gateway refer to, each once for the Gateway. */
import type { Collection, Grouped, Reader, Transform } from "../collection/collection.ts";
import { gatewayResourceKey, type NamespacedName, parseGatewayResourceKey } from "../core/keys.ts";
import type { EndpointSlice } from "../core/kubernetes.ts";
import type { EffectiveLimits } from "../core/proxy-limits.ts";
import type { XdsResource } from "../core/xds-resource.ts";
import type { ServiceView } from "./backend.ts";
import { type EndpointOwners, isForeign, isKept } from "./endpoint-owners.ts";
import { endpointAddresses } from "./endpoints.ts";
import { printCluster } from "./envoy/cluster.ts";
import { printEndpoints } from "./envoy/endpoint.ts";
import { parseClusterName, secretName } from "./envoy/names.ts";
import { printSecret } from "./envoy/secret.ts";
import { defaultLimits, settingsOf } from "./limits.ts";
import type { Certificate, ClusterNode, EnvoyListener, OwnershipPolicy, TableRoutes } from "./nodes.ts";
import type { Placement } from "./placement.ts";

/** The clusters that a route needs in a Gateway's proxies, for the index of routes by cluster. */
export function clusterKeys({ gateway, clusters }: TableRoutes): readonly string[] {
  return clusters.map((cluster) => gatewayResourceKey(gateway, cluster));
}

/** Gives each needed cluster once, however many routes need it. */
export const buildCluster: Transform<ReadonlyMap<string, TableRoutes>, ClusterNode> = (_read, key) => [
  [key, parseClusterName(parseGatewayResourceKey(key).name)],
];

/** Prints a cluster with the limits of its Gateway. */
export function buildClusterResource(limits: Collection<EffectiveLimits>): Transform<ClusterNode, XdsResource> {
  return (read, key, node) => {
    const ofGateway = read.get(limits, parseGatewayResourceKey(key).gateway) ?? defaultLimits;
    return [[key, printCluster(node, settingsOf(ofGateway))]];
  };
}

export interface EndpointInputs extends EndpointOwners {
  readonly services: Collection<ServiceView>;
  /** By Service. */
  readonly slices: Grouped<EndpointSlice>;
  /** By Gateway. */
  readonly policies: Collection<OwnershipPolicy>;
}

/** Prints the endpoints of a cluster; an empty list is told too. Routes play no part. */
export function buildEndpoints(inputs: EndpointInputs, placement: Placement): Transform<ClusterNode, XdsResource> {
  return (read, key, { name, service, port }) => {
    const view = read.get(inputs.services, service)?.ports.find((candidate) => candidate.port === port);
    const slices = read.get(inputs.slices, service);
    const { gateway } = parseGatewayResourceKey(key);
    const isAllowed = endpointCheck(read, inputs, gateway);
    const found = slices?.values() ?? [];
    const addresses = view === undefined ? [] : endpointAddresses(found, view.name, placement, isAllowed);
    return [[key, printEndpoints(name, addresses)]];
  };
}

/** Which addresses the Gateway sends requests to: of those that people wrote down themselves, none of another namespace. */
function endpointCheck(read: Reader, { selecting, owners, policies }: EndpointInputs, gateway: NamespacedName) {
  return (slice: EndpointSlice, address: string): boolean => {
    if (isKept(read, selecting, slice)) return true;
    const policy = read.get(policies, gateway);
    if (policy?.mode !== "Enforce" || policy.foreignEndpoints === "Allowed") return true;
    return !isForeign(read, owners, { address, namespace: slice.metadata.namespace ?? "" });
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
