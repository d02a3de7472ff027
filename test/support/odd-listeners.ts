/** Random worlds of listeners that are told apart by server name, or by nothing, and of the routes that are forwarded there. */
import type { Kind } from "../../src/core/keys.ts";
import type { Random } from "../decide/random.ts";
import type { PlainRecord } from "../fuzz/plain.ts";
import type { WrittenObject } from "../fuzz/random-object.ts";

const long = "l".repeat(63);
/** Of 253 characters, the longest that there is. */
const longest = `${[long, long, long].join(".")}.${"m".repeat(61)}`;
/** Names that a schema takes, most of them below each other. */
const plainNames: readonly string[] = [
  "a.example.com",
  "b.a.example.com",
  "c.b.a.example.com",
  "example.com",
  "com",
  "com-held",
  "a.example.com-held",
  "localhost",
  "xn--bcher-kva.example.com",
  "xn--a.example.com",
  "1.2.3.example",
  "1.2.3.4.example.com",
  "0.example.com",
  "123",
  "a--b.example.com",
  "1.2.3.4",
  `${long}.example.com`,
  longest,
];
const wildcards: readonly string[] = [
  "*.com",
  "*.com-held",
  "*.example.com",
  "*.example.com-held",
  "*.a.example.com",
  "*.b.a.example.com",
  "*.1.2.3.example",
  "*.localhost",
  `*.${longest.slice(4)}`,
];
export const serverNames: readonly string[] = [...plainNames, ...wildcards];
export const oddPorts: readonly number[] = [443, 8443, 9443, 9000, 5300, 1, 64_508, 65_535];
export const controllerName = "gatehouse.dev/gateway-controller";

const tenants = ["a", "b", "c"] as const;
const longName = `n${"-0".repeat(30)}`;
const gatewayApi = "gateway.networking.k8s.io/v1";

/** What stays as it is: a class, namespaces, Services with endpoints of both families, without any, and what is no Service. */
export function frameOf(secretData: PlainRecord, authorityPem: string): readonly WrittenObject[] {
  const namespaces = ["infra", ...tenants];
  return [
    written(gatewayApi, "GatewayClass", { name: "gatehouse" }, { spec: { controllerName } }),
    ...namespaces.map((name) => written("v1", "Namespace", { name }, {})),
    ...namespaces.flatMap((namespace) => [
      written("v1", "Secret", { namespace, name: "cert" }, { type: "kubernetes.io/tls", data: secretData }),
      written("v1", "ConfigMap", { namespace, name: "ca" }, { data: { "ca.crt": authorityPem } }),
      ...["four", "six", "both", "nobody"].map((name) =>
        written("v1", "Service", { namespace, name }, { spec: { ports: backendPorts } }),
      ),
      ...endpoints(namespace, "four", "IPv4"),
      ...endpoints(namespace, "six", "IPv6"),
      ...endpoints(namespace, "both", "IPv4"),
      ...endpoints(namespace, "both", "IPv6"),
    ]),
  ];
}

const backendPorts = [
  { name: "t", port: 80 },
  { name: "u", port: 53, protocol: "UDP" },
];

function endpoints(namespace: string, service: string, addressType: "IPv4" | "IPv6"): readonly WrittenObject[] {
  const labels = { "kubernetes.io/service-name": service };
  const addresses = addressType === "IPv4" ? ["127.0.0.2", "127.0.0.3"] : ["::1"];
  const ports = backendPorts.map(({ name, protocol = "TCP" }) => ({ name, protocol, port: 9 }));
  const metadata = { namespace, name: `${service}-${addressType.toLowerCase()}`, labels };
  const body = { addressType, ports, endpoints: addresses.map((address) => ({ addresses: [address] })) };
  return [written("discovery.k8s.io/v1", "EndpointSlice", metadata, body)];
}

/** All that is random: the same names each time, so that a second world is an edit of the first. */
export function oddListeners(random: Random): readonly WrittenObject[] {
  const routes = Array.from({ length: 12 }, (_each, index) => route(index, random));
  const claims = tenants.map((namespace) => {
    const spec = { hostname: random.pick(serverNames), namespaces: { names: [namespace] } };
    return written("gatehouse.dev/v1alpha1", "HostnameClaim", { name: `of-${namespace}` }, { spec });
  });
  return [
    parameters(random),
    gateway(random),
    ...tenants.map((each) => listenerSet(each, random)),
    ...routes,
    ...claims,
  ];
}

function gateway(random: Random): WrittenObject {
  const perPort = random.chance(30) ? { perPort: [{ port: 443, tls: { validation: validation(random) } }] } : {};
  const frontend = random.chance(20)
    ? { default: { validation: validation(random) }, ...perPort }
    : { default: {}, ...perPort };
  const spec = {
    gatewayClassName: "gatehouse",
    allowedListeners: { namespaces: { from: "All" } },
    infrastructure: { parametersRef: { group: "gatehouse.dev", kind: "GatewayParameters", name: "edge" } },
    ...(random.chance(40) && { tls: { frontend } }),
    listeners: listeners(random, 1 + random.below(8)),
  };
  return written(gatewayApi, "Gateway", { namespace: "infra", name: "edge" }, { spec });
}

function validation(random: Random): PlainRecord {
  const mode = random.pick(["AllowValidOnly", "AllowInsecureFallback"]);
  return { mode, caCertificateRefs: [{ group: "", kind: "ConfigMap", name: random.pick(["ca", "ca", "absent"]) }] };
}

function listenerSet(namespace: string, random: Random): WrittenObject {
  const parentRef = { namespace: "infra", name: "edge" };
  const spec = { parentRef, listeners: listeners(random, 1 + random.below(8)) };
  return written(gatewayApi, "ListenerSet", { namespace, name: longName }, { spec });
}

function listeners(random: Random, count: number): readonly PlainRecord[] {
  const all = Array.from({ length: count }, (_each, index) => {
    const protocol = random.pick(["TLS", "TLS", "TLS", "TLS", "HTTPS", "HTTPS", "TCP", "UDP", "HTTP"]);
    const port = random.chance(60) ? 443 : random.pick(oddPorts);
    const isNamed = !["TCP", "UDP"].includes(protocol) && random.chance(80);
    const from = random.pick(["All", "All", "Same"]);
    const endsTls = { certificateRefs: [{ name: random.chance(90) ? "cert" : "absent" }] };
    const passes = protocol === "TLS" && random.chance(60);
    return {
      name: index === 0 ? longName : `${index}.${"x".repeat(index)}`,
      port,
      protocol,
      ...(isNamed && { hostname: random.pick(serverNames) }),
      ...(["TLS", "HTTPS"].includes(protocol) && { tls: passes ? { mode: "Passthrough" } : endsTls }),
      allowedRoutes: { namespaces: { from } },
    };
  });
  // What a schema refuses takes the whole object with it.
  const places = all.map(({ port, protocol, hostname }) => JSON.stringify([port, protocol, hostname]));
  return all.filter((_each, index) => places.indexOf(places[index] ?? "") === index);
}

const routeKinds: readonly Kind[] = [
  "TLSRoute",
  "TLSRoute",
  "TLSRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
  "HTTPRoute",
];

function route(index: number, random: Random): WrittenObject {
  const kind = routeKinds[index % routeKinds.length] ?? "TLSRoute";
  const namespace = tenants[index % tenants.length] ?? "a";
  const set = {
    group: "gateway.networking.k8s.io",
    kind: "ListenerSet",
    name: longName,
    namespace: random.pick(tenants),
  };
  const port = random.chance(20) ? { port: random.pick(oddPorts) } : {};
  const edge = { name: "edge", namespace: "infra", ...port };
  const parentRefs = random.pick([[edge], [edge, set], [set]]);
  const names = {
    hostnames: random.some(
      serverNames.filter((name) => name !== "1.2.3.4"),
      1,
      8,
    ),
  };
  const backendRefs = random.some(["four", "six", "both", "nobody", "absent"], 1, 5).map((name) => ({
    name,
    port: kind === "UDPRoute" ? 53 : 80,
    weight: random.pick([0, 1, 2, 997, 1_000_000]),
  }));
  const rule = { ...(random.chance(30) && { name: longName }), backendRefs };
  const takesNames = kind === "TLSRoute" || (kind === "HTTPRoute" && random.chance(70));
  return written(
    gatewayApi,
    kind,
    { namespace, name: `r${index}` },
    {
      spec: { parentRefs, ...(takesNames && names), rules: [rule] },
    },
  );
}

const oddFields = ["a.b", "a-b", "__proto__", "constructor", "time", "0", ".", "-", "x".repeat(200)];
const oddValues = [
  "%%",
  "\u0000\n\u007f",
  "ü €",
  "%START_TIME%",
  "%METADATA(ROUTE:a:b)%",
  "%REQ(X?Y):10%",
  "%FILTER_CHAIN_NAME%",
  "",
  '"\\',
  "%TRAILER(X)%",
];

function parameters(random: Random): WrittenObject {
  const fields = Object.fromEntries(random.some(oddFields, 0, 4).map((name) => [name, random.pick(oddValues)]));
  const spec = {
    ...(random.chance(70) && { accessLog: { format: "JSON", fields } }),
    ...(random.chance(10) && { accessLog: { format: "Text", text: oddValues.join(" ") } }),
    ...(random.chance(50) && { limits: { listener: { maxConnections: random.pick([20, 100, 1_000_000]) } } }),
    ...(random.chance(50) && {
      listeners: random.some(oddPorts, 1, 3).map((port) => ({
        port,
        ...random.pick([{ http3: true }, { proxyProtocol: "Allow" }, { http3: true, proxyProtocol: "Allow" }]),
      })),
    }),
    ...(random.chance(50) && { ownership: { mode: random.pick(["Enforce", "Warn", "Off"]) } }),
  };
  return written("gatehouse.dev/v1alpha1", "GatewayParameters", { namespace: "infra", name: "edge" }, { spec });
}

function written(apiVersion: string, kind: Kind, metadata: PlainRecord, body: PlainRecord): WrittenObject {
  return {
    apiVersion,
    kind,
    metadata: { creationTimestamp: "2026-01-01T00:00:00Z", generation: 1, ...metadata },
    ...body,
  };
}
