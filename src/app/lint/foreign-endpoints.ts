import { Graph } from "../../collection/graph.ts";
import type { EndpointSlice, Service } from "../../core/kubernetes.ts";
import { declareEndpointOwners, isForeign, isKept } from "../../translate/endpoint-owners.ts";
import { objectsOfKind } from "../world/world.ts";
import type { LintRule } from "./lint-world.ts";

/**
 * Finds EndpointSlices that somebody wrote and that lead to pods or Services of another namespace, past every ReferenceGrant and
 * NetworkPolicy of that namespace (CVE-2021-25740): by the translator's own rule, on Gateways of every mode.
 */
export const foreignEndpoints: LintRule = ({ objects }) => {
  const graph = new Graph();
  const services = graph.source<Service>("services");
  const slices = graph.source<EndpointSlice>("slices");
  const { selecting, owners } = declareEndpointOwners(graph, services, slices);
  const findings = graph.derive("foreign", slices, (read, key, slice) => {
    if (slice.addressType === "FQDN" || isKept(read, selecting, slice)) return [];
    const { namespace = "" } = slice.metadata;
    const addresses = (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
    const foreign = [...new Set(addresses)]
      .filter((address) => isForeign(read, owners, { address, namespace }))
      .map((address) => {
        const others = [...(read.get(owners, address)?.values() ?? [])].map((owner) => owner.namespace);
        return `${address} (${[...new Set(others)].sort().join(", ")})`;
      });
    return foreign.length === 0 ? [] : [[key, foreign.sort().join(", ")]];
  });
  for (const { name, object } of objectsOfKind(objects, "Service")) services.set(name, object);
  const written = objectsOfKind(objects, "EndpointSlice");
  for (const { key, object } of written) slices.set(key, object);
  graph.flush();
  return written.flatMap(({ key }) => {
    const foreign = findings.get(key);
    if (foreign === undefined) return [];
    const message = `it is not made by Kubernetes and points at pods or Services of other namespaces: ${foreign}`;
    return [{ code: "GH0006", object: key, message }];
  });
};
