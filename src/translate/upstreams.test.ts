import { describe, expect, it } from "vitest";
import { decodeMessage } from "../../proto/messages.ts";
import { Graph } from "../collection/graph.ts";
import { gatewayResourceKey, type NamespacedName, namespacedName, objectKey } from "../core/keys.ts";
import type { EndpointSlice } from "../core/kubernetes.ts";
import type { ServiceView } from "./backend.ts";
import type { PortTls } from "./backend-tls/upstream-tls.ts";
import type { CaBundle } from "./ca-bundle.ts";
import { ownedAddresses } from "./endpoint-owners.ts";
import { serviceOfSlice } from "./endpoints.ts";
import type { Certificate, EnvoyListener, OwnershipPolicy, TableRoutes } from "./nodes.ts";
import {
  buildCluster,
  buildClusterResource,
  buildEndpoints,
  buildSecret,
  clusterKeys,
  listenerSecrets,
  secretKeys,
} from "./upstreams.ts";

const edge = namespacedName("infra", "edge");
const inner = namespacedName("infra", "inner");

function needs(gateway: typeof edge, ...clusters: readonly string[]): TableRoutes {
  return {
    kind: "routes",
    route: objectKey("HTTPRoute", namespacedName("shop", "cart")),
    namespace: "shop",
    gateway,
    table: "http-80",
    hosts: [],
    entries: [],
    clusters,
  };
}

function createUpstreams() {
  const graph = new Graph();
  const routes = graph.source<TableRoutes>("routes");
  const services = graph.source<ServiceView>("services");
  const sources = graph.source<EndpointSlice>("slices");
  const slices = graph.groupBy("slicesByService", [sources], serviceOfSlice);
  const selecting = graph.source<true>("selecting");
  const owned = graph.derive("owned", sources, ownedAddresses(selecting));
  const owners = graph.groupBy("owners", [owned], ({ addresses }) => addresses);
  const policies = graph.source<OwnershipPolicy>("policies");
  const backendTls = {
    portTls: graph.source<PortTls>("portTls"),
    backendCertificates: graph.source<NamespacedName>("backendCertificates"),
    refusedAuthorities: graph.source<string>("refusedAuthorities"),
  };
  const clusters = graph.derive("clusters", graph.groupBy("users", [routes], clusterKeys), buildCluster(backendTls));
  const resources = graph.derive("resources", clusters, buildClusterResource(graph.source("limits")));
  const endpoints = graph.derive(
    "endpoints",
    clusters,
    buildEndpoints({ services, slices, selecting, owners, policies }, { kind: "standalone", bindAddresses: [] }),
  );
  return { graph, routes, services, selecting, policies, slices: sources, resources, endpoints };
}

function slice(
  name: string,
  address: string,
  { namespace = "shop", service = "cart", ...more }: Readonly<Record<string, string>> = {},
): EndpointSlice {
  const labels = { "kubernetes.io/service-name": service, ...more };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace, labels, generation: 1, creationTimestamp: "1970-01-01T00:00:00Z" },
    addressType: "IPv4",
    ports: [{ name: "web", port: 8080, protocol: "TCP" }],
    endpoints: [{ addresses: [address] }],
  };
}

const cart: ServiceView = { external: false, ports: [{ name: "web", port: 80, protocol: "TCP" }] };

describe("clusters", () => {
  it("are there once for each Gateway whose routes need them, and go with the last", () => {
    const { graph, routes, resources } = createUpstreams();
    routes.set("a", needs(edge, "shop/cart/80", "shop/canary/80"));
    routes.set("b", needs(edge, "shop/cart/80"));
    routes.set("c", needs(inner, "shop/cart/80"));
    graph.flush();
    const names = () => [...resources.entries()].map(([key]) => key).sort();
    expect(names()).toEqual(["infra/edge|shop/canary/80", "infra/edge|shop/cart/80", "infra/inner|shop/cart/80"]);
    routes.delete("a");
    graph.flush();
    expect(names()).toEqual(["infra/edge|shop/cart/80", "infra/inner|shop/cart/80"]);
    routes.delete("b");
    graph.flush();
    expect(names()).toEqual(["infra/inner|shop/cart/80"]);
  });
});

describe("endpoints", () => {
  function addresses(world: ReturnType<typeof createUpstreams>): readonly (string | undefined)[] | undefined {
    const resource = world.endpoints.get(gatewayResourceKey(edge, "shop/cart/80"));
    if (resource === undefined) return undefined;
    const { endpoints = [] } = decodeMessage("envoy.config.endpoint.v3.ClusterLoadAssignment", resource.bytes);
    return endpoints.flatMap(({ lbEndpoints = [] }) =>
      lbEndpoints.map(({ endpoint }) => endpoint?.address?.socketAddress?.address),
    );
  }

  it("are told for each cluster, also while there are none", () => {
    const world = createUpstreams();
    world.routes.set("a", needs(edge, "shop/cart/80"));
    world.graph.flush();
    expect(addresses(world)).toEqual([]);
    world.slices.set("shop/cart-1", slice("cart-1", "192.0.2.2"));
    world.graph.flush();
    expect(addresses(world)).toEqual([]);
    world.services.set("shop/cart", cart);
    world.slices.set("shop/cart-2", slice("cart-2", "192.0.2.1"));
    world.graph.flush();
    expect(addresses(world)).toEqual(["192.0.2.1", "192.0.2.2"]);
    world.slices.delete("shop/cart-2");
    world.graph.flush();
    expect(addresses(world)).toEqual(["192.0.2.2"]);
  });

  describe("of other namespaces", () => {
    const kept = { "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" };
    const enforcing: OwnershipPolicy = {
      mode: "Enforce",
      uniqueness: "Namespace",
      unclaimedHostnames: "Allowed",
      acmeChallenges: "Allowed",
      foreignEndpoints: "Refused",
      gatewayNamespace: "infra",
    };

    function withVictim(policy: OwnershipPolicy | undefined, own: { readonly hasSelector: boolean }, labels = {}) {
      const world = createUpstreams();
      if (policy !== undefined) world.policies.set("infra/edge", policy);
      world.routes.set("a", needs(edge, "shop/cart/80"));
      world.services.set("shop/cart", cart);
      if (own.hasSelector) world.selecting.set("shop/cart", true);
      world.services.set("bank/vault", cart);
      world.selecting.set("bank/vault", true);
      world.slices.set(
        "bank/vault-1",
        slice("vault-1", "192.0.2.66", { namespace: "bank", service: "vault", ...kept }),
      );
      world.slices.set("shop/cart-1", slice("cart-1", "192.0.2.66", labels));
      world.slices.set("shop/cart-2", slice("cart-2", "192.0.2.2", labels));
      world.graph.flush();
      return world;
    }

    it("are left out of slices that people write", () => {
      expect(addresses(withVictim(enforcing, { hasSelector: false }))).toEqual(["192.0.2.2"]);
    });

    it("are left out whatever the labels of the slice say", () => {
      expect(addresses(withVictim(enforcing, { hasSelector: false }, kept))).toEqual(["192.0.2.2"]);
    });

    it("are left out of slices beside those that Kubernetes keeps", () => {
      expect(addresses(withVictim(enforcing, { hasSelector: true }))).toEqual(["192.0.2.2"]);
    });

    it("stay where Kubernetes itself wrote them, as pods on a node's own address share it", () => {
      expect(addresses(withVictim(enforcing, { hasSelector: true }, kept))).toEqual(["192.0.2.2", "192.0.2.66"]);
    });

    it.each<[string, OwnershipPolicy | undefined]>([
      ["where the class allows them", { ...enforcing, foreignEndpoints: "Allowed" }],
      ["where nothing is enforced", { ...enforcing, mode: "Off" }],
      ["on a Gateway that only warns", { ...enforcing, mode: "Warn" }],
    ])("stay %s", (_, policy) => {
      expect(addresses(withVictim(policy, { hasSelector: false }))).toEqual(["192.0.2.2", "192.0.2.66"]);
    });

    it("come back once the other namespace's pod is gone", () => {
      const world = withVictim(enforcing, { hasSelector: false });
      world.slices.delete("bank/vault-1");
      world.graph.flush();
      expect(addresses(world)).toEqual(["192.0.2.2", "192.0.2.66"]);
    });
  });

  it("change no cluster", () => {
    const world = createUpstreams();
    world.routes.set("a", needs(edge, "shop/cart/80"));
    world.services.set("shop/cart", cart);
    world.graph.flush();
    world.slices.set("shop/cart-1", slice("cart-1", "192.0.2.2"));
    expect([...world.graph.flush().of(world.resources)]).toEqual([]);
  });
});

describe("secrets", () => {
  const listener = (...secrets: readonly string[]): EnvoyListener => ({
    gateway: edge,
    name: "https-443",
    port: 443,
    addresses: ["127.0.0.1"],
    bindPort: 10443,
    chains: [
      {
        kind: "http",
        table: "https-443-*",
        tls: { hostname: "", secrets: secrets.map((name) => namespacedName("infra", name)) },
      },
      { kind: "http", table: "http-80" },
    ],
  });

  it("are those that listeners refer to and that are valid", () => {
    const graph = new Graph();
    const listeners = graph.source<EnvoyListener>("listeners");
    const certificates = graph.source<Certificate>("certificates");
    const caBundles = graph.source<CaBundle>("caBundles");
    const users = graph.groupBy("users", [graph.derive("needed", listeners, listenerSecrets)], secretKeys);
    const secrets = graph.derive("secrets", users, buildSecret({ certificates, caBundles }));
    certificates.set("infra/good", { kind: "valid", chainPem: "chain", keyPem: "key" });
    certificates.set("infra/bad", { kind: "invalid", message: "is not one" });
    certificates.set("infra/unused", { kind: "valid", chainPem: "chain", keyPem: "key" });
    listeners.set("one", listener("good", "bad", "missing"));
    listeners.set("two", listener("good"));
    graph.flush();
    expect([...secrets.entries()].map(([key, { name }]) => [key, name])).toEqual([
      ["infra/edge|infra/good", "infra/good"],
    ]);
  });
});
