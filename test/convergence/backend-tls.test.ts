import { beforeEach, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { createCertificateAuthority } from "../support/certificates.ts";
import { authoritiesOf } from "../support/gateway-manifests.ts";
import { edge, type ModelProxy, ModelWorld } from "./model-world.ts";

const platform = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners: [{ name: web, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]
---
apiVersion: v1
kind: Service
metadata: { name: one, namespace: shop }
spec: { ports: [{ name: https, port: 443 }] }
---
apiVersion: v1
kind: Service
metadata: { name: two, namespace: shop }
spec: { ports: [{ name: https, port: 443 }] }
---
apiVersion: v1
kind: Service
metadata: { name: idle, namespace: shop }
spec: { ports: [{ name: https, port: 443 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: app, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  hostnames: [a.example.com]
  rules: [{ backendRefs: [{ name: one, port: 443 }, { name: two, port: 443 }] }]
`;

function policy({
  service = "one",
  hostname = "one.internal",
  name = "tls",
  year = "2026",
  trust = system,
} = {}): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${name}, namespace: shop, creationTimestamp: "${year}-01-01T00:00:00Z" }
spec:
  targetRefs: [{ group: "", kind: Service, name: ${service} }]
  validation: { hostname: ${hostname}, ${trust} }
`;
}

const system = "wellKnownCACertificates: System";
const bundle = 'caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }]';

let world: ModelWorld;
let proxy: ModelProxy;

beforeEach(() => {
  world = new ModelWorld();
  world.apply(platform);
  world.flush();
  proxy = world.connect(edge);
  world.settle();
});

async function told(name = "tls"): Promise<string> {
  const { state, message } = await world.report("BackendTLSPolicy", `shop/${name}`);
  return `${state}: ${message}`;
}

it("a policy has arrived when proxies have the cluster that it is for, and not before", async () => {
  expect(await told()).toBe("pending: no replica of the control plane knows of it");
  world.apply(policy());
  world.flush();
  proxy.acknowledge(world.table, (type, name) => `${type}/${name}` !== "cluster/shop/one/443");
  expect(await told()).toBe("pending: generation 1 is acknowledged by 0 of 1 proxies of infra/edge");
  world.settle();
  expect(await told()).toBe("converged: generation 1 is acknowledged by all proxies, 1 of 1");

  world.apply(policy({ hostname: "other.internal" }), 2);
  world.flush();
  expect(await told()).toBe("pending: generation 2 is acknowledged by 0 of 1 proxies of infra/edge");
  world.settle();
  expect(await told()).toBe("converged: generation 2 is acknowledged by all proxies, 1 of 1");
  world.apply(policy({ hostname: "other.internal" }), 3);
  world.flush();
  expect(await told()).toBe("converged: generation 3 is acknowledged by all proxies, 1 of 1");
});

it("proxies have to have let go of the Service that a policy has left", async () => {
  world.apply(policy());
  world.flush();
  world.settle();
  world.apply(policy({ service: "two" }), 2);
  world.flush();
  proxy.acknowledge(world.table, (type, name) => `${type}/${name}` !== "cluster/shop/one/443");
  expect(await told()).toBe("pending: generation 2 is acknowledged by 0 of 1 proxies of infra/edge");
  world.settle();
  expect(await told()).toBe("converged: generation 2 is acknowledged by all proxies, 1 of 1");
});

it("proxies have to have the authorities without which they do not use the cluster", async () => {
  const { certificatePem } = await createCertificateAuthority();
  world.apply(authoritiesOf("ca", certificatePem, "shop"));
  world.apply(policy({ trust: bundle }));
  world.flush();
  proxy.acknowledge(world.table, (type) => type !== "secret");
  expect(await told()).toBe("pending: generation 1 is acknowledged by 0 of 1 proxies of infra/edge");
  world.settle();
  expect(await told()).toBe("converged: generation 1 is acknowledged by all proxies, 1 of 1");
});

it("a policy that a route leads to only later is decided anew then", async () => {
  world.apply(policy({ service: "idle" }));
  world.flush();
  world.settle();
  expect(await told()).toBe("never: no route leads to a Service port that it is for");
  world.apply(platform.replace("name: two, port: 443", "name: idle, port: 443"), 2);
  world.flush();
  expect(await told()).toBe("pending: generation 1 is acknowledged by 0 of 1 proxies of infra/edge");
  world.settle();
  expect(await told()).toBe("converged: generation 1 is acknowledged by all proxies, 1 of 1");
});

it("a policy that cannot be kept, or that another one comes before, never arrives", async () => {
  world.apply(policy({ trust: bundle }));
  world.apply(policy({ name: "late", year: "2027" }));
  world.flush();
  world.settle();
  expect(await told()).toMatch(/^never: InvalidCACertificateRef: ConfigMap shop\/ca does not exist/);
  expect(await told("late")).toBe(
    "never: Conflicted: BackendTLSPolicy shop/tls, which is older or named first, is for the same",
  );
  world.translator.delete("BackendTLSPolicy", namespacedName("shop", "tls"));
  world.flush();
  world.settle();
  expect(await told("late")).toBe("converged: generation 1 is acknowledged by all proxies, 1 of 1");
  expect(await told()).toBe("pending: no replica of the control plane knows of it");
});

it("is counted among what arrives", () => {
  world.apply(policy());
  world.flush();
  const counted = () => world.convergence.tally(10).find(({ kind }) => kind === "BackendTLSPolicy");
  expect(counted()).toMatchObject({ gateway: "infra/edge", converged: 0, pending: 1 });
  world.settle();
  expect(counted()).toMatchObject({ converged: 1, pending: 0 });
});
