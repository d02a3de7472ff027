/** A Gateway that many teams share, and the teams whose requests nobody may take. */
import { hostAddress } from "../../src/translate/ip-address.ts";
import type { IssuedCertificate } from "../support/certificates.ts";
import {
  type Address,
  backendRef,
  backendTlsPolicy,
  configMap,
  connectionRoute,
  endpointSlice,
  exact,
  gateway,
  grpcRoute,
  hostnameClaim,
  httpRoute,
  listener,
  listenerSet,
  listenerSetRef,
  type Manifest,
  object,
  type PlainObject,
  prefix,
  referenceGrant,
  rule,
  service,
  sharedGateway,
} from "./objects.ts";

/** Every team, and the namespace that wants what is theirs. */
export const tenants = [
  "ns-api",
  "ns-wild",
  "ns-bank",
  "ns-careers",
  "ns-product",
  "ns-pool",
  "ns-store",
  "ns-granted",
  "ns-docs",
  "ns-web",
  "ns-parts",
  "ns-rpc",
  "ns-vault",
  "ns-sealed",
  "ns-db",
  "ns-dns",
  "ns-cert",
] as const;

export const attacker = "mallory";

/** Stands in the names of the tenants' objects: nobody else may ever read it. */
export const secretWord = "v7q";

/** The attacker's Service with slices that say that a controller made them. */
export const forged = "forged";

/** Where the Service of a namespace listens. */
export type AddressOf = (namespace: string) => Address;

/** Everything that is there before the attacker comes. */
export function tenantWorld(addressOf: AddressOf, certificate: IssuedCertificate): readonly Manifest[] {
  const all = [...tenants, attacker];
  return [
    object("gateway.networking.k8s.io/v1", "GatewayClass", { name: "gatehouse" }, { spec: classSpec }),
    object("gatehouse.dev/v1alpha1", "GatewayParameters", { namespace: "infra", name: "class" }, { spec: parameters }),
    ...["infra", ...all].map((name) => object("v1", "Namespace", { name, more: { labels: { tenant: "yes" } } }, {})),
    ...budget,
    sharedGatewayObject,
    ...["infra", "ns-store", attacker].map((namespace) => tlsSecret(namespace, certificate)),
    ...all.flatMap((namespace) => backend(namespace, addressOf(namespace))),
    ...claims,
    ...storeListeners,
    ...routes,
    ...forwardedRoutes,
    ...sealedBackend(addressOf("ns-cert"), certificate),
    referenceGrant(
      named("ns-parts", "parts"),
      [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "ns-web" }],
      [{ group: "", kind: "Service", name: "app" }],
    ),
  ];
}

export function tlsSecret(namespace: string, { certificatePem, keyPem }: IssuedCertificate, name = "tls"): Manifest {
  const encoded = (text: string) => Buffer.from(text).toString("base64");
  const data = { "tls.crt": encoded(certificatePem), "tls.key": encoded(keyPem) };
  return object("v1", "Secret", { namespace, name }, { type: "kubernetes.io/tls", data });
}

/** Names an object of a tenant. */
function named(namespace: string, name: string) {
  return { namespace, name: `${name}-${secretWord}`, createdAt: "2026-01-10T00:00:00Z" };
}

const classSpec: PlainObject = {
  controllerName: "gatehouse.dev/gateway-controller",
  parametersRef: { group: "gatehouse.dev", kind: "GatewayParameters", namespace: "infra", name: "class" },
};

/** HTTP/3 where nobody but a tenant serves HTTPS. */
const parameters: PlainObject = { listeners: [{ port: 8443, http3: true }] };

/** What stops floods. */
const budget: readonly Manifest[] = [
  object(
    "gatehouse.dev/v1alpha1",
    "NamespaceBudget",
    { name: "tenants" },
    {
      spec: {
        namespaces: { selector: { matchLabels: { tenant: "yes" } } },
        limits: { routes: 60, rules: 200, hostnames: 120, regexes: 200, listeners: 80, certificates: 80, gateways: 5 },
      },
    },
  ),
];

const everybody: PlainObject = { allowedRoutes: { namespaces: { from: "All" } } };

const sharedGatewayObject = gateway(
  { namespace: "infra", name: "edge", createdAt: "2026-01-01T00:00:00Z" },
  {
    allowedListeners: { namespaces: { from: "All" } },
    listeners: [
      listener("http", 80, everybody),
      listener("teams", 80, {
        hostname: "*.teams.example.com",
        allowedRoutes: { namespaces: { from: "Selector", selector: { matchLabels: { tenant: "yes" } } } },
      }),
      listener("pool", 80, { hostname: "*.pool.example.com", ...everybody }),
      listener("shared", 80, { hostname: "shared.example.com", ...everybody }),
      listener("https", 443, everybody, { name: "tls" }),
      listener("https-apps", 443, { hostname: "*.apps.example.com", ...everybody }, { name: "tls" }),
      listener("tls", 6443, { ...everybody, protocol: "TLS" }, { name: "tls" }),
      listener("sealed", 6444, { ...everybody, protocol: "TLS", tls: { mode: "Passthrough" } }),
      listener("tcp", 9300, { ...everybody, protocol: "TCP" }),
      listener("udp", 5300, { ...everybody, protocol: "UDP" }),
    ],
  },
);

/** The address of the Service of a namespace. */
export function serviceAddress(namespace: string): string {
  return `10.96.0.${tenants.indexOf(namespace as never) + 10}`;
}

/** Where pods are to which nothing is sent. */
export const podAddressOf: AddressOf = (namespace) => ({
  address: `198.51.100.${tenants.indexOf(namespace as never) + 10}`,
  port: 8080,
});

/** Whether such an address is that of a tenant's pod or Service, in whichever spelling. */
export function isTenants(address: string): boolean {
  const host = hostAddress(address) ?? "";
  const theirs = tenants.flatMap((namespace) => [podAddressOf(namespace).address, serviceAddress(namespace)]);
  return theirs.includes(host);
}

function backend(namespace: string, address: Address): readonly Manifest[] {
  const byController = {
    more: { labels: { "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" } },
  };
  return [
    service({ namespace, name: "app" }, { selector: { app: "app" }, clusterIP: serviceAddress(namespace) }),
    endpointSlice({ namespace, name: "app-x1y2z", ...byController }, "app", address),
  ];
}

const claims: readonly Manifest[] = [
  hostnameClaim("granted", {
    hostname: "granted.example.com",
    subdomains: true,
    namespaces: { names: ["ns-granted"] },
  }),
  hostnameClaim("docs", { hostname: "manual.example.com", path: "/docs", namespaces: { names: ["ns-docs"] } }),
];

const routes: readonly Manifest[] = [
  route("ns-api", "api", ["api.techresolve.com"], [rule([prefix("/")])]),
  route("ns-wild", "wild", ["*.wild.example.com"], [rule([prefix("/")])]),
  route("ns-bank", "bank", ["bank.teams.example.com", "bank.apps.example.com"], [rule([prefix("/")])]),
  hostless("ns-careers", "careers", "shared", [rule([prefix("/careers")])]),
  hostless("ns-product", "product", "shared", [rule([prefix("/product"), exact("/status")])]),
  hostless("ns-careers", "site", "http", [rule([prefix("/site/careers")])]),
  hostless("ns-pool", "pool", "pool", [rule([prefix("/pool")])]),
  route("ns-granted", "granted", ["granted.example.com"], [rule([prefix("/")])]),
  route("ns-docs", "docs", ["manual.example.com"], [rule([prefix("/docs")])]),
  route("ns-web", "web", ["manual.example.com"], [rule([prefix("/")])]),
  route(
    "ns-web",
    "parts",
    ["parts.example.com"],
    [
      {
        matches: [prefix("/")],
        backendRefs: [{ group: "", kind: "Service", namespace: "ns-parts", name: "app", port: 80, weight: 1 }],
      },
    ],
  ),
  storeRoute("store", [rule([prefix("/")])]),
  storeRoute("open", [rule([prefix("/desk")])]),
  storeRoute("ports", [rule([prefix("/")])]),
];

const onListener = (sectionName: string) => ({ parentRefs: [{ ...sharedGateway, sectionName }] });

/** What is forwarded as it is, and what is told apart by its method. */
const forwardedRoutes: readonly Manifest[] = [
  grpcRoute(named("ns-rpc", "rpc"), {
    hostnames: ["rpc.example.com"],
    rules: [rule([{ method: { service: "grpc.Echo" } }])],
  }),
  connectionRoute("TLSRoute", named("ns-vault", "vault"), { ...onListener("tls"), hostnames: ["vault.example.com"] }),
  connectionRoute("TLSRoute", named("ns-sealed", "sealed"), {
    ...onListener("sealed"),
    hostnames: ["sealed.example.com"],
  }),
  connectionRoute("TCPRoute", named("ns-db", "db"), onListener("tcp")),
  connectionRoute("TCPRoute", named("ns-store", "raw"), {
    parentRefs: [listenerSetRef("ns-store", `ports-${secretWord}`)],
  }),
  service({ namespace: "ns-dns", name: "dns" }, { ports: [{ name: "dns", port: 5300, protocol: "UDP" }] }),
  connectionRoute("UDPRoute", named("ns-dns", "dns"), {
    ...onListener("udp"),
    rules: [{ backendRefs: [backendRef("dns", { port: 5300 })] }],
  }),
];

/** A Service that is reached by TLS, as its namespace's policy has it. Nothing is asked of it. */
function sealedBackend(address: Address, { certificatePem }: IssuedCertificate): readonly Manifest[] {
  return [
    service({ namespace: "ns-cert", name: "sealed" }, { selector: { app: "app" } }),
    endpointSlice({ namespace: "ns-cert", name: "sealed-1" }, "sealed", address),
    configMap({ namespace: "ns-cert", name: "ca" }, { "ca.crt": certificatePem }),
    backendTlsPolicy(named("ns-cert", "sealed"), {
      targetRefs: [{ group: "", kind: "Service", name: "sealed" }],
      validation: { hostname: "store.example.net", caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] },
    }),
    route("ns-cert", "sealed", ["cert.example.com"], [{ matches: [prefix("/")], backendRefs: [backendRef("sealed")] }]),
    route("ns-cert", "cert", ["open-cert.example.com"], [rule([prefix("/")])]),
  ];
}

/** Ports that a tenant has opened by a ListenerSet. */
export const openedPorts = [8443, 8082, 9400] as const;

const storeListeners: readonly Manifest[] = [
  listenerSet(named("ns-store", "store"), [
    listener("web", 80, { hostname: "store.example.net" }),
    listener("tls", 443, { hostname: "store.example.net" }, { name: "tls" }),
    listener("alt", 8443, { hostname: "store.example.net" }, { name: "tls" }),
  ]),
  listenerSet(named("ns-store", "open"), [listener("web", 80, { hostname: "open.example.net", ...everybody })]),
  listenerSet(named("ns-store", "ports"), [listener("rest", 8082), listener("raw", 9400, { protocol: "TCP" })]),
];

function route(namespace: string, name: string, hostnames: readonly string[], rules: readonly PlainObject[]): Manifest {
  return httpRoute(named(namespace, name), { hostnames, rules });
}

function hostless(namespace: string, name: string, sectionName: string, rules: readonly PlainObject[]): Manifest {
  const parent = { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "infra", name: "edge", sectionName };
  return httpRoute(named(namespace, name), { parentRefs: [parent], rules });
}

function storeRoute(set: string, rules: readonly PlainObject[]): Manifest {
  const parentRefs = [listenerSetRef("ns-store", `${set}-${secretWord}`)];
  return httpRoute(named("ns-store", `${set}-site`), { parentRefs, rules });
}
