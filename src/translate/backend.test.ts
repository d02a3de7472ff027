import { describe, expect, it } from "vitest";
import { createRouteWorld, serviceManifest } from "../../test/support/route-world.ts";
import type { Reader } from "../collection/collection.ts";
import type { BackendObjectReference } from "../core/gateway-api.ts";
import { resolveBackend } from "./backend.ts";

const read: Reader = { get: (from, key) => from.get(key) };
const from = { group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "shop" };

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

function resolve(manifests: string, ref: Partial<BackendObjectReference> = {}) {
  const world = createRouteWorld();
  world.apply(manifests);
  const resolved = resolveBackend(read, world.backends, from, {
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
    ["TLS", "port: 80, appProtocol: https", "UnsupportedProtocol"],
    ["UDP", "port: 80, protocol: UDP", "UnsupportedProtocol"],
    ["UDP with a word", "port: 80, protocol: UDP, appProtocol: http", "UnsupportedProtocol"],
  ])("to a port that speaks %s", (_what, port, expected) => {
    expect(resolve(serviceManifest("shop", "cart", `ports: [{ ${port} }]`))).toBe(expected);
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
      return resolveBackend(read, world.backends, from, {
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
