import { expect, it } from "vitest";
import { runExplain } from "./explain-world.ts";

const all = "allowedRoutes: { namespaces: { from: All } }";
const route = (kind: string, name: string, more: string) => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: shop }
spec: { parentRefs: [{ name: edge, namespace: infra }], ${more} }
`;
const toApp = "rules: [{ backendRefs: [{ name: app, port: 1 }] }]";

/** A Service whose policy cannot be kept: nothing is sent to it, but for TLS that is passed on as it came. */
const manifests = `
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
    - { name: web, port: 80, protocol: HTTP, ${all} }
    - { name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough }, ${all} }
    - { name: sql, port: 5432, protocol: TCP, ${all} }
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: shop }
spec: { ports: [{ name: web, port: 1 }] }
---
apiVersion: v1
kind: Service
metadata: { name: open, namespace: shop }
spec: { ports: [{ name: web, port: 1 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: bad, namespace: shop }
spec:
  targetRefs: [{ group: "", kind: Service, name: app }]
  validation: { hostname: app.internal, caCertificateRefs: [{ group: "", kind: ConfigMap, name: nobody }] }
${route("HTTPRoute", "web", 'hostnames: ["a.com"], rules: [{ backendRefs: [{ name: app, port: 1 }, { name: open, port: 1 }] }]')}
${route("TCPRoute", "sql", toApp)}
${route("TLSRoute", "tls", `hostnames: ["b.com"], ${toApp}`)}
`;
const why =
  "BackendTLSPolicy shop/bad: ConfigMap shop/nobody does not exist; No reference in caCertificateRefs is valid";

it.each([
  ["httproute/shop/web", `0  1 × Service shop/app:1 (answers 503: ${why}), 1 × Service shop/open:1\n`],
  ["tcproute/shop/sql", `0  Service shop/app:1 (is not connected to: ${why})\n`],
  ["tlsroute/shop/tls", "0  Service shop/app:1\n"],
])("explain route %s tells which of its backends is closed by a policy", async (name, want) => {
  const { out } = await runExplain(manifests, "route", name);
  expect(out.slice(out.indexOf("0  "))).toBe(want);
});

it.each([
  ["http://a.com/", `1 × Service shop/app:1 (answers 503: ${why}), 1 × Service shop/open:1`],
  ["http://any:5432/", `the connection is forwarded to Service shop/app:1 (is not connected to: ${why})`],
  ["https://b.com/", "the connection is forwarded to Service shop/app:1"],
])("explain request %s tells it too", async (url, want) => {
  const { out } = await runExplain(manifests, "request", url);
  expect(/^ {2}answer +(.*)$/m.exec(out)?.[1]).toMatch(new RegExp(`${want.replace(/[().]/g, "\\$&")}$`));
});

it("reads a URL as a whole, or not at all", async () => {
  expect(await runExplain(manifests, "request", "a.com/x y")).toMatchObject({ code: 2, out: "" });
  const { out } = await runExplain(manifests, "request", "a.com/go?to=https://b.com#there", "-o", "json");
  expect(JSON.parse(out).question).toMatchObject({ host: "a.com", path: "/go?to=https://b.com" });
});

it("says in one line that manifests cannot be read", async () => {
  const { code, errors } = await runExplain(manifests, "route", "shop/web", "-f", "/nowhere");
  expect([code, errors]).toEqual([2, "error: cannot read /nowhere: ENOENT\n"]);
});
