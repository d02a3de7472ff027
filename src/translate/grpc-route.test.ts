import { describe, expect, it } from "vitest";
import { createRouteWorld, gatewayManifest, httpListener, serviceManifest } from "../../test/support/route-world.ts";

const good = "backendRefs: [{ name: cart, port: 80 }]";
const method = (text: string) => `matches: [{ method: { ${text} } }]`;

function grpcRoute(spec: string): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: cart, namespace: shop }
spec: { parentRefs: [{ name: edge, namespace: infra }], ${spec} }
`;
}

function bound(rules: readonly string[], more = "") {
  const world = createRouteWorld();
  world.apply(
    gatewayManifest("edge", httpListener("http")) +
      serviceManifest("shop", "cart") +
      serviceManifest("shop", "sockets", "ports: [{ port: 80, appProtocol: kubernetes.io/ws }]") +
      serviceManifest("infra", "closed") +
      more +
      grpcRoute(`rules: [${rules.map((rule) => `{ ${rule} }`).join(", ")}]`),
  );
  return world.route("shop/cart", "GRPCRoute");
}

describe("a GRPCRoute", () => {
  it("sends calls by HTTP/2 to what does not say what it speaks, and fails as calls do", () => {
    expect(bound([`name: get, ${method("service: shop.Cart, method: Get")}, ${good}`])).toMatchObject({
      key: "GRPCRoute/shop/cart",
      parents: [{ attachments: [{ table: "http-80" }] }],
      rules: [
        {
          index: 0,
          name: "get",
          matches: [{ path: { type: "Exact", value: "/shop.Cart/Get" } }],
          backends: [{ kind: "cluster", cluster: "shop/cart/80/http2", weight: 1 }],
          failureStatus: 503,
        },
      ],
    });
  });

  it.each([
    ["without matches", good],
    ["with an empty list of them", `matches: [], ${good}`],
    ["with a match of nothing", `matches: [{}], ${good}`],
  ])("%s takes every call", (_what, rule) => {
    expect(bound([rule]).rules[0]?.matches).toEqual([{ path: { type: "PathPrefix", value: "/" } }]);
  });

  it("without rules is accepted and answers nothing", () => {
    const { rules, parents } = bound([]);
    expect([rules, parents[0]?.rejection]).toEqual([[], undefined]);
  });

  it.each([
    ["a missing Service", "backendRefs: [{ name: missing, port: 80 }]", "BackendNotFound"],
    ["a missing port", "backendRefs: [{ name: cart, port: 81 }]", "BackendNotFound"],
    ["no port", "backendRefs: [{ name: cart, kind: Thing, group: example.com }]", "InvalidKind"],
    ["an ungranted Service", "backendRefs: [{ name: closed, namespace: infra, port: 80 }]", "RefNotPermitted"],
    [
      "an ungranted Service that is not there",
      "backendRefs: [{ name: x, namespace: infra, port: 80 }]",
      "RefNotPermitted",
    ],
    ["another kind", "backendRefs: [{ kind: ConfigMap, name: cart, port: 80 }]", "InvalidKind"],
    ["WebSockets", "backendRefs: [{ name: sockets, port: 80 }]", "UnsupportedProtocol"],
  ])("with a reference to %s resolves all others", (_what, bad, reason) => {
    const { rules, parents, unresolved, partiallyInvalid } = bound([bad, good]);
    expect(unresolved).toMatchObject({ condition: "ResolvedRefs", reason });
    expect(rules.map(({ backends }) => backends[0]?.kind)).toEqual(["invalid", "cluster"]);
    expect([parents[0]?.rejection, partiallyInvalid]).toEqual([undefined, undefined]);
  });

  it.each([
    ["an invalid expression", method('type: RegularExpression, service: "a("'), "Dropped Rule 0: "],
    [
      "an invalid expression of a header",
      'matches: [{ headers: [{ type: RegularExpression, name: x, value: "[" }] }]',
      "Dropped Rule 0: ",
    ],
    [
      "a header that cannot be changed",
      "filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: Host, value: x }] } }]",
      "Dropped Rule 0, which answers UNAVAILABLE: ",
    ],
  ])("with %s in one rule serves all others", (_what, bad, words) => {
    const { rules, parents, partiallyInvalid } = bound([`${bad}, ${good}`, good]);
    expect(partiallyInvalid).toMatchObject({ reason: "UnsupportedValue", message: expect.stringMatching(`^${words}`) });
    expect(parents[0]?.rejection).toBeUndefined();
    expect(rules.filter(({ broken }) => broken === undefined).map(({ index }) => index)).toEqual([1]);
  });

  it("of which no rule can be served is not accepted", () => {
    const { parents } = bound([`${method('type: RegularExpression, method: "*"')}, ${good}`]);
    expect(parents).toMatchObject([
      { rejection: { condition: "Accepted", reason: "UnsupportedValue" }, attachments: [] },
    ]);
  });

  it("with a filter that nobody knows fails, and says so", () => {
    const extension =
      "filters: [{ type: ExtensionRef, extensionRef: { group: example.com, kind: Auth, name: login } }]";
    const { rules, unresolved } = bound([`${extension}, ${good}`]);
    expect(unresolved?.reason).toBe("InvalidKind");
    expect(rules[0]?.broken?.condition).toBe("ResolvedRefs");
  });

  it("needs a grant that names its own kind", () => {
    const grant = (kind: string) => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: routes, namespace: infra }
spec: { from: [{ group: gateway.networking.k8s.io, kind: ${kind}, namespace: shop }], to: [{ group: "", kind: Service }] }
`;
    const ref = "backendRefs: [{ name: closed, namespace: infra, port: 80 }]";
    expect(bound([ref], grant("HTTPRoute")).unresolved?.reason).toBe("RefNotPermitted");
    expect(bound([ref], grant("GRPCRoute")).unresolved).toBeUndefined();
  });
});
