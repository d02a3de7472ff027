/**
 * To which namespaces the addresses of endpoints belong. Whoever may write EndpointSlices could lead requests to another
 * team's pods, past every ReferenceGrant: https://nvd.nist.gov/vuln/detail/CVE-2021-25740
 */
import type { Collection, Grouped, Reader, Transform } from "../collection/collection.ts";
import type { Graph } from "../collection/graph.ts";
import type { EndpointSlice, Service } from "../core/kubernetes.ts";
import { serviceOfSlice } from "./endpoints.ts";

/** The addresses of pods that Kubernetes itself found for a Service, in the Service's namespace. */
export interface OwnedAddresses {
  readonly namespace: string;
  readonly addresses: readonly string[];
}

/** Lists the Services whose slices Kubernetes keeps: those with a selector. */
export const selectingServices: Transform<Service, true> = (_read, key, { spec }) =>
  Object.keys(spec.selector ?? {}).length > 0 ? [[key, true]] : [];

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
    const addresses = new Set((slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses));
    return [[key, { namespace: slice.metadata.namespace ?? "", addresses: [...addresses].sort() }]];
  };
}

/** Whether an address in a slice of a namespace is that of another namespace's pod. */
export function isForeign(
  read: Reader,
  owners: Grouped<OwnedAddresses>,
  { address, namespace }: { readonly address: string; readonly namespace: string },
): boolean {
  const found = [...(read.get(owners, address)?.values() ?? [])];
  return found.length > 0 && found.every((owner) => owner.namespace !== namespace);
}

/** What tells whose an address is. */
export interface EndpointOwners {
  /** Services with a selector. */
  readonly selecting: Collection<true>;
  /** By address. */
  readonly owners: Grouped<OwnedAddresses>;
}

/** Declares who owns which address. */
export function declareEndpointOwners(
  graph: Graph,
  services: Collection<Service>,
  slices: Collection<EndpointSlice>,
): EndpointOwners {
  const selecting = graph.derive("selectingServices", services, selectingServices);
  const owned = graph.derive("ownedAddresses", slices, ownedAddresses(selecting));
  return { selecting, owners: graph.groupBy("namespacesByAddress", [owned], ({ addresses }) => addresses) };
}
