import { describe, expect, it } from "vitest";
import { translateManifests } from "../../src/app/translate-manifests.ts";
import type { Condition } from "../../src/core/conditions.ts";

type Kind = "TLSRoute" | "TCPRoute" | "UDPRoute";

const kindsOfRoutes = ["TLSRoute", "TCPRoute", "UDPRoute"] as const;
const sections = { TLSRoute: "tls", TCPRoute: "tcp", UDPRoute: "udp" } as const;

const world = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
    - { name: tls, port: 443, protocol: TLS, hostname: "*.example.com", tls: { mode: Passthrough }, allowedRoutes: { namespaces: { from: All } } }
    - { name: tcp, port: 9300, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }
    - { name: udp, port: 5300, protocol: UDP, allowedRoutes: { namespaces: { from: All } } }
    - { name: own-tls, port: 444, protocol: TLS, tls: { mode: Passthrough } }
    - { name: own-tcp, port: 9301, protocol: TCP }
    - { name: own-udp, port: 5301, protocol: UDP }
---
apiVersion: v1
kind: Service
metadata: { name: both, namespace: shop }
spec: { ports: [{ name: tcp, port: 53 }, { name: udp, port: 53, protocol: UDP }, { name: t, port: 80 }, { name: u, port: 81, protocol: UDP }] }
---
apiVersion: v1
kind: Service
metadata: { name: outside, namespace: shop }
spec: { type: ExternalName, externalName: example.org, ports: [{ port: 53 }] }
---
apiVersion: v1
kind: Service
metadata: { name: both, namespace: other }
spec: { ports: [{ name: tcp, port: 53 }, { name: udp, port: 53, protocol: UDP }] }
---
apiVersion: v1
kind: Service
metadata: { name: granted, namespace: other }
spec: { ports: [{ name: tcp, port: 53 }, { name: udp, port: 53, protocol: UDP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: grant, namespace: other }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: TCPRoute, namespace: shop }, { group: gateway.networking.k8s.io, kind: UDPRoute, namespace: shop }, { group: gateway.networking.k8s.io, kind: TLSRoute, namespace: shop }]
  to: [{ group: "", kind: Service, name: granted }]
`;

interface Written {
  readonly kind: Kind;
  readonly parentRef?: string;
  readonly backendRef?: string;
  readonly hostname?: string;
}

function conditionsOf({
  kind,
  parentRef = `sectionName: ${sections[kind]}`,
  backendRef = "name: both, port: 53",
  hostname = "a.example.com",
}: Written): readonly Condition[] {
  const text = `${world}---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: one, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra, ${parentRef} }]
  ${kind === "TLSRoute" ? `hostnames: ["${hostname}"]` : ""}
  rules: [{ backendRefs: [{ ${backendRef} }] }]
`;
  const { statuses, problems } = translateManifests([{ path: "one.yaml", text }], {
    controllerName: "gatehouse.dev/gateway-controller",
    placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
  });
  expect(problems).toEqual([]);
  const status = statuses.find(({ object }) => object === `${kind}/shop/one`);
  return status?.kind === "Route" ? status.parents.flatMap(({ conditions }) => conditions) : [];
}

const brief = (conditions: readonly Condition[]) =>
  conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

const accepted = "Accepted=True Accepted";
const resolved = "ResolvedRefs=True ResolvedRefs";

describe.each(kindsOfRoutes)("a %s", (kind) => {
  it("whose references lead somewhere is accepted and resolved", () => {
    expect(brief(conditionsOf({ kind }))).toEqual([accepted, resolved]);
    expect(brief(conditionsOf({ kind, backendRef: "name: granted, namespace: other, port: 53" }))).toEqual([
      accepted,
      resolved,
    ]);
  });

  it.each([
    { what: "a Service that does not exist", backendRef: "name: gone, port: 53", reason: "BackendNotFound" },
    { what: "a port that the Service does not have", backendRef: "name: both, port: 99", reason: "BackendNotFound" },
    {
      what: "another namespace that grants nothing to it",
      backendRef: "name: both, namespace: other, port: 53",
      reason: "RefNotPermitted",
    },
    {
      what: "what another namespace does not have, of which it learns nothing",
      backendRef: "name: gone, namespace: other, port: 53",
      reason: "RefNotPermitted",
    },
    { what: "another kind", backendRef: "group: example.com, kind: Bucket, name: both", reason: "InvalidKind" },
    { what: "a name outside the cluster", backendRef: "name: outside, port: 53", reason: "UnsupportedValue" },
    {
      what: "a port of the other transport",
      backendRef: kind === "UDPRoute" ? "name: both, port: 80" : "name: both, port: 81",
      reason: "UnsupportedProtocol",
    },
  ])("that refers to $what is accepted, and told", ({ backendRef, reason }) => {
    expect(brief(conditionsOf({ kind, backendRef }))).toEqual([accepted, `ResolvedRefs=False ${reason}`]);
  });

  it("learns the same of what is not granted, whether it exists or not", () => {
    const message = (name: string) =>
      conditionsOf({ kind, backendRef: `name: ${name}, namespace: other, port: 53` })[1]?.message.replaceAll(name, "x");
    expect(message("both")).toBe(message("gone"));
  });

  it.each([
    { what: "a listener that is not there", parentRef: "sectionName: gone", reason: "NoMatchingParent" },
    { what: "a port without a listener", parentRef: "port: 1", reason: "NoMatchingParent" },
    {
      what: "a listener by another port",
      parentRef: `sectionName: ${sections[kind]}, port: 1`,
      reason: "NoMatchingParent",
    },
    { what: "a listener of another protocol", parentRef: "sectionName: http", reason: "NotAllowedByListeners" },
    {
      what: "a listener for its own namespace's routes",
      parentRef: `sectionName: own-${sections[kind]}`,
      reason: "NotAllowedByListeners",
    },
  ])("that names $what is not accepted", ({ parentRef, reason }) => {
    expect(brief(conditionsOf({ kind, parentRef }))).toEqual([`Accepted=False ${reason}`, resolved]);
  });
});

it("a TLSRoute without a name of the listener is not accepted", () => {
  expect(brief(conditionsOf({ kind: "TLSRoute", hostname: "a.example.org" }))).toEqual([
    "Accepted=False NoMatchingListenerHostname",
    resolved,
  ]);
});
