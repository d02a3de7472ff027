import { expect, it } from "vitest";
import { Translator } from "../../src/app/translator.ts";
import type { Condition } from "../../src/core/conditions.ts";
import { namespacedName, type ObjectKey, objectKey, type RouteKind, routeKinds } from "../../src/core/keys.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { gatewayClass } from "../support/gateway-class.ts";

const options = {
  controllerName: "gatehouse.dev/gateway-controller",
  placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
} as const;

const all = "allowedRoutes: { namespaces: { from: All } }";
const platform = `
${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: web, port: 80, protocol: HTTP, ${all} }
    - { name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough }, ${all} }
    - { name: tcp, port: 9000, protocol: TCP, ${all} }
    - { name: udp, port: 9000, protocol: UDP, ${all} }
`;

function route(kind: RouteKind, name: string, { created = 1, hostnames = ["a.example.com"], rules = "" } = {}): string {
  const hosts = kind === "TCPRoute" || kind === "UDPRoute" ? "" : `hostnames: ${JSON.stringify(hostnames)}, `;
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: shop, creationTimestamp: "2026-01-0${created}T00:00:00Z" }
spec: { parentRefs: [{ name: edge, namespace: infra }], ${hosts}rules: [{ ${rules}backendRefs: [{ name: app, port: 80 }] }] }
`;
}

function budget(limits: string): string {
  return `
---
apiVersion: gatehouse.dev/v1alpha1
kind: NamespaceBudget
metadata: { name: small }
spec: { namespaces: { names: [shop] }, limits: { ${limits} } }
`;
}

function objectsIn(text: string) {
  const { objects, problems } = readManifests([{ path: "test.yaml", text }]);
  expect(problems).toEqual([]);
  return objects;
}

function translate(text: string) {
  const translator = new Translator(options);
  for (const { kind, name, object } of objectsIn(text)) translator.set(kind, name, object);
  return translator;
}

/** The condition of a type in what a flush says of a route. */
function conditionOf(translator: Translator, key: ObjectKey, type: string): Condition | undefined {
  const update = translator.flush().statuses.get(key);
  const [parent] = update?.kind === "Route" ? update.parents : [];
  return parent?.conditions.find((condition) => condition.type === type);
}

const named = (kind: RouteKind, name: string) => objectKey(kind, namespacedName("shop", name));
const regexCall = 'matches: [{ method: { type: RegularExpression, service: "a.*" } }], ';

it.each([
  ...routeKinds.map((kind) => ({
    what: `one ${kind} of all kinds`,
    kind,
    limits: "routes: 1",
    first: "UDPRoute" as const,
  })),
  { what: "different hostnames, of GRPCRoutes too", kind: "GRPCRoute", limits: "hostnames: 1", first: "HTTPRoute" },
  { what: "different hostnames, of TLSRoutes too", kind: "TLSRoute", limits: "hostnames: 1", first: "HTTPRoute" },
  { what: "rules of calls", kind: "GRPCRoute", limits: "rules: 1", first: "TCPRoute" },
  {
    what: "regular expressions of calls",
    kind: "GRPCRoute",
    limits: "regexes: 0",
    first: "TCPRoute",
    rules: regexCall,
  },
] as const)("a budget counts $what ($kind)", ({ kind, limits, first, ...more }) => {
  const rules = "rules" in more ? more.rules : "";
  const text =
    platform +
    budget(limits) +
    route(first, "first") +
    route(kind, "second", { created: 2, hostnames: ["b.example.com"], rules });
  const accepted = conditionOf(translate(text), named(kind, "second"), "Accepted");
  expect([accepted?.status, accepted?.reason]).toEqual(["False", "BudgetExceeded"]);
  const within =
    platform + route(first, "first") + route(kind, "second", { created: 2, hostnames: ["b.example.com"], rules });
  expect(conditionOf(translate(within), named(kind, "second"), "Accepted")?.reason).not.toBe("BudgetExceeded");
});

function policy(name: string, { created = 1, trust = "wellKnownCACertificates: System" } = {}): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${name}, namespace: shop, creationTimestamp: "2026-01-0${created}T00:00:00Z" }
spec:
  targetRefs: [{ group: "", kind: Service, name: ${name} }]
  validation: { hostname: backend.internal, ${trust} }
`;
}

const bundles = 'caCertificateRefs: [{ group: "", kind: ConfigMap, name: a }, { group: "", kind: ConfigMap, name: b }]';
const gatewayOfShop = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: own, namespace: shop, creationTimestamp: "2026-01-01T00:00:00Z" }
spec:
  gatewayClassName: gatehouse
  listeners: [{ name: web, port: 80, protocol: HTTP }]
  tls:
    frontend:
      default: { validation: { caCertificateRefs: [{ group: "", kind: ConfigMap, name: clients }] } }
`;

it.each([
  { what: "policies", limits: "backendTlsPolicies: 1", first: policy("one"), trust: undefined },
  {
    what: "authorities of policies",
    limits: "authorities: 3",
    first: policy("one", { trust: bundles }),
    trust: bundles,
  },
  { what: "authorities of one policy", limits: "authorities: 1", first: "", trust: bundles },
  { what: "authorities of Gateways too", limits: "authorities: 2", first: gatewayOfShop, trust: bundles },
])("a budget counts $what, and closes what the newest is for", ({ limits, first, trust }) => {
  const second = policy("app", { created: 2, ...(trust !== undefined && { trust }) });
  const service = `
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: shop }
spec: { ports: [{ name: web, port: 80 }] }
`;
  const world = platform + first + second + service + route("HTTPRoute", "app");
  const reasons = (text: string) => {
    const translator = translate(text);
    const update = translator.flush().statuses.get(objectKey("BackendTLSPolicy", namespacedName("shop", "app")));
    const [ancestor] = update?.kind === "Policy" ? update.ancestors : [];
    const tls = [...translator.routing.backendTls.portTls.entries()].map(([key, { kind }]) => `${key} ${kind}`);
    return { reason: ancestor?.conditions.find(({ type }) => type === "Accepted")?.reason, tls };
  };
  expect(reasons(world + budget(limits))).toEqual({ reason: "BudgetExceeded", tls: ["shop/app/80 refused"] });
  expect(reasons(world).reason).not.toBe("BudgetExceeded");
});

it("a policy of another namespace, and an older one, is nothing to a budget that is used up", () => {
  const foreign = policy("app").replace("namespace: shop", "namespace: other");
  const translator = translate(platform + foreign + policy("app", { created: 2 }) + budget("backendTlsPolicies: 1"));
  translator.flush();
  const settled = [...translator.routing.backendTls.policies.entries()].map(([key, { settings }]) => [
    key,
    settings?.hostname,
  ]);
  expect(settled.sort()).toEqual([
    ["other/app", "backend.internal"],
    ["shop/app", "backend.internal"],
  ]);
});

it.each(routeKinds)("a change of a %s that waits is told, whether or not it is there already", (kind) => {
  const translator = translate(platform + route(kind, "known"));
  translator.flush();
  const [fresh] = objectsIn(route(kind, "fresh")).filter((each) => each.kind === kind);
  translator.setDelayed(named(kind, "known"), { object: undefined });
  translator.setDelayed(named(kind, "fresh"), { object: fresh?.object });
  const { statuses } = translator.flush();
  const told = ["known", "fresh"].map((name) => {
    const update = statuses.get(named(kind, name));
    return update?.kind === "Route" && update.parents[0]?.conditions.map(({ type, status }) => `${type} ${status}`);
  });
  expect(told[0]).toContain("gatehouse.dev/ChangesDelayed True");
  expect(told[1]).toEqual(["Accepted Unknown", "gatehouse.dev/ChangesDelayed True"]);
  translator.setDelayed(named(kind, "fresh"), undefined);
  expect([...translator.flush().statuses]).toEqual([[named(kind, "fresh"), undefined]]);
});
