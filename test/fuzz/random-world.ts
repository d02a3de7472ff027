import type { Random } from "../decide/random.ts";
import { type Material, tlsData } from "./material.ts";
import type { PlainRecord } from "./plain.ts";
import { namespaces } from "./pools.ts";
import { randomKinds, randomObject, type WrittenObject } from "./random-object.ts";

/** What is there before anything random comes: a Gateway with a listener of each protocol, and what can be referred to. */
export function furniture({ certificate, authorityPem }: Material): readonly WrittenObject[] {
  const everybody = { allowedRoutes: { namespaces: { from: "All" } } };
  const certificateRefs = [{ name: "cert" }];
  const listeners = [
    { name: "http", port: 80, protocol: "HTTP", ...everybody },
    { name: "one", port: 8080, protocol: "HTTP", hostname: "*.example.com", ...everybody },
    { name: "https", port: 443, protocol: "HTTPS", tls: { certificateRefs }, ...everybody },
    { name: "tls", port: 8443, protocol: "TLS", tls: { mode: "Passthrough" }, ...everybody },
    { name: "tcp", port: 9000, protocol: "TCP", ...everybody },
    { name: "udp", port: 5300, protocol: "UDP", ...everybody },
  ];
  const more = [
    { name: "one", port: 80, protocol: "HTTP", hostname: "set.test", ...everybody },
    { name: "tls", port: 443, protocol: "TLS", hostname: "set.test", tls: { mode: "Passthrough" }, ...everybody },
    { name: "tcp", port: 9001, protocol: "TCP", ...everybody },
  ];
  return [
    object("gateway.networking.k8s.io/v1", "GatewayClass", { name: "gatehouse" }, { spec: { controllerName } }),
    ...namespaces.map((name) => object("v1", "Namespace", { name, labels: { tenant: "yes" } }, {})),
    object(
      "gateway.networking.k8s.io/v1",
      "Gateway",
      { namespace: "infra", name: "edge" },
      { spec: { gatewayClassName: "gatehouse", allowedListeners: { namespaces: { from: "All" } }, listeners } },
    ),
    object(
      "gateway.networking.k8s.io/v1",
      "Gateway",
      { namespace: "infra", name: "second" },
      { spec: { gatewayClassName: "gatehouse", listeners: listeners.slice(0, 3) } },
    ),
    object(
      "gateway.networking.k8s.io/v1",
      "ListenerSet",
      { namespace: "a", name: "set" },
      { spec: { parentRef: { namespace: "infra", name: "edge" }, listeners: more } },
    ),
    ...namespaces.flatMap((namespace) => [
      object("v1", "Secret", { namespace, name: "cert" }, { type: "kubernetes.io/tls", data: tlsData(certificate) }),
      object("v1", "ConfigMap", { namespace, name: "ca" }, { data: { "ca.crt": authorityPem } }),
      ...backend(namespace),
    ]),
  ];
}

export const controllerName = "gatehouse.dev/gateway-controller";

/** Objects of all kinds, so many of them. */
export function randomObjects(count: number, random: Random, material: Material): readonly WrittenObject[] {
  return Array.from({ length: count }, () => randomObject(random.pick(randomKinds), random, material));
}

function object(
  apiVersion: string,
  kind: WrittenObject["kind"],
  metadata: PlainRecord,
  body: PlainRecord,
): WrittenObject {
  const creationTimestamp = "2026-01-01T00:00:00Z";
  return { apiVersion, kind, metadata: { creationTimestamp, generation: 1, ...metadata }, ...body };
}

function backend(namespace: string): readonly WrittenObject[] {
  const ports = [
    { name: "http", port: 80 },
    { name: "grpc", port: 81, appProtocol: "kubernetes.io/h2c" },
    { name: "odd", port: 82, appProtocol: "mystery" },
    { name: "tcp", port: 9000 },
    { name: "udp", port: 5300, protocol: "UDP" },
  ];
  const slicePorts = ports.map(({ name, protocol = "TCP" }) => ({ name, protocol, port: 8080 }));
  const labels = { "kubernetes.io/service-name": "app" };
  return [
    object("v1", "Service", { namespace, name: "app" }, { spec: { selector: { app: "app" }, ports } }),
    object(
      "discovery.k8s.io/v1",
      "EndpointSlice",
      { namespace, name: "app-0", labels },
      { addressType: "IPv4", ports: slicePorts, endpoints: [{ addresses: ["192.0.2.1"] }] },
    ),
    object(
      "v1",
      "Service",
      { namespace, name: "external" },
      { spec: { type: "ExternalName", externalName: "backend.example.com", ports: [{ name: "http", port: 80 }] } },
    ),
  ];
}
