import { describe, expect, it } from "vitest";
import { gatewayClass } from "../support/gateway-class.ts";
import { runExplain } from "./explain-world.ts";

const all = "allowedRoutes: { namespaces: { from: All } }";
const manifests = `
${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: tls, port: 443, protocol: TLS, hostname: "*.example.com", tls: { mode: Passthrough }, ${all} }
    - { name: tcp, port: 9000, protocol: TCP, ${all} }
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: shop }
spec: { ports: [{ port: 80 }] }
${route("TLSRoute", "vault", 1, "hostnames: [vault.example.com], ")}
${route("TCPRoute", "older", 1)}
${route("TCPRoute", "younger", 2)}
${route("TLSRoute", "broken", 1, "hostnames: [broken.example.com], ").replace("name: app, port", "name: absent, port")}
`;

function route(kind: string, name: string, created: number, hostnames = ""): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: shop, creationTimestamp: "2026-01-0${created}T00:00:00Z" }
spec: { parentRefs: [{ name: edge, namespace: infra }], ${hostnames}rules: [{ backendRefs: [{ name: app, port: 80 }] }] }
`;
}

describe("gatehouse explain request", () => {
  it("tells where a connection is forwarded, and to which routes it is not", async () => {
    expect(await runExplain(manifests, "request", "http://any.example.com:9000/")).toEqual({
      code: 0,
      errors: "",
      out: `GET http://any.example.com:9000/ on port 9000

Gateway infra/edge
  listener      tcp, TCP port 9000, every hostname
  route         TCPRoute shop/older
  answer        the connection is forwarded to Service shop/app:80
  routes that it would go to, and what decided against them
    TCPRoute shop/younger: an older route
`,
    });
  });

  it.each([
    ["a server name that a route has", "https://vault.example.com", 0, "route         TLSRoute shop/vault\n"],
    [
      "one that no route has",
      "https://other.example.com",
      1,
      "No route has the server name: the connection is closed\n",
    ],
    ["one that no listener has", "https://elsewhere.net", 1, "no connection: No listener of the port has"],
    ["a route without a backend", "https://broken.example.com", 1, "No backend of the route can be used"],
    [
      "a client that speaks no TLS",
      "http://vault.example.com:443",
      1,
      "The port wants TLS, and the client speaks none\n",
    ],
  ])("knows %s", async (_what, url, code, line) => {
    const run = await runExplain(manifests, "request", url);
    expect(run.out).toContain(line);
    expect(run.code).toBe(code);
  });
});

describe("gatehouse explain route", () => {
  it("tells of every kind how it is served, and what comes first", async () => {
    expect((await runExplain(manifests, "route", "tcproute/shop/younger")).out).toBe(`TCPRoute shop/younger

Gateway infra/edge: attached
  ✗ tls, TLS port 443, hostname *.example.com: The listener admits no TCPRoutes
  ✓ tcp, TCP port 9000, every hostname
      *: never reached, TCPRoute shop/older comes first (an older route)

Rules
  0  Service shop/app:80
`);
  });

  it("tells of a route whose backends cannot be used that connections are closed", async () => {
    const { out } = await runExplain(manifests, "route", "tlsroutes/shop/broken");
    expect(out).toContain("  0  closes connections: no backend of it can be used\n");
  });

  it.each(["podroute/shop/x", "tcproute/shop", "a/b/c/d"])("does not take %s for a route", async (name) => {
    const { code, errors } = await runExplain(manifests, "route", name);
    expect([code > 0, errors !== "" || name === "tcproute/shop"]).toEqual([true, true]);
  });
});
