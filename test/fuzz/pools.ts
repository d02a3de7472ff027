/** Few values for the fields by which objects meet: references, ports, hostnames, and texts that others read as programs. */
import type { Random } from "../decide/random.ts";
import type { Plain, PlainRecord } from "./plain.ts";

/** Namespaces of a world. Nobody grants anything in `vault`. */
export const namespaces = ["infra", "a", "b", "vault"] as const;

const group = "gateway.networking.k8s.io";
const somewhere = [...Array.from({ length: 12 }, () => undefined), "infra", "a", "b", "vault", "nowhere"] as const;

/**
 * Ports of listeners and Services: each is used by several protocols. Not 10080, where standalone proxies bind port 80 until a
 * listener of a Gateway asks for it: the two change places, which Envoy refuses at the first try.
 */
export const ports = [80, 80, 443, 8080, 8443, 9000, 5300, 1, 1023, 1024, 65_535] as const;

export const hostnames = [
  "shop.example.com",
  "cart.example.com",
  "*.example.com",
  "*.shop.example.com",
  "a.b.test",
  "*.test",
  "localhost",
] as const;

const regexes = [
  ".*",
  "a+",
  "^v[0-9]+$",
  "(?i)beta",
  "/c.*t",
  "(",
  "[",
  "a{1001}",
  "(?=x)",
  "\\1",
  "\\pN",
  "(a*)*b",
  "\\C",
  "x{500}{500}",
  "a|".repeat(300),
  "\\Qa\\E",
  "%REQ(x)%",
];

const texts: Readonly<Record<string, readonly Plain[]>> = {
  hostname: hostnames,
  hostnames,
  port: ports,
  targetPort: [8080, 8081, "http", "absent"],
  method: ["GET", "POST", "CONNECT", "Ping", "Watch", "", ...regexes],
  service: ["grpc.health.v1.Health", "shop.Cart", "a/b", "", ...regexes],
  value: ["1", "yes", "/", "/cart", "/cart/", "/a b", "/%2f", "/a//b", "/a/../b", "/a?b", "a,b", "{host}", ...regexes],
  gatewayClassName: [...Array.from({ length: 8 }, () => "gatehouse"), "other", "absent"],
  controllerName: [...Array.from({ length: 4 }, () => "gatehouse.dev/gateway-controller"), "example.com/other"],
  sectionName: ["http", "https", "tls", "tcp", "udp", "one", "absent", "0"],
  replaceFullPath: ["/", "/new", "", "no-slash", "/a%zz", "/\\1", "/a?b#c", "%REQ(x)%", "/\u0000", "/\r\n"],
  replacePrefixMatch: ["/", "/new", "/new/", "", "no-slash", "//", "/a?b#c", "\\1", "/%00", "/ä"],
  protocol: ["HTTP", "HTTP", "HTTPS", "HTTPS", "TLS", "TLS", "TCP", "UDP", "TCP", "UDP", "QUIC", "example.com/other"],
  appProtocol: [
    "http",
    "http2",
    "grpc",
    "kubernetes.io/h2c",
    "kubernetes.io/ws",
    "kubernetes.io/wss",
    "https",
    "mystery",
  ],
  addressType: ["IPv4", "IPv4", "IPv6", "FQDN"],
  text: ["%PROTOCOL%", "%", "%REQ(", "%UNKNOWN%", "plain\n", "%START_TIME(%s)%", "\u0000"],
  fields: ["%PROTOCOL%", "%", "%REQ(:path)%", "%DYNAMIC_METADATA(a:b)%", "%REQ(x-\r\n)%"],
  options: ["1.2", "1.3", "", "AES128-SHA", "true", "x".repeat(4096)],
  cookieName: ["session", "a b", "a=b", "a;b", "ä", "__Host-x"],
  sessionName: ["session", "x-session", ":path", "host", "a b", "a=b; Path=/", "ä", "\r\n"],
};

/** What a field of this name may hold, where it is not left to its schema. */
export function textsOf(field: string): readonly Plain[] | undefined {
  return Object.hasOwn(texts, field) ? texts[field] : undefined;
}

/** A whole value for a place of an object, as its author would write it; undefined where the schema says enough. */
export function commonValue(kind: string, path: readonly string[], random: Random): PlainRecord | undefined {
  const make = commonValues[path.join(".")] ?? commonValues[`${kind}.${path.join(".")}`] ?? byLast(path);
  return make?.(random);
}

type Make = (random: Random) => PlainRecord;

const commonValues: Readonly<Record<string, Make>> = {
  "spec.parentRefs[]": parentRef,
  "spec.parentRef": (random) => ({ ...(random.chance(80) && { namespace: "infra" }), name: random.pick(gatewayNames) }),
  "spec.targetRefs[]": (random) => ({
    group: random.chance(92) ? "" : group,
    kind: random.chance(92) ? "Service" : "Pod",
    name: random.pick(serviceNames),
    ...(random.chance(30) && { sectionName: random.pick(["http", "grpc", "tcp", "udp", "absent"]) }),
  }),
  "GatewayClass.spec.parametersRef": (random) => parameters(random, { namespace: random.pick(["infra", "a"]) }),
  "Gateway.spec.infrastructure.parametersRef": (random) => parameters(random, {}),
  "ReferenceGrant.spec.from[]": (random) => ({
    group,
    kind: random.pick([
      "Gateway",
      "ListenerSet",
      "HTTPRoute",
      "GRPCRoute",
      "TLSRoute",
      "TCPRoute",
      "UDPRoute",
      "BackendTLSPolicy",
    ]),
    namespace: random.pick(["infra", "a", "b", "nowhere"]),
  }),
  "ReferenceGrant.spec.to[]": (random) => ({
    group: "",
    kind: random.pick(["Service", "Secret", "ConfigMap"]),
    ...(random.chance(30) && { name: random.pick(["app", "cert", "ca", "absent"]) }),
  }),
  "Gateway.spec.listeners[].allowedRoutes.namespaces": allowed,
  "ListenerSet.spec.listeners[].allowedRoutes.namespaces": allowed,
  "Gateway.spec.allowedListeners.namespaces": allowed,
  "Gateway.spec.addresses[]": (random) =>
    random.pick<PlainRecord>([
      { type: "IPAddress", value: random.pick(["127.9.0.2", "127.9.0.3", "::1", "0:0::1"]) },
      { type: "IPAddress" },
      { type: "Hostname", value: "shop.example.com" },
      { type: "NamedAddress", value: "one" },
    ]),
};

const byLastStep: Readonly<Record<string, Make>> = {
  "certificateRefs[]": secretRef,
  clientCertificateRef: secretRef,
  "caCertificateRefs[]": (random) => ({
    group: random.chance(93) ? "" : "example.com",
    kind: random.pick(["ConfigMap", "ConfigMap", "ConfigMap", "Secret", "Unknown"]),
    name: random.pick(["ca", "ca", "two-ca", "bad-ca", "empty-ca", "absent"]),
  }),
  backendRef: backendRef,
  matchLabels: (random) => random.pick<PlainRecord>([{ tenant: "yes" }, {}, { "kubernetes.io/metadata.name": "a" }]),
};

function byLast(path: readonly string[]): Make | undefined {
  const last = path.at(-1) ?? "";
  return Object.hasOwn(byLastStep, last) ? byLastStep[last] : undefined;
}

const gatewayNames = [...Array.from({ length: 6 }, () => "edge"), "second", "second", "third", "absent"] as const;
export const serviceNames = [
  "app",
  "app",
  "app",
  "app",
  "app",
  "app",
  "app",
  "headless",
  "external",
  "absent",
  "s1",
] as const;

function parentRef(random: Random): PlainRecord {
  const parent = random.pick<PlainRecord>([
    ...Array.from({ length: 9 }, () => ({ namespace: "infra", name: random.pick(gatewayNames) })),
    { name: random.pick(gatewayNames) },
    { kind: "ListenerSet", namespace: random.pick(namespaces), name: random.pick(["set", "o1", "o2", "absent"]) },
    { kind: "ListenerSet", name: "set" },
    { group: "", kind: "Service", name: "app", port: 80 },
    { group: "example.com", kind: "Gateway", name: "edge" },
  ]);
  const section = random.pick<PlainRecord>([
    ...Array.from({ length: 8 }, () => ({})),
    { sectionName: random.pick(["http", "https", "tls", "tcp", "udp", "one", "absent"]) },
    { sectionName: random.pick(["http", "https", "tls", "tcp", "udp", "one", "absent"]) },
    { port: random.pick(ports) },
    { sectionName: "http", port: random.pick(ports) },
  ]);
  return { ...parent, ...section };
}

function allowed(random: Random): PlainRecord {
  const from = random.pick(["All", "All", "All", "Same", "Selector"]);
  return from === "Selector" ? { from, selector: { matchLabels: { tenant: "yes" } } } : { from };
}

function secretRef(random: Random): PlainRecord {
  const namespace = random.pick(somewhere);
  const kind = random.chance(93) ? "Secret" : random.pick(["ConfigMap", "Unknown"]);
  const name = random.pick(["cert", "cert", "cert", "cert", "wild-cert", "bad-cert", "opaque", "absent"]);
  return { group: random.chance(95) ? "" : "example.com", kind, name, ...(namespace !== undefined && { namespace }) };
}

/** A reference to a Service, or to something else of its name. */
export function backendRef(random: Random): PlainRecord {
  const namespace = random.pick(somewhere);
  return {
    ...(random.chance(6) && {
      group: random.pick(["", "example.com", group]),
      kind: random.pick(["Service", "Pod", "Gateway"]),
    }),
    name: random.pick(serviceNames),
    port: random.pick([80, 80, 80, 81, 9000, 9000, 5300, 5300, 82, 443]),
    ...(namespace !== undefined && { namespace }),
  };
}

function parameters(random: Random, more: PlainRecord): PlainRecord {
  const ours = random.chance(90);
  return {
    group: ours ? "gatehouse.dev" : "",
    kind: ours ? "GatewayParameters" : "ConfigMap",
    name: random.pick(["class", "own", "o1", "absent"]),
    ...more,
  };
}
