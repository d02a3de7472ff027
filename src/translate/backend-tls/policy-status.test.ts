import { describe, expect, it } from "vitest";
import { Graph } from "../../collection/graph.ts";
import type { StatusUpdate } from "../../core/conditions.ts";
import { type NamespacedName, namespacedName } from "../../core/keys.ts";
import type { ServiceView } from "../backend.ts";
import { clusterName } from "../envoy/names.ts";
import type { DatagramClusterNode } from "../layer4/datagram-clusters.ts";
import type { ClusterNode } from "../nodes.ts";
import type { RefusedCluster } from "../quarantine/refused-clusters.ts";
import type { PolicyNode } from "./policy.ts";
import { policyStatus, reachesOfDatagrams, reachOfCluster, reachOfRefused, reachServices } from "./policy-status.ts";
import { findWinner, policyTargets } from "./port-tls.ts";

const cart = namespacedName("shop", "cart");

function policy(name: string, more: Partial<PolicyNode> = {}): PolicyNode {
  return {
    key: namespacedName("shop", name),
    generation: 3,
    createdAt: "2026-01-01T00:00:00Z",
    targets: [{ service: cart }],
    strangers: [],
    rejections: [],
    ...more,
  };
}

function createPolicies() {
  const graph = new Graph();
  const policies = graph.source<PolicyNode>("policies");
  const services = graph.source<ServiceView>("services");
  const clusters = graph.source<ClusterNode>("clusters");
  const refused = graph.source<RefusedCluster>("refused");
  const datagramNodes = graph.source<DatagramClusterNode>("datagramNodes");
  const byTarget = graph.groupBy("byTarget", [policies], policyTargets);
  const reaches = [
    graph.derive("clusterReaches", clusters, reachOfCluster),
    graph.derive("datagramReaches", datagramNodes, reachesOfDatagrams),
    graph.derive("refusedReaches", refused, reachOfRefused),
  ];
  const statuses = graph.derive<PolicyNode, StatusUpdate>(
    "statuses",
    policies,
    policyStatus({
      controllerName: "gatehouse.dev/gateway-controller",
      winners: graph.derive("winners", byTarget, findWinner),
      refusedAuthorities: graph.source<string>("refusedAuthorities"),
      services,
      reaches: graph.groupBy("reaches", reaches, reachServices),
    }),
  );
  const ports = [
    { name: "main", port: 443, protocol: "TCP" } as const,
    { name: "other", port: 444, protocol: "TCP" } as const,
  ];
  services.set(cart, { external: false, ports });
  const reach = (gateway: string, port: number, protocol: ClusterNode["protocol"] = "http1") => {
    const name = `${cart}/${port}/${protocol}`;
    clusters.set(`infra/${gateway}|${name}`, {
      name,
      gateway: namespacedName("infra", gateway),
      service: cart,
      port,
      protocol,
    });
  };
  const sendDatagrams = (service: NamespacedName, port: number) =>
    datagramNodes.set("infra/edge|udproute/shop/dns/rule/0", {
      name: "udproute/shop/dns/rule/0",
      backends: [
        { kind: "cluster", cluster: clusterName({ service, port, protocol: "udp" }), weight: 1 },
        {
          kind: "invalid",
          weight: 1,
          rejection: { condition: "ResolvedRefs", reason: "BackendNotFound", message: "" },
        },
      ],
    });
  const ancestors = (name = "one") => {
    graph.flush();
    const status = statuses.get(`BackendTLSPolicy/shop/${name}`);
    return status?.kind === "Policy" ? status.ancestors : [];
  };
  return { policies, services, clusters, refused, reach, sendDatagrams, ancestors };
}

type Policies = ReturnType<typeof createPolicies>;

const names = (world: Policies, name = "one") => world.ancestors(name).map(({ ancestorRef }) => ancestorRef.name);

describe("the ancestors of a policy", () => {
  it("are the Gateways that lead to its Service, by name, and no more than sixteen", () => {
    const world = createPolicies();
    world.policies.set("shop/one", policy("one"));
    expect(names(world)).toEqual([]);
    for (let index = 20; index > 0; index -= 1) world.reach(`gw-${String(index).padStart(2, "0")}`, 443);
    expect(names(world)).toEqual(Array.from({ length: 16 }, (_, index) => `gw-${String(index + 1).padStart(2, "0")}`));
    world.clusters.delete("infra/gw-03|shop/cart/443/http1");
    expect(names(world)).toHaveLength(16);
    expect(names(world)).not.toContain("gw-03");
    expect(world.ancestors()[0]?.ancestorRef).toEqual({
      ...{ group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "infra", name: "gw-01" },
    });
  });

  it("are those of its port, and not those that pass TLS on or send datagrams", () => {
    const world = createPolicies();
    world.policies.set("shop/one", policy("one", { targets: [{ service: cart, port: "main" }] }));
    world.reach("other", 444);
    world.reach("passing", 443, "passthrough");
    world.reach("datagrams", 443, "udp");
    expect(names(world)).toEqual([]);
    world.reach("connections", 443, "tcp");
    expect(names(world)).toEqual(["connections"]);
  });

  it("are told only of the targets that they lead to", () => {
    const world = createPolicies();
    const till = namespacedName("shop", "till");
    world.policies.set("shop/old", policy("old", { createdAt: "2025-01-01T00:00:00Z" }));
    world.policies.set("shop/one", policy("one", { targets: [{ service: cart }, { service: till }] }));
    world.reach("carts", 443);
    world.clusters.set("infra/tills|shop/till/443", {
      ...{
        name: "shop/till/443",
        gateway: namespacedName("infra", "tills"),
        service: till,
        port: 443,
        protocol: "http1",
      },
    });
    const reasons = world.ancestors().map(({ ancestorRef, conditions }) => [ancestorRef.name, conditions[0]?.reason]);
    expect(reasons).toEqual([
      ["carts", "Conflicted"],
      ["tills", "Accepted"],
    ]);
  });
});

describe("a policy for ports of UDP", () => {
  const dns = namespacedName("shop", "dns");
  const udp = { name: "datagrams", port: 53, protocol: "UDP" } as const;
  const tcp = { name: "streams", port: 53, protocol: "TCP" } as const;
  const told = (world: Policies) =>
    world
      .ancestors()
      .map(({ ancestorRef, conditions }) => [ancestorRef.name, conditions[0]?.reason, conditions[0]?.message]);

  it.each([
    { name: "all of its Service", ports: [udp], target: { service: dns }, what: "Service shop/dns" },
    {
      name: "one that it names",
      ports: [udp, tcp],
      target: { service: dns, port: "datagrams" },
      what: "port datagrams of Service shop/dns",
    },
  ])("is invalid, and says so to whoever sends datagrams there: $name", ({ ports, target, what }) => {
    const world = createPolicies();
    world.services.set(dns, { external: false, ports });
    world.policies.set("shop/one", policy("one", { targets: [target] }));
    expect(told(world)).toEqual([]);
    world.sendDatagrams(dns, 53);
    expect(told(world)).toEqual([["edge", "Invalid", `${what} is UDP: policies are for TCP only`]]);
  });

  it("counts for the other ports of its Service, and warns of those", () => {
    const world = createPolicies();
    world.services.set(dns, { external: false, ports: [udp, tcp] });
    world.policies.set("shop/one", policy("one", { targets: [{ service: dns }] }));
    world.sendDatagrams(dns, 53);
    expect(told(world)).toEqual([]);
    world.clusters.set("infra/gw|shop/dns/53/tcp", {
      ...{ name: "shop/dns/53/tcp", gateway: namespacedName("infra", "gw"), service: dns, port: 53, protocol: "tcp" },
    });
    const warning = "UDP ports of Service shop/dns are left out: policies are for TCP only";
    expect(told(world)).toEqual([["gw", "Accepted", warning]]);
  });
});

it("a policy whose cluster proxies have refused is told in Envoy's words, also when nothing leads there any more", () => {
  const world = createPolicies();
  world.policies.set("shop/one", policy("one"));
  const gateway: NamespacedName = namespacedName("infra", "edge");
  world.refused.set("infra/edge|shop/cart/443", {
    gateway,
    cluster: "shop/cart/443",
    namespace: "shop",
    words: "no such file",
  });
  expect(world.ancestors()).toMatchObject([
    {
      ancestorRef: { name: "edge" },
      conditions: [
        { type: "Accepted", status: "True" },
        { type: "ResolvedRefs", status: "True" },
        {
          type: "gatehouse.dev/Programmed",
          status: "False",
          reason: "RefusedByProxy",
          message: "proxies refuse port 443 of Service shop/cart: no such file",
          observedGeneration: 3,
        },
      ],
    },
  ]);
});
