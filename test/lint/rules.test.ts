import { describe, expect, it } from "vitest";
import { routeKinds } from "../../src/core/keys.ts";
import { findingsIn, gatewayWith, platform, route, service } from "./worlds.ts";

const all = "allowedRoutes: { namespaces: { from: All } }";
const same = "allowedRoutes: { namespaces: { from: Same } }";
const shop = route("shop", { hostnames: "[shop.example.com]" }) + service("shop");
const grant = (from: string, to = "{ group: '', kind: Service }") => `---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: open, namespace: shop }
spec: { from: [${from}], to: [${to}] }
`;
const routesOf = (namespace: string) =>
  `{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: ${namespace} }`;
const across = (namespace: string) =>
  route(namespace, {
    hostnames: `[${namespace}.example.com]`,
    rules: "[{ backendRefs: [{ name: web, namespace: shop, port: 80 }] }]",
  });
const claim = (spec: string) => `---
apiVersion: gatehouse.dev/v1alpha1
kind: HostnameClaim
metadata: { name: claim }
spec: ${spec}
`;
const record = (hostname: string, namespace: string) => `---
apiVersion: gatehouse.dev/v1alpha1
kind: HostnameRecord
metadata: { name: record }
spec: { hostname: ${hostname}, namespace: ${namespace}, since: "2026-01-01T00:00:00Z", object: HTTPRoute/${namespace}/web }
`;
const parameters = (mode: string) => `---
apiVersion: gatehouse.dev/v1alpha1
kind: GatewayParameters
metadata: { name: own, namespace: infra }
spec: { ownership: { mode: ${mode} } }
`;
const withMode = (mode: string, rest: string) =>
  gatewayWith(
    `hostname: "*.example.com", port: 80, protocol: HTTP, ${all}`,
    `  infrastructure: { parametersRef: { group: gatehouse.dev, kind: GatewayParameters, name: own } }\n${parameters(mode)}${rest}`,
  );
const slice = (namespace: string, address: string, made = false) => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  namespace: ${namespace}
  labels: { kubernetes.io/service-name: web${made ? ", endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io" : ""} }
addressType: IPv4
ports: [{ port: 8080 }]
endpoints: [{ addresses: [${address}] }]
`;
const paths = (...list: string[]) =>
  `[${list.map((path) => `{ matches: [{ path: { type: PathPrefix, value: ${path} } }], backendRefs: [{ name: web, port: 80 }] }`).join(", ")}]`;

describe("lint finds", () => {
  it.each([
    [
      "an open listener",
      gatewayWith(`port: 80, protocol: HTTP, ${all}`),
      "GH0001 Gateway/infra/shared",
      "listener http",
    ],
    [
      "a grant to nobody",
      platform + shop + grant(routesOf("pay")),
      "GH0002 ReferenceGrant/shop/open",
      "HTTPRoutes of pay",
    ],
    [
      "a rule behind an equal one",
      platform + route("shop", { hostnames: "[shop.example.com]", rules: paths("/a", "/a") }) + service("shop"),
      "GH0003 HTTPRoute/shop/web",
      "rule 1, match PathPrefix /a, never answers for shop.example.com: rule 0 of the same route comes first",
    ],
    [
      "a claim for nobody",
      platform + shop + claim("{ hostname: pay.example.com, namespaces: { names: [pay] } }"),
      "GH0004 HostnameClaim/claim",
      "namespaces that do not exist",
    ],
    [
      "a claim that is not used",
      platform + shop + claim("{ hostname: pay.example.com, namespaces: { names: [shop] } }"),
      "GH0004 HostnameClaim/claim",
      "pay.example.com",
    ],
    [
      "a claim of a path that is not used",
      platform +
        route("shop", { hostnames: "[shop.example.com]", rules: paths("/cart", "/payments") }) +
        service("shop") +
        claim("{ hostname: shop.example.com, path: /pay, namespaces: { names: [shop] } }"),
      "GH0004 HostnameClaim/claim",
      "/pay of shop.example.com",
    ],
    [
      "a record that is not used",
      platform + shop + record("old.example.com", "shop"),
      "GH0005 HostnameRecord/record",
      "old.example.com for namespace shop",
    ],
    [
      "an EndpointSlice at pods of others",
      platform + shop + slice("shop", "192.0.2.1", true) + service("evil", "") + slice("evil", "192.0.2.1"),
      "GH0006 EndpointSlice/evil/web-1",
      "192.0.2.1 (shop)",
    ],
    [
      "one at pods of others and at its own",
      platform +
        shop +
        slice("shop", "192.0.2.1", true) +
        slice("evil", "192.0.2.2", true) +
        service("evil") +
        slice("evil", "192.0.2.2, 192.0.2.1").replace("web-1", "web-2"),
      "GH0006 EndpointSlice/evil/web-2",
      "of other namespaces: 192.0.2.1 (shop)",
    ],
    [
      "one that only says that Kubernetes made it",
      platform + shop + slice("shop", "192.0.2.1", true) + service("evil", "") + slice("evil", "192.0.2.1", true),
      "GH0006 EndpointSlice/evil/web-1",
      "192.0.2.1 (shop)",
    ],
    [
      "a shared Gateway without ownership",
      withMode("Off", shop),
      "GH0009 Gateway/infra/shared",
      "ownership mode is Off",
    ],
    [
      "a route for everything",
      platform + route("shop") + service("shop"),
      "GH0010 HTTPRoute/shop/web",
      "rule 0 answers every path",
    ],
    [
      "a route that is not accepted",
      platform + route("shop", { hostnames: "[shop.example.net]" }) + service("shop"),
      "GH0011 HTTPRoute/shop/web",
      "Gateway infra/shared: No hostname of the route intersects",
    ],
    [
      "a Service that is absent",
      platform + route("shop", { hostnames: "[shop.example.com]" }),
      "GH0013 HTTPRoute/shop/web",
      "(BackendNotFound)",
    ],
    [
      "an object that is none",
      `${platform}${shop}---\nkind: HTTPRoute\n`,
      "GH0014 undefined",
      "apiVersion is required",
    ],
  ])("%s", async (_name, text, found, message) => {
    const findings = await findingsIn(text);
    expect(findings.map(({ code, object }) => `${code} ${object}`)).toEqual([found]);
    expect(findings[0]?.message).toContain(message);
  });

  it("a grant of another name, and the reference that it was meant for", async () => {
    const other = grant(routesOf("pay"), "{ group: '', kind: Service, name: other }");
    const found = (await findingsIn(platform + shop + across("pay") + other)).map(
      ({ code, object }) => `${code} ${object}`,
    );
    expect(found).toEqual(["GH0013 HTTPRoute/pay/web", "GH0002 ReferenceGrant/shop/open"]);
  });

  it("hostnames that others hold", async () => {
    const both = "[late.example.com, shop.example.com]";
    const text =
      platform + shop + route("late", { hostnames: both }) + service("late") + record("shop.example.com", "shop");
    expect(await findingsIn(text)).toMatchObject([
      { code: "GH0012", object: "HTTPRoute/late/web", place: { line: 31 } },
    ]);
  });
});

describe("lint is content with", () => {
  it.each([
    ["a listener with a hostname, and a route to it", platform + shop],
    ["an open listener for one namespace", gatewayWith(`port: 80, protocol: HTTP, ${same}`)],
    ["a grant that is used", platform + service("shop") + across("pay") + grant(routesOf("pay"))],
    ["a grant to kinds that are not read", platform + grant("{ group: example.com, kind: TCPRoute, namespace: pay }")],
    ...routeKinds.map((kind): [string, string] => [
      `a grant that ${kind}s use`,
      platform +
        grant(`{ group: gateway.networking.k8s.io, kind: ${kind}, namespace: pay }`) +
        service("shop") +
        `---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: across, namespace: pay }
spec:
  parentRefs: [{ name: elsewhere, namespace: infra }]
  ${kind === "TLSRoute" ? "hostnames: [pay.example.com]" : ""}
  rules: [{ backendRefs: [{ name: web, namespace: shop, port: 80 }] }]
`,
    ]),
    [
      "rules that differ",
      platform + route("shop", { hostnames: "[shop.example.com]", rules: paths("/a", "/b") }) + service("shop"),
    ],
    [
      "a claim that is used",
      platform + shop + claim("{ hostname: example.com, subdomains: true, namespaces: { names: [shop] } }"),
    ],
    [
      "claims of a path that a match is below, and of one below a match",
      platform +
        route("shop", { hostnames: "[shop.example.com]", rules: paths("/cart/pay", "/docs") }) +
        service("shop") +
        claim("{ hostname: shop.example.com, path: /cart, namespaces: { names: [shop] } }") +
        claim("{ hostname: shop.example.com, path: /docs/new, namespaces: { names: [shop] } }").replace(
          "name: claim",
          "name: other",
        ),
    ],
    ["a record that is used", platform + shop + record("shop.example.com", "shop")],
    ["an EndpointSlice at addresses of nobody", platform + shop + slice("shop", "192.0.2.9")],
    [
      "one at pods of its own namespace",
      platform +
        shop +
        slice("shop", "192.0.2.1", true) +
        slice("shop", "192.0.2.1").replace("name: web-1", "name: web-2"),
    ],
    ["a shared Gateway that only warns", withMode("Warn", shop)],
    [
      "a route without hostnames that takes one path",
      platform + route("shop", { rules: paths("/shop") }) + service("shop"),
    ],
    ["objects of kinds that are not read", `${platform}${shop}---\napiVersion: v1\nkind: Pod\nmetadata: { name: x }\n`],
  ])("%s", async (_name, text) => {
    expect(await findingsIn(text)).toEqual([]);
  });
});
