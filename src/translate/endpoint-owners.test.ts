import { describe, expect, it } from "vitest";
import { Graph } from "../collection/graph.ts";
import { namespacedName } from "../core/keys.ts";
import type { EndpointSlice, Service } from "../core/kubernetes.ts";
import { declareEndpointOwners, isForeign } from "./endpoint-owners.ts";

const kept = { "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" };

function metadata(namespace: string, name: string) {
  return { namespace, name, generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" };
}

function service(namespace: string, name: string, spec: Partial<Service["spec"]>): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(namespace, name),
    spec: { type: "ClusterIP", ports: [{ port: 80, protocol: "TCP" }], ...spec },
  };
}

/** A slice that says Kubernetes keeps it. */
function slice(namespace: string, of: string, addresses: readonly string[]): EndpointSlice {
  const labels = { "kubernetes.io/service-name": of, ...kept };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata(namespace, `${of}-1`), labels },
    addressType: addresses.some((address) => address.includes(":")) ? "IPv6" : "IPv4",
    endpoints: [{ addresses }],
  };
}

/** Tells of an address whether it would be another namespace's in a slice that `shop` writes. */
function foreignAddresses(objects: readonly (Service | EndpointSlice)[]): (address: string) => boolean {
  const graph = new Graph();
  const services = graph.source<Service>("services");
  const slices = graph.source<EndpointSlice>("slices");
  const asked = graph.source<string>("asked");
  const { owners } = declareEndpointOwners(graph, services, slices);
  const answers = graph.derive("answers", asked, (read, key, address) => [
    [key, isForeign(read, owners, { address, namespace: "shop" })],
  ]);
  for (const object of objects) {
    const name = namespacedName(object.metadata.namespace, object.metadata.name);
    if (object.kind === "Service") services.set(name, object);
    else slices.set(name, object);
  }
  return (address) => {
    asked.set(address, address);
    graph.flush();
    return answers.get(address) ?? false;
  };
}

describe("an address in a slice that somebody wrote", () => {
  const pods = [
    service("bank", "vault", { selector: { app: "vault" } }),
    slice("bank", "vault", ["10.0.0.5"]),
    service("bank", "vault6", { selector: { app: "vault" } }),
    slice("bank", "vault6", ["2001:db8::a"]),
  ];

  it.each([
    ["a pod", "10.0.0.5", true],
    ["a pod in the notation of IPv6", "::ffff:10.0.0.5", true],
    ["a pod in the notation of IPv6, in groups", "0:0:0:0:0:FFFF:0a00:0005", true],
    ["a pod of IPv6", "2001:db8::a", true],
    ["a pod of IPv6, in capital letters", "2001:DB8::A", true],
    ["a pod of IPv6, with every zero", "2001:0db8:0:0:0:0:0:000a", true],
    ["nobody", "10.0.0.6", false],
    ["nobody, in the notation of IPv6", "::ffff:10.0.0.6", false],
  ])("is another namespace's, or not: %s", (_, address, want) => {
    expect(foreignAddresses(pods)(address)).toBe(want);
  });

  it("is another namespace's where it is that of a Service, which leads to the same pods", () => {
    const isForeignAddress = foreignAddresses([
      service("bank", "vault", { clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.7", "fd00::7"] }),
      service("bank", "headless", { clusterIP: "None", clusterIPs: ["None"] }),
      service("shop", "cart", { clusterIP: "10.96.0.8" }),
    ]);
    const asked = ["10.96.0.7", "::ffff:10.96.0.7", "fd00:0::7", "10.96.0.8", "None"];
    expect(asked.filter(isForeignAddress)).toEqual(["10.96.0.7", "::ffff:10.96.0.7", "fd00:0::7"]);
  });

  it("does not become a namespace's own by addresses that a Service may write down itself", () => {
    // These fields are no part of our types: nothing reads them.
    const written = { externalIPs: ["10.0.0.5"], loadBalancerIP: "10.0.0.5" } as Partial<Service["spec"]>;
    expect(foreignAddresses([...pods, service("shop", "cart", written)])("10.0.0.5")).toBe(true);
  });

  it("does not become a namespace's own by a Service with an external name, to whose slices nobody looks", () => {
    const own = [
      service("shop", "alias", { type: "ExternalName", externalName: "x.example", selector: { app: "cart" } }),
      slice("shop", "alias", ["10.0.0.5"]),
    ];
    expect(foreignAddresses([...pods, ...own])("10.0.0.5")).toBe(true);
  });

  it("is its own where Kubernetes found it for one of its Services too, as pods on a node's own address share it", () => {
    const own = [service("shop", "cart", { selector: { app: "cart" } }), slice("shop", "cart", ["10.0.0.5"])];
    expect(foreignAddresses([...pods, ...own])("10.0.0.5")).toBe(false);
  });
});
