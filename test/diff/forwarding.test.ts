import { expect, it } from "vitest";
import { diffAgainst } from "../../src/app/diff/diff-against.ts";
import { readFileWorld } from "../../src/app/world/file-world.ts";
import type { WorldDiff } from "../../src/core/world-diff.ts";

const all = "allowedRoutes: { namespaces: { from: All } }";
const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: tls, port: 443, protocol: TLS, hostname: "*.a.com", tls: { mode: Passthrough }, ${all} }
    - { name: sql, port: 5432, protocol: TCP, ${all} }
    - { name: dns, port: 53, protocol: UDP, ${all} }
`;
const own = "    - { name: own, port: 443, protocol: TLS, hostname: own.a.com, tls: { mode: Passthrough } }\n";

function forward(
  kind: string,
  name: string,
  { service = "one", namespace = "shop", hostname = "", year = "2026" } = {},
) {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace}, creationTimestamp: "${year}-01-01T00:00:00Z" }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  ${hostname === "" ? "" : `hostnames: ["${hostname}"]`}
  rules: [{ backendRefs: [{ name: ${service}, namespace: backends, port: 1 }] }]
`;
}

function service(name: string): string {
  return `
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: backends }
spec: { ports: [{ name: t, port: 1 }, { name: u, port: 1, protocol: UDP }] }
`;
}

const grant = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: all, namespace: backends }
spec:
  from:
    - { group: gateway.networking.k8s.io, kind: TLSRoute, namespace: shop }
    - { group: gateway.networking.k8s.io, kind: TCPRoute, namespace: shop }
    - { group: gateway.networking.k8s.io, kind: UDPRoute, namespace: shop }
  to: [{ group: "", kind: Service }]
`;

const base = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/gateway-controller }
---${gateway}${service("one")}${service("two")}${grant}
${forward("TLSRoute", "wide", { hostname: "*.a.com" })}
${forward("TCPRoute", "sql")}
${forward("UDPRoute", "dns")}
`;

async function diffOf(change: string, remove = false): Promise<WorldDiff> {
  const result = await diffAgainst(readFileWorld([{ path: "world.yaml", text: base }]), {
    change: [{ path: "change.yaml", text: change }],
    options: {
      controllerName: "gatehouse.dev/gateway-controller",
      placement: { kind: "standalone", bindAddresses: ["0.0.0.0"] },
      remove,
    },
  });
  if (result.kind === "failed") throw new Error(result.message);
  return result.diff;
}

function told({ forwarded }: WorldDiff): readonly string[] {
  return forwarded.map(
    ({ port, protocol, hostname, before, after, foreign }) =>
      `${foreign ? "! " : ""}${hostname}:${port}/${protocol}: ${before.answer} -> ${after.answer}`,
  );
}

it.each([
  ["TLSRoute", "wide", "*.a.com", "*.a.com:443/TLS: forward to backends/one:1 -> forward to backends/two:1"],
  ["TCPRoute", "sql", "", "*:5432/TCP: forward to backends/one:1 -> forward to backends/two:1"],
  ["UDPRoute", "dns", "", "*:53/UDP: forward to backends/one:1 -> forward to backends/two:1"],
])("tells that a %s leads to another backend, and that nobody else has it", async (kind, name, hostname, want) => {
  const diff = await diffOf(forward(kind, name, { service: "two", hostname }));
  expect(told(diff)).toEqual([want]);
  expect([diff.owners, diff.verdict]).toEqual([[], "unaffected"]);
});

it("tells that other namespaces' connections and datagrams end with a grant", async () => {
  const diff = await diffOf(grant, true);
  expect(told(diff)).toEqual([
    "! *.a.com:443/TLS: forward to backends/one:1 -> closed",
    "! *:5432/TCP: forward to backends/one:1 -> closed",
    "! *:53/UDP: forward to backends/one:1 -> dropped",
  ]);
  expect(diff.verdict).toBe("affected");
});

it("tells that a listener of its own takes a server name from a wider route", async () => {
  const diff = await diffOf(gateway + own);
  expect(told(diff)).toEqual(["! own.a.com:443/TLS: forward to backends/one:1 -> closed"]);
  expect(diff.owners).toMatchObject([
    { hostname: "own.a.com", port: 443, before: "TLSRoute/shop/wide", foreign: true },
  ]);
});

it("tells that a name that is granted to others is closed below a wildcard", async () => {
  const diff = await diffOf(`
apiVersion: gatehouse.dev/v1alpha1
kind: HostnameClaim
metadata: { name: db }
spec: { hostname: db.a.com, namespaces: { names: [data] } }
`);
  expect(told(diff)).toEqual(["! db.a.com:443/TLS: forward to backends/one:1 -> closed"]);
  expect(diff).toMatchObject({ verdict: "affected", owners: [{ hostname: "db.a.com", before: "TLSRoute/shop/wide" }] });
});

it("tells that a name falls back to a wider route when its own goes", async () => {
  const narrow = forward("TLSRoute", "narrow", { hostname: "db.a.com", service: "two" });
  const diff = await diffOf(narrow);
  expect(told(diff)).toEqual(["db.a.com:443/TLS: forward to backends/one:1 -> forward to backends/two:1"]);
  expect(diff.owners).toMatchObject([{ before: "TLSRoute/shop/wide", after: "TLSRoute/shop/narrow" }]);
});
