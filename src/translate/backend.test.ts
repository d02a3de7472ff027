import { describe, expect, it } from "vitest";
import { createRouteWorld, serviceManifest } from "../../test/support/route-world.ts";
import type { Reader } from "../collection/collection.ts";
import type { BackendObjectReference } from "../core/gateway-api.ts";
import type { RouteKind } from "../core/keys.ts";
import type { ObjectMeta } from "../core/kubernetes.ts";
import { resolveBackend, routeSource } from "./backend.ts";

const read: Reader = { get: (from, key) => from.get(key) };

const sourceOf = (kind: RouteKind) => routeSource(kind, { name: "cart", namespace: "shop" } as ObjectMeta); // as read

function grant(name: string, { kind = "HTTPRoute", namespace = "shop", to = "kind: Service" } = {}): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: ${name}, namespace: infra }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: ${kind}, namespace: ${namespace} }]
  to: [{ group: "", ${to} }]
`;
}

function resolve(manifests: string, ref: Partial<BackendObjectReference> = {}, kind: RouteKind = "HTTPRoute") {
  const world = createRouteWorld();
  world.apply(manifests);
  const resolved = resolveBackend(read, world.backends, sourceOf(kind), {
    group: "",
    kind: "Service",
    name: "cart",
    port: 80,
    ...ref,
  });
  return resolved.kind === "cluster" ? resolved.cluster : resolved.rejection.reason;
}

describe("a reference to a backend", () => {
  it.each([
    ["a Service", serviceManifest("shop", "cart"), {}, "shop/cart/80"],
    ["none of that name", serviceManifest("shop", "other"), {}, "BackendNotFound"],
    ["one of another namespace only", serviceManifest("infra", "cart"), {}, "BackendNotFound"],
    ["no such port", serviceManifest("shop", "cart"), { port: 8080 }, "BackendNotFound"],
    ["another kind", serviceManifest("shop", "cart"), { kind: "ConfigMap" }, "InvalidKind"],
    ["another group", serviceManifest("shop", "cart"), { group: "example.com" }, "InvalidKind"],
    [
      "an ExternalName",
      serviceManifest("shop", "cart", "type: ExternalName, externalName: example.org, ports: [{ port: 80 }]"),
      {},
      "UnsupportedValue",
    ],
  ])("to %s", (_what, manifests, ref, expected) => {
    expect(resolve(manifests, ref)).toBe(expected);
  });

  it.each([
    ["no port's protocol", "port: 80", "shop/cart/80"],
    ["HTTP", "port: 80, appProtocol: http", "shop/cart/80"],
    ["WebSockets", "port: 80, appProtocol: kubernetes.io/ws", "shop/cart/80"],
    ["HTTP/2", "port: 80, appProtocol: kubernetes.io/h2c", "shop/cart/80/http2"],
    ["HTTP/2 in another spelling", "port: 80, appProtocol: kubernetes.io/H2C", "shop/cart/80/http2"],
    ["HTTP/2 by its IANA name", "port: 80, appProtocol: HTTP2", "shop/cart/80/http2"],
    ["HTTP in TLS that nobody can trust", "port: 80, appProtocol: HTTPS", "UnsupportedProtocol"],
    ["WebSockets in TLS that nobody can trust", "port: 80, appProtocol: kubernetes.io/wss", "UnsupportedProtocol"],
    ["something else", "port: 80, appProtocol: example.com/mqtt", "UnsupportedProtocol"],
    ["UDP", "port: 80, protocol: UDP", "UnsupportedProtocol"],
    ["UDP with a word", "port: 80, protocol: UDP, appProtocol: http", "UnsupportedProtocol"],
  ])("to a port that speaks %s", (_what, port, expected) => {
    expect(resolve(serviceManifest("shop", "cart", `ports: [{ ${port} }]`))).toBe(expected);
  });

  it.each<[RouteKind, string, string]>([
    ["GRPCRoute", "port: 80", "shop/cart/80/http2"],
    ["GRPCRoute", "port: 80, appProtocol: kubernetes.io/h2c", "shop/cart/80/http2"],
    ["GRPCRoute", "port: 80, appProtocol: grpc", "shop/cart/80/http2"],
    ["GRPCRoute", "port: 80, appProtocol: http", "shop/cart/80/http2"],
    ["GRPCRoute", "port: 80, appProtocol: https", "UnsupportedProtocol"],
    ["GRPCRoute", "port: 80, appProtocol: kubernetes.io/ws", "UnsupportedProtocol"],
    ["GRPCRoute", "port: 80, appProtocol: kubernetes.io/WSS", "UnsupportedProtocol"],
    ["GRPCRoute", "port: 80, appProtocol: mysql", "UnsupportedProtocol"],
    ["GRPCRoute", "port: 80, protocol: UDP", "UnsupportedProtocol"],
    ["TLSRoute", "port: 80, appProtocol: mysql", "shop/cart/80/tcp"],
    ["TLSRoute", "port: 80, protocol: UDP", "UnsupportedProtocol"],
    ["TCPRoute", "port: 80", "shop/cart/80/tcp"],
    ["TCPRoute", "port: 80, appProtocol: https", "shop/cart/80/tcp"],
    ["TCPRoute", "port: 80, protocol: UDP", "UnsupportedProtocol"],
    ["TCPRoute", "port: 80, protocol: SCTP", "UnsupportedProtocol"],
    ["UDPRoute", "port: 80, protocol: UDP", "shop/cart/80/udp"],
    ["UDPRoute", "port: 80, protocol: UDP, appProtocol: dns", "shop/cart/80/udp"],
    ["UDPRoute", "port: 80", "UnsupportedProtocol"],
  ])("of a %s to a port with %s", (kind, port, expected) => {
    expect(resolve(serviceManifest("shop", "cart", `ports: [{ ${port} }]`), {}, kind)).toBe(expected);
  });

  it.each<[RouteKind, string, string]>([
    ["HTTPRoute", "HTTPS", "shop/cart/80"],
    ["HTTPRoute", "kubernetes.io/wss", "shop/cart/80"],
    ["GRPCRoute", "https", "shop/cart/80/http2"],
    ["GRPCRoute", "kubernetes.io/wss", "UnsupportedProtocol"],
  ])("of a %s to a port with %s that a BackendTLSPolicy is for", (kind, appProtocol, expected) => {
    const policy = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: trust, namespace: shop }
spec:
  targetRefs: [{ group: "", kind: Service, name: cart }]
  validation: { hostname: cart.example.com, wellKnownCACertificates: System }
`;
    const service = serviceManifest("shop", "cart", `ports: [{ port: 80, appProtocol: ${appProtocol} }]`);
    expect(resolve(service + policy, {}, kind)).toBe(expected);
  });

  it.each<[RouteKind, string]>([
    ["HTTPRoute", "shop/dns/53"],
    ["TCPRoute", "shop/dns/53/tcp"],
    ["UDPRoute", "shop/dns/53/udp"],
  ])("of a %s to a number that stands for TCP and for UDP takes its own", (kind, expected) => {
    const ports = "ports: [{ name: a, port: 53, protocol: UDP }, { name: b, port: 53, protocol: TCP }]";
    expect(resolve(serviceManifest("shop", "dns", ports), { name: "dns", port: 53 }, kind)).toBe(expected);
  });

  it.each([
    ["no grant", "", "RefNotPermitted"],
    ["a grant for all Services", grant("g"), "infra/cart/80"],
    ["a grant for this Service", grant("g", { to: "kind: Service, name: cart" }), "infra/cart/80"],
    ["a grant for another Service", grant("g", { to: "kind: Service, name: other" }), "RefNotPermitted"],
    ["a grant for Secrets", grant("g", { to: "kind: Secret" }), "RefNotPermitted"],
    ["a grant for another namespace", grant("g", { namespace: "other" }), "RefNotPermitted"],
    ["a grant for another kind", grant("g", { kind: "GRPCRoute" }), "RefNotPermitted"],
    ["two grants of which one fits", grant("a", { kind: "TCPRoute" }) + grant("b"), "infra/cart/80"],
  ])("across namespaces with %s", (_what, grants, expected) => {
    expect(resolve(serviceManifest("infra", "cart") + grants, { namespace: "infra" })).toBe(expected);
  });

  it("does not tell whether what is not granted exists", () => {
    const messages = [serviceManifest("infra", "cart"), serviceManifest("infra", "other")].map((manifests) => {
      const world = createRouteWorld();
      world.apply(manifests);
      return resolveBackend(read, world.backends, sourceOf("HTTPRoute"), {
        group: "",
        kind: "Service",
        namespace: "infra",
        name: "cart",
        port: 80,
      });
    });
    expect(messages[0]).toEqual(messages[1]);
  });
});
