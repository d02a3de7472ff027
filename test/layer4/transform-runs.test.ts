import { describe, expect, it } from "vitest";
import { Translator } from "../../src/app/translator.ts";
import { InstantClaims } from "../../src/claims/instant-claims.ts";
import { readManifests } from "../../src/watch/manifests.ts";

type Kind = "TLSRoute" | "TCPRoute" | "UDPRoute";

const sections = { TLSRoute: "tls", TCPRoute: "tcp", UDPRoute: "udp" } as const;

const service = (name: string, address = "192.0.2.1") => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ports: [{ name: tcp, port: 53 }, { name: udp, port: 53, protocol: UDP }] }
---
${slice(name, address)}`;

function slice(name: string, address: string): string {
  return `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: tcp, port: 53 }, { name: udp, port: 53, protocol: UDP }]
endpoints: [{ addresses: ["${address}"] }]
`;
}

function route(kind: Kind, name: string, backend: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: shop, creationTimestamp: "2026-01-01T00:00:00Z" }
spec:
  parentRefs: [{ name: edge, namespace: infra, sectionName: ${sections[kind]} }]
  ${kind === "TLSRoute" ? `hostnames: [${name}.example.com]` : ""}
  rules: [{ backendRefs: [{ name: ${backend}, port: 53 }] }]
`;
}

/** As many TLSRoutes as asked, a TCPRoute and a UDPRoute, to two Services. */
function worldWith(routes: number) {
  const translator = new Translator(
    { controllerName: "gatehouse.dev/test", placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] } },
    new InstantClaims([]),
  );
  const apply = (text: string) => {
    const { objects, problems } = readManifests([{ path: "world.yaml", text }]);
    expect(problems).toEqual([]);
    for (const { kind, name, object } of objects) translator.set(kind, name, object);
    return translator.flush();
  };
  const foundation = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/test }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough }, allowedRoutes: { namespaces: { from: All } } }
    - { name: tcp, port: 9300, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }
    - { name: udp, port: 5300, protocol: UDP, allowedRoutes: { namespaces: { from: All } } }
`;
  const many = Array.from({ length: routes }, (_each, index) => route("TLSRoute", `r${index}`, "one"));
  const others = [route("TCPRoute", "tcp", "one"), route("UDPRoute", "udp", "one")];
  apply([foundation, service("one"), service("two", "192.0.2.2"), ...many, ...others].join("---\n"));
  return { translator, apply };
}

/** What one edit runs, and the types of the resources that it changes. */
function costOf(routes: number, text: string) {
  const { translator, apply } = worldWith(routes);
  const before = new Map(translator.graph.runs);
  const { resources } = apply(text);
  const runs = [...translator.graph.runs].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  const changed = [...resources.values()].flat().map((change) => `${change.type} ${change.name}`);
  return { runs: Object.fromEntries(runs.filter(([, count]) => count > 0)), changed: changed.sort() };
}

describe("an edit costs the same however many routes there are", () => {
  it.each([
    {
      what: "of a UDPRoute's backend changes endpoints alone",
      text: route("UDPRoute", "udp", "two"),
      changed: ["endpoint udproute/shop/udp/rule/0"],
    },
    {
      what: "of endpoints changes those of each cluster that has them",
      text: slice("one", "192.0.2.9"),
      changed: ["endpoint shop/one/53/passthrough", "endpoint shop/one/53/tcp", "endpoint udproute/shop/udp/rule/0"],
    },
    {
      what: "of a TLSRoute's backend changes its listener",
      text: route("TLSRoute", "r1", "two"),
      changed: ["cluster shop/two/53/passthrough", "endpoint shop/two/53/passthrough", "listener https-443"],
    },
    {
      what: "of a TCPRoute's backend changes its listener, and no other",
      text: route("TCPRoute", "tcp", "two"),
      changed: [
        "cluster shop/one/53/tcp",
        "cluster shop/two/53/tcp",
        "endpoint shop/one/53/tcp",
        "endpoint shop/two/53/tcp",
        "listener tcp-9300",
      ],
    },
  ])("$what", ({ text, changed }) => {
    const [few, many] = [costOf(3, text), costOf(60, text)];
    expect(few.changed).toEqual(changed);
    expect(many).toEqual(few);
    expect(many.runs["tlsRoutes"] ?? 0).toBeLessThanOrEqual(1);
  });
});
