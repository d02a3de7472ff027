/**
 * To which namespaces the addresses of endpoints belong. Whoever may write EndpointSlices could lead requests to another
 * team's pods, past every ReferenceGrant: https://nvd.nist.gov/vuln/detail/CVE-2021-25740
 *
 * Addresses are compared as hosts, in one spelling: a slice may have any.
 */
import type { Collection, Grouped, Reader, Transform } from "../collection/collection.ts";
import type { Graph } from "../collection/graph.ts";
import type { EndpointSlice, KubernetesObject, Service } from "../core/kubernetes.ts";
import { serviceOfSlice } from "./endpoints.ts";
import { hostAddress } from "./ip-address.ts";

/** The addresses of a Service, or of the pods that Kubernetes itself found for it, in the Service's namespace. */
export interface OwnedAddresses {
  readonly namespace: string;
  readonly addresses: readonly string[];
}

/** Lists the Services whose slices Kubernetes keeps: those with a selector, unless their name stands for something else. */
export const selectingServices: Transform<Service, true> = (_read, key, { spec }) =>
  spec.type !== "ExternalName" && Object.keys(spec.selector ?? {}).length > 0 ? [[key, true]] : [];

const controller = "endpointslice-controller.k8s.io";

/**
 * Whether Kubernetes itself keeps the slice. It takes away what others put into the slices of a Service with a selector; to
 * those of a Service without one nobody looks, whatever their labels say.
 */
export function isKept(read: Reader, selecting: Collection<true>, slice: EndpointSlice): boolean {
  if (slice.metadata.labels?.["endpointslice.kubernetes.io/managed-by"] !== controller) return false;
  return serviceOfSlice(slice).some((service) => read.get(selecting, service) === true);
}

/** Gives the addresses of a slice that Kubernetes keeps. */
export function ownedAddresses(selecting: Collection<true>): Transform<EndpointSlice, OwnedAddresses> {
  return (read, key, slice) => {
    if (!isKept(read, selecting, slice)) return [];
    return owned(
      key,
      slice,
      (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses),
    );
  };
}

/**
 * Gives the addresses that the API server has given to a Service, and to no other: what is sent there comes to its pods. What
 * a Service may write down itself, such as external addresses, says nothing about whose they are.
 */
export const serviceAddresses: Transform<Service, OwnedAddresses> = (_read, key, service) => {
  const { clusterIP, clusterIPs = [] } = service.spec;
  return owned(key, service, [...(clusterIP === undefined ? [] : [clusterIP]), ...clusterIPs]);
};

function owned(
  key: string,
  { metadata }: KubernetesObject,
  addresses: readonly string[],
): readonly (readonly [string, OwnedAddresses])[] {
  const hosts = new Set(addresses.map(hostAddress).filter((host) => host !== undefined));
  return hosts.size === 0 ? [] : [[key, { namespace: metadata.namespace ?? "", addresses: [...hosts].sort() }]];
}

/** Whether an address in a slice of a namespace is that of another namespace's pod or Service. */
export function isForeign(
  read: Reader,
  owners: Grouped<OwnedAddresses>,
  { address, namespace }: { readonly address: string; readonly namespace: string },
): boolean {
  const found = [...(read.get(owners, hostAddress(address) ?? address)?.values() ?? [])];
  return found.length > 0 && found.every((owner) => owner.namespace !== namespace);
}

/** What tells whose an address is. */
export interface EndpointOwners {
  /** Services with a selector. */
  readonly selecting: Collection<true>;
  /** By {@link hostAddress}. */
  readonly owners: Grouped<OwnedAddresses>;
}

/** Declares who owns which address. */
export function declareEndpointOwners(
  graph: Graph,
  services: Collection<Service>,
  slices: Collection<EndpointSlice>,
): EndpointOwners {
  const selecting = graph.derive("selectingServices", services, selectingServices);
  const ofPods = graph.derive("ownedAddresses", slices, ownedAddresses(selecting));
  const ofServices = graph.derive("serviceAddresses", services, serviceAddresses);
  const owners = graph.groupBy("namespacesByAddress", [ofPods, ofServices], ({ addresses }) => addresses);
  return { selecting, owners };
}
