/** Clusters, endpoints and secrets: what routes and listeners of a Gateway refer to, each once for the Gateway. */
import type { Collection, Grouped, Reader, Transform } from "../collection/collection.ts";
import { gatewayResourceKey, type NamespacedName, parseGatewayResourceKey } from "../core/keys.ts";
import type { EndpointSlice } from "../core/kubernetes.ts";
import type { EffectiveLimits } from "../core/proxy-limits.ts";
import type { XdsResource } from "../core/xds-resource.ts";
import { findServicePort, type ServiceView } from "./backend.ts";
import { type ClusterTlsInputs, clusterNode, clusterSecrets } from "./backend-tls/cluster-tls.ts";
import { type CaBundle, joinAuthorities } from "./ca-bundle.ts";
import { type EndpointOwners, isForeign, isKept } from "./endpoint-owners.ts";
import { endpointAddresses } from "./endpoints.ts";
import { printCluster } from "./envoy/cluster.ts";
import { printEndpoints } from "./envoy/endpoint.ts";
import { caSecretName, parseCaSecretName, secretName } from "./envoy/names.ts";
import { printAuthorities, printSecret } from "./envoy/secret.ts";
import { defaultLimits, settingsOf } from "./limits.ts";
import type {
  Certificate,
  ClusterNode,
  EndpointAddress,
  EnvoyListener,
  OwnershipPolicy,
  TableRoutes,
} from "./nodes.ts";
import type { Placement } from "./placement.ts";

/** What needs clusters in the proxies of a Gateway. */
export type ClusterUser = Pick<TableRoutes, "gateway" | "clusters">;

/** The clusters that a route needs in a Gateway's proxies, for the index of routes by cluster. */
export function clusterKeys({ gateway, clusters }: ClusterUser): readonly string[] {
  return clusters.map((cluster) => gatewayResourceKey(gateway, cluster));
}

/** Gives each needed cluster once, however many routes need it. */
export function buildCluster(inputs: ClusterTlsInputs): Transform<ReadonlyMap<string, ClusterUser>, ClusterNode> {
  return (read, key) => [[key, clusterNode(read, inputs, key)]];
}

/** Prints a cluster with the limits of its Gateway. */
export function buildClusterResource(limits: Collection<EffectiveLimits>): Transform<ClusterNode, XdsResource> {
  return (read, key, node) => {
    const ofGateway = read.get(limits, node.gateway) ?? defaultLimits;
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

/** Prints the endpoints of a cluster; an empty list is told too. Routes play no part. One that may not send has none. */
export function buildEndpoints(inputs: EndpointInputs, placement: Placement): Transform<ClusterNode, XdsResource> {
  return (read, key, node) => {
    if (node.tls?.kind === "refused") return [];
    return [[key, printEndpoints(node.name, readAddresses(read, inputs, placement, node))]];
  };
}

/** The addresses behind a Service port, as far as the proxies of a Gateway may send anything to them. */
export function readAddresses(
  read: Reader,
  inputs: EndpointInputs,
  placement: Placement,
  {
    gateway,
    service,
    port,
    protocol,
  }: Pick<ClusterNode, "service" | "port" | "protocol"> & { readonly gateway: NamespacedName },
): readonly EndpointAddress[] {
  const known = read.get(inputs.services, service);
  const view = known && findServicePort(known, port, protocol === "udp" ? "UDP" : "TCP");
  const slices = read.get(inputs.slices, service)?.values() ?? [];
  const isAllowed = endpointCheck(read, inputs, gateway);
  return view === undefined ? [] : endpointAddresses(slices, view.name, placement, isAllowed);
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

/** The certificate and authorities that a cluster needs. */
export const upstreamSecrets: Transform<ClusterNode, SecretUser> = (_read, key, node) => {
  const secrets = clusterSecrets(node);
  return secrets.length === 0 ? [] : [[key, { gateway: node.gateway, secrets }]];
};

/** What needs secrets in the proxies of a Gateway, by their xDS names. */
export interface SecretUser {
  readonly gateway: NamespacedName;
  readonly secrets: readonly string[];
}

/** The certificates and authorities that a listener needs. */
export const listenerSecrets: Transform<EnvoyListener, SecretUser> = (_read, key, { gateway, chains }) => {
  const secrets = chains.flatMap(({ tls }) => {
    if (tls === undefined) return [];
    const configMaps = tls.clientValidation?.configMaps ?? [];
    return [...tls.secrets.map(secretName), ...(configMaps.length > 0 ? [caSecretName(configMaps)] : [])];
  });
  return secrets.length === 0 ? [] : [[key, { gateway, secrets: [...new Set(secrets)].sort() }]];
};

/** The secrets that somebody needs, for the index of users by secret. */
export function secretKeys({ gateway, secrets }: SecretUser): readonly string[] {
  return secrets.map((secret) => gatewayResourceKey(gateway, secret));
}

export interface SecretInputs {
  readonly certificates: Collection<Certificate>;
  readonly caBundles: Collection<CaBundle>;
}

/** Prints the certificate of a Secret, or the authorities of ConfigMaps, once for a Gateway, whoever refers to it. */
export function buildSecret({
  certificates,
  caBundles,
}: SecretInputs): Transform<ReadonlyMap<string, SecretUser>, XdsResource> {
  return (read, key) => {
    const { name } = parseGatewayResourceKey(key);
    const configMaps = parseCaSecretName(name);
    if (configMaps !== undefined) {
      const pem = joinAuthorities(read, caBundles, configMaps);
      return pem === "" ? [] : [[key, printAuthorities(name, pem)]];
    }
    // The xDS name of a Secret is its namespace and name.
    const certificate = read.get(certificates, name);
    return certificate?.kind === "valid" ? [[key, printSecret(name, certificate)]] : [];
  };
}
