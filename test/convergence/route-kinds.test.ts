import { expect, it } from "vitest";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import { edge, ModelWorld } from "./model-world.ts";

const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: web, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
    - { name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough }, allowedRoutes: { namespaces: { from: All } } }
    - { name: tcp, port: 9000, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }
    - { name: udp, port: 9000, protocol: UDP, allowedRoutes: { namespaces: { from: All } } }
---
apiVersion: v1
kind: Service
metadata: { name: one, namespace: shop }
spec: { ports: [{ name: tcp, port: 80 }, { name: udp, port: 53, protocol: UDP }] }
---
apiVersion: v1
kind: Service
metadata: { name: two, namespace: shop }
spec: { ports: [{ name: tcp, port: 80 }, { name: udp, port: 53, protocol: UDP }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: two-1, namespace: shop, labels: { kubernetes.io/service-name: two } }
addressType: IPv4
ports: [{ name: tcp, port: 80 }, { name: udp, port: 53, protocol: UDP }]
endpoints: [{ addresses: [192.0.2.1] }]
`;

const kinds = [
  { kind: "GRPCRoute", hostnames: "hostnames: [a.example.com], ", port: 80, carrier: "route/http-80" },
  { kind: "TLSRoute", hostnames: "hostnames: [a.example.com], ", port: 80, carrier: "listener/https-443" },
  { kind: "TCPRoute", hostnames: "", port: 80, carrier: "listener/tcp-9000" },
  { kind: "UDPRoute", hostnames: "", port: 53, carrier: "endpoint/udproute/shop/app/rule/0" },
] as const;

it.each(kinds)(
  "a $kind has arrived when proxies have $carrier, and not before",
  async ({ kind, hostnames, port, carrier }) => {
    const route = (service: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: app, namespace: shop }
spec: { parentRefs: [{ name: edge, namespace: infra }], ${hostnames}rules: [{ backendRefs: [{ name: ${service}, port: ${port} }] }] }
`;
    const world = new ModelWorld();
    for (const text of [gateway, route("one")]) world.apply(text);
    world.flush();
    const proxy = world.connect(edge);
    world.settle();
    const told = async () => (await world.report(kind, "shop/app")).message;
    expect(await told()).toBe("generation 1 is acknowledged by all proxies, 1 of 1");
    world.apply(route("two"), 2);
    world.flush();
    proxy.acknowledge(world.table, (type, name) => `${type}/${name}` !== carrier);
    expect(await told()).toBe("generation 2 is acknowledged by 0 of 1 proxies of infra/edge");
    const explained = async () => {
      const { parents } = await world.explainer.explainRoute({ kind, namespace: "shop", name: "app" });
      return parents[0]?.listeners.flatMap(({ acknowledgement }) => acknowledgement?.acknowledged ?? []);
    };
    expect(await explained()).toEqual([0]);
    world.settle();
    expect(await told()).toBe("generation 2 is acknowledged by all proxies, 1 of 1");
    expect(await explained()).toEqual([1]);
  },
);

it.each(kinds)("a $kind that names no Gateway of ours never arrives", async ({ kind, hostnames, port }) => {
  const world = new ModelWorld();
  world.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: app, namespace: shop }
spec: { parentRefs: [{ name: other, namespace: infra }], ${hostnames}rules: [{ backendRefs: [{ name: one, port: ${port} }] }] }
`);
  world.flush();
  const { state, reason } = await world.report(kind, "shop/app");
  expect([state, reason]).toEqual(["never", "NotAttached"]);
});

it("a Gateway of layer-4 listeners has arrived with its listeners, which no table belongs to", () => {
  const world = new ModelWorld();
  world.apply(gateway);
  world.flush();
  const proxy = world.connect(edge);
  const key = objectKey("Gateway", namespacedName("infra", "edge"));
  proxy.acknowledge(world.table, (type, name) => `${type}/${name}` !== "listener/udp-9000");
  expect(world.counts(key).gateways).toEqual([{ gateway: edge, connected: 1, acknowledged: 0 }]);
  world.settle();
  expect(world.counts(key).gateways).toEqual([{ gateway: edge, connected: 1, acknowledged: 1 }]);
});
