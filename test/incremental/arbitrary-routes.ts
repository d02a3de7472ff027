import fc from "fast-check";
import type {
  BackendTlsPolicy,
  GatewayTls,
  GrpcRoute,
  GrpcRouteRule,
  Layer4BackendRef,
  ParentReference,
  TcpRoute,
  TlsRoute,
  UdpRoute,
} from "../../src/core/gateway-api.ts";
import type { ConfigMap, ObjectMeta } from "../../src/core/kubernetes.ts";

/* Routes of the other kinds, and policies: with the names of arbitrary-objects, so that they meet what is there. */
const group = "gateway.networking.k8s.io";
const apiVersion = `${group}/v1`;

const parentRefs: fc.Arbitrary<readonly ParentReference[]> = fc.uniqueArray(
  fc.constantFrom<ParentReference>(
    { group, kind: "Gateway", namespace: "infra", name: "shared-gateway" },
    { group, kind: "Gateway", namespace: "infra", name: "shared-gateway", sectionName: "three" },
    { group, kind: "Gateway", namespace: "infra", name: "second" },
    { group, kind: "ListenerSet", namespace: "a", name: "set" },
    { group: "", kind: "Service", name: "backend" },
  ),
  { minLength: 1, maxLength: 2 },
);

const hostnames = fc.subarray(["shop.example.com", "*.example.com", "a.b.test", "*.shop.example.com"], {
  minLength: 1,
});

const backendRefs: fc.Arbitrary<readonly Layer4BackendRef[]> = fc.array(
  fc
    .record({
      name: fc.constantFrom("backend", "backend", "backend", "absent"),
      namespace: fc.constantFrom(undefined, undefined, "a", "b"),
      port: fc.constantFrom(80, 80, 8080, 5300),
      weight: fc.constantFrom(0, 1, 3),
    })
    .map(({ namespace, ...ref }) => ({
      group: "",
      kind: "Service",
      ...ref,
      ...(namespace === undefined ? {} : { namespace }),
    })),
  { minLength: 1, maxLength: 3 },
);

const layer4 = fc.record({ parentRefs, rules: backendRefs.map((refs) => [{ backendRefs: refs }]) });

export function tcpRoutes(metadata: ObjectMeta): fc.Arbitrary<TcpRoute> {
  return layer4.map((spec) => ({ apiVersion, kind: "TCPRoute", metadata, spec }));
}

export function udpRoutes(metadata: ObjectMeta): fc.Arbitrary<UdpRoute> {
  return layer4.map((spec) => ({ apiVersion, kind: "UDPRoute", metadata, spec }));
}

export function tlsRoutes(metadata: ObjectMeta): fc.Arbitrary<TlsRoute> {
  return fc
    .tuple(layer4, hostnames)
    .map(([spec, names]) => ({ apiVersion, kind: "TLSRoute", metadata, spec: { ...spec, hostnames: names } }));
}

const calls: fc.Arbitrary<GrpcRouteRule> = fc
  .tuple(
    backendRefs,
    fc.subarray(
      [
        {},
        { method: { type: "Exact", service: "shop.Cart", method: "Add" } },
        { method: { type: "Exact", service: "shop.Cart" } },
        { method: { type: "RegularExpression", method: "(" } },
        { headers: [{ type: "Exact", name: "x-canary", value: "1" }] },
      ] as const,
      { maxLength: 2 },
    ),
  )
  .map(([refs, matches]) => ({ matches, backendRefs: refs }));

export function grpcRoutes(metadata: ObjectMeta): fc.Arbitrary<GrpcRoute> {
  return fc
    .record({ parentRefs, hostnames, rules: fc.array(calls, { minLength: 1, maxLength: 2 }) })
    .map((spec) => ({ apiVersion, kind: "GRPCRoute", metadata, spec }));
}

export function backendTlsPolicies(metadata: ObjectMeta): fc.Arbitrary<BackendTlsPolicy> {
  const target = { group: "", kind: "Service", name: "backend" };
  const bundle = { group: "", kind: "ConfigMap", name: "config" };
  return fc
    .record({
      targetRefs: fc.constantFrom([target], [{ ...target, sectionName: "http" }], [{ ...target, name: "absent" }]),
      validation: fc.constantFrom<BackendTlsPolicy["spec"]["validation"]>(
        { hostname: "shop.example.com", caCertificateRefs: [bundle] },
        { hostname: "a.b.test", wellKnownCACertificates: "System" },
        { hostname: "a.b.test", caCertificateRefs: [{ ...bundle, name: "absent" }, bundle] },
        { hostname: "a.b.test", caCertificateRefs: [{ ...bundle, kind: "Secret", name: "cert" }] },
      ),
    })
    .map((spec) => ({ apiVersion, kind: "BackendTLSPolicy", metadata, spec }));
}

/** ConfigMaps with or without authorities; `authorities` are PEM. */
export function configMaps(metadata: ObjectMeta, authorities: readonly string[]): fc.Arbitrary<ConfigMap> {
  return fc
    .constantFrom("", "no PEM", ...authorities)
    .map((bundle) => ({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { "ca.crt": bundle } }));
}

/** `spec.tls` of Gateways. */
export const gatewayTls: fc.Arbitrary<GatewayTls | undefined> = fc.constantFrom<GatewayTls | undefined>(
  undefined,
  undefined,
  { backend: { clientCertificateRef: { group: "", kind: "Secret", name: "cert" } } },
  {
    frontend: {
      default: {
        validation: {
          caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "config" }],
          mode: "AllowValidOnly",
        },
      },
      perPort: [{ port: 8443, tls: {} }],
    },
  },
  {
    frontend: {
      default: {
        validation: {
          caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "config", namespace: "a" }],
          mode: "AllowInsecureFallback",
        },
      },
    },
  },
);
