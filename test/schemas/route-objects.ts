import type { Kind } from "../../src/core/keys.ts";

/** An object of the Gateway API as a manifest has it. */
export interface RouteObject {
  readonly name: string;
  readonly kind: Kind;
  readonly spec: object;
}

const backendRefs = [{ name: "b", port: 80 }];
const targetRefs = [{ group: "", kind: "Service", name: "b" }];
const validation = { hostname: "b.example.com", wellKnownCACertificates: "System" };
const authority = { group: "", kind: "ConfigMap", name: "ca" };

const grpc = (rule: object) => ({ kind: "GRPCRoute", spec: { rules: [rule] } }) as const;
const http = (rule: object) => ({ kind: "HTTPRoute", spec: { rules: [rule] } }) as const;
const tls = (spec: object) => ({ kind: "TLSRoute", spec: { rules: [{ backendRefs }], ...spec } }) as const;
const tcp = (rules: readonly object[], spec: object = {}) => ({ kind: "TCPRoute", spec: { rules, ...spec } }) as const;
const policy = (spec: object) => ({ kind: "BackendTLSPolicy", spec: { targetRefs, validation, ...spec } }) as const;
const gateway = (spec: object) => {
  const listeners = [{ name: "l", port: 443, protocol: "HTTP" }];
  return { kind: "Gateway", spec: { gatewayClassName: "c", listeners, ...spec } } as const;
};

/** Objects that are taken, with the fields that the API fills in. */
export const takenRoutes: readonly (RouteObject & { readonly want: object })[] = [
  { name: "a route of all calls", kind: "GRPCRoute", spec: {}, want: {} },
  {
    name: "a method, with a session by header",
    ...grpc({
      matches: [{ method: { service: "shop.v1.Cart", method: "Get" } }],
      sessionPersistence: { type: "Header", header: { name: "x-session" } },
      backendRefs,
    }),
    want: {
      rules: [{ matches: [{ method: { type: "Exact" } }], backendRefs: [{ group: "", kind: "Service", weight: 1 }] }],
    },
  },
  {
    name: "a session by cookie",
    ...http({ sessionPersistence: { cookie: {} }, backendRefs }),
    want: { rules: [{ sessionPersistence: { type: "Cookie", cookie: { path: "/", lifetimeType: "Session" } } }] },
  },
  {
    name: "server names",
    ...tls({ hostnames: ["a.example.com", "*.example.com"], parentRefs: [{ name: "g", port: 443 }] }),
    want: { parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway" }] },
  },
  { name: "connections", ...tcp([{ backendRefs }]), want: { rules: [{ backendRefs: [{ weight: 1 }] }] } },
  { name: "datagrams", kind: "UDPRoute", spec: { rules: [{ backendRefs }] }, want: {} },
  {
    name: "authorities in a ConfigMap and names of both types",
    ...policy({
      validation: {
        hostname: "b.example.com",
        caCertificateRefs: [authority],
        subjectAltNames: [
          { type: "Hostname", hostname: "*.example.com" },
          { type: "URI", uri: "spiffe://example.com/b" },
        ],
      },
    }),
    want: {},
  },
  {
    name: "client certificates on all ports but one",
    ...gateway({
      tls: {
        frontend: {
          default: { validation: { caCertificateRefs: [authority] } },
          perPort: [{ port: 8443, tls: {} }],
        },
      },
    }),
    want: { tls: { frontend: { default: { validation: { mode: "AllowValidOnly" } } } } },
  },
];

/** Objects that are refused, with what is said about them. */
export const refusedRoutes: readonly (RouteObject & { readonly want: string })[] = [
  {
    name: "a method match of nothing",
    ...grpc({ matches: [{ method: {} }] }),
    want: "spec.rules[0].matches[0].method must have a service, a method or both",
  },
  {
    name: "a service that is no name",
    ...grpc({ matches: [{ method: { service: "a b" } }] }),
    want: "spec.rules[0].matches[0].method must have a service of letters, digits and '_'",
  },
  {
    name: "a filter that only HTTPRoutes have",
    ...grpc({ filters: [{ type: "URLRewrite", urlRewrite: {} }] }),
    want: "spec.rules[0].filters[0].urlRewrite is not a field that exists",
  },
  {
    name: "timeouts of calls",
    ...grpc({ timeouts: { request: "1s" } }),
    want: "spec.rules[0].timeouts is not a field that exists",
  },
  {
    name: "a weight that is too large",
    ...grpc({ backendRefs: [{ name: "b", port: 80, weight: 1_000_001 }] }),
    want: "spec.rules[0].backendRefs[0].weight must be ≤ 1000000",
  },
  {
    name: "a Service without port",
    ...grpc({ backendRefs: [{ name: "b" }] }),
    want: "spec.rules[0].backendRefs[0] must have a port, as it refers to a Service",
  },
  {
    name: "a session by a header without a name",
    ...http({ sessionPersistence: { type: "Header" } }),
    want: "spec.rules[0].sessionPersistence must have header when its type is Header",
  },
  {
    name: "a session's idle timeout, which is not in the API any more",
    ...http({ sessionPersistence: { cookie: {}, idleTimeout: "1h" } }),
    want: "spec.rules[0].sessionPersistence.idleTimeout is not a field that exists",
  },
  { name: "no server name", ...tls({ hostnames: [] }), want: "spec.hostnames must not be empty" },
  { name: "server names left out", ...tls({}), want: "spec.hostnames is required" },
  {
    name: "an IP address as server name",
    ...tls({ hostnames: ["a.example.com", "192.0.2.1"] }),
    want: 'spec.hostnames has a name "192.0.2.1" that is an IP address',
  },
  {
    name: "a wildcard within a server name",
    ...tls({ hostnames: ["a.*.example.com"] }),
    want: "spec.hostnames[0] must be a host name in lower case",
  },
  { name: "two rules", ...tcp([{ backendRefs }, { backendRefs }]), want: "spec.rules must have at most one entry" },
  { name: "no backend", ...tcp([{ backendRefs: [] }]), want: "spec.rules[0].backendRefs must not be empty" },
  {
    name: "a port out of range",
    ...tcp([{ backendRefs: [{ name: "b", port: 65_536 }] }]),
    want: "spec.rules[0].backendRefs[0].port must be ≤ 65535 (is 65536)",
  },
  {
    name: "a route for default Gateways",
    ...tcp([{ backendRefs }], { useDefaultGateways: "All" }),
    want: "spec.useDefaultGateways is not a field that exists",
  },
  {
    name: "the same section twice",
    kind: "UDPRoute",
    spec: { parentRefs: [{ name: "g" }, { name: "g", port: 53 }], rules: [{ backendRefs }] },
    want: "spec.parentRefs must not refer twice to the same section of the same parent",
  },
  {
    name: "no authority",
    ...policy({ validation: { hostname: "b.example.com" } }),
    want: "spec.validation must have caCertificateRefs or wellKnownCACertificates",
  },
  {
    name: "named and well known authorities",
    ...policy({ validation: { ...validation, caCertificateRefs: [authority] } }),
    want: "spec.validation must not have both caCertificateRefs and wellKnownCACertificates",
  },
  {
    name: "a wildcard as the name of a backend",
    ...policy({ validation: { ...validation, hostname: "*.example.com" } }),
    want: "spec.validation.hostname must be a DNS name",
  },
  {
    name: "a name of an unknown type",
    ...policy({ validation: { ...validation, subjectAltNames: [{ type: "Email" }] } }),
    want: 'spec.validation.subjectAltNames[0].type must be one of "Hostname", "URI"',
  },
  {
    name: "a target in another namespace",
    ...policy({ targetRefs: [{ ...targetRefs[0], namespace: "other" }] }),
    want: "spec.targetRefs[0].namespace is not a field that exists",
  },
  {
    name: "filters of a listener",
    ...gateway({ listeners: [{ name: "l", port: 80, protocol: "HTTP", filters: { requests: [] } }] }),
    want: "spec.listeners[0].filters is not a field that exists",
  },
  {
    name: "client certificates on one port without a default",
    ...gateway({ tls: { frontend: { perPort: [{ port: 443, tls: {} }] } } }),
    want: "spec.tls.frontend.default is required",
  },
  {
    name: "two ways to check clients on one port",
    ...gateway({
      tls: {
        frontend: {
          default: {},
          perPort: [
            { port: 443, tls: {} },
            { port: 443, tls: {} },
          ],
        },
      },
    }),
    want: "spec.tls.frontend.perPort must not hold two entries with the same port",
  },
];
