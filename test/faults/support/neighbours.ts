import { Translator } from "../../../src/app/translator.ts";
import type { TableMode } from "../../../src/core/data-plane.ts";
import { namespacedName } from "../../../src/core/keys.ts";
import type { RoutingView } from "../../../src/translate/pipeline.ts";
import { readManifests } from "../../../src/watch/manifests.ts";
import { type LiveGateway, startBackends, startLiveGateway } from "../../golden/live-gateway.ts";
import { createCertificateAuthority, issueCertificate } from "../../support/certificates.ts";
import { tlsSecret } from "../../support/gateway-objects.ts";

/** Two tenants, a shop and a bank, with neighbouring hostnames and paths behind one real proxy. */
export interface Neighbours {
  readonly gateway: LiveGateway;
  /** The model's world. */
  readonly view: RoutingView;
  readonly authority: string;
  stop(): Promise<void>;
}

export const gatewayName = { namespace: "infra", name: "edge" };

/** The response header in which each rule says its namespace, route and place. */
export const ruleHeader = "x-rule";

/** What each tenant's rules match. */
export const rulePaths = {
  exact: { type: "Exact", shop: "/exact/door", bank: "/vault/door" },
  prefix: { type: "PathPrefix", shop: "/app", bank: "/bank" },
  regex: { type: "RegularExpression", shop: "/v[0-9]+/users", bank: "/b[0-9]+/keys" },
} as const;

export type Tenant = "shop" | "bank";

const controllerName = "gatehouse.dev/gateway-controller";
const tenants: readonly Tenant[] = ["shop", "bank"];
const secureHostnames = ["shop.test", "bank.test", "*.wild.test"];

/** Starts the proxy, and a backend for each tenant. Its tables are cut as told: by hostname where there are very many. */
export async function startNeighbours(mode: TableMode): Promise<Neighbours> {
  const authority = await createCertificateAuthority();
  const certificate = await issueCertificate(authority, { names: secureHostnames });
  const objects = [
    ...foundation,
    ...routes,
    ...(mode === "scoped" ? manyHostnames : []),
    tlsSecret("infra", "edge", certificate),
  ];
  // JSON is YAML.
  const text = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  const manifests = [{ path: "neighbours.yaml", text }];
  const backends = await startBackends(manifests);
  const placement = { kind: "standalone", bindAddresses: ["127.0.0.1"] } as const;
  const name = namespacedName(gatewayName.namespace, gatewayName.name);
  const gateway = await startLiveGateway(name, manifests, { controllerName, placement, backends });
  const translator = new Translator({ controllerName, placement });
  for (const entry of readManifests(manifests).objects) translator.set(entry.kind, entry.name, entry.object);
  translator.flush();
  const modes = [...translator.routing.tableModes.entries()].map(([, cut]) => cut);
  if (modes.includes("scoped") !== (mode === "scoped")) throw new Error(`the tables are ${modes.join(", ")}`);
  const stop = async () => {
    await gateway.stop();
    for (const backend of backends.values()) await backend.stop();
  };
  return { gateway, view: translator.routing, authority: authority.certificatePem, stop };
}

const api = "gateway.networking.k8s.io/v1";
const open = { allowedRoutes: { namespaces: { from: "All" } } };
const listeners = [
  { name: "http", port: 80, protocol: "HTTP", ...open },
  ...secureHostnames.map((hostname, index) => ({
    ...{ name: `https-${index}`, port: 443, protocol: "HTTPS", hostname },
    ...{ tls: { certificateRefs: [{ name: "edge" }] }, ...open },
  })),
];

const foundation = [
  { apiVersion: api, kind: "GatewayClass", metadata: { name: "gatehouse" }, spec: { controllerName } },
  ...["infra", ...tenants].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  { apiVersion: api, kind: "Gateway", metadata: gatewayName, spec: { gatewayClassName: "gatehouse", listeners } },
  ...tenants.flatMap((namespace) => [
    { apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace }, spec: { ports: [{ port: 80 }] } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "web", namespace, labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      ports: [{ port: 8080 }],
      endpoints: [{ addresses: ["192.0.2.1"] }],
    },
  ]),
];

/** Of what both would have, the older one holds it. */
const routes = [
  // A hostname each, and one of the bank's below a wildcard of the shop's.
  route("shop", 1, { name: "own", hostnames: ["shop.test"] }),
  route("bank", 1, { name: "own", hostnames: ["bank.test"] }),
  route("bank", 2, { name: "below", hostnames: ["bank.wild.test"] }),
  route("shop", 3, { name: "wild", hostnames: ["*.wild.test"] }),
  // Every other hostname is shared by path.
  route("shop", 4, { name: "shared" }),
  route("bank", 4, { name: "shared" }),
];

/** Enough for the tables of the plain listener and of the wildcard to be cut by hostname. */
const manyHostnames = Array.from({ length: 40 }, (_, index) =>
  route("shop", 5, {
    name: `many-${index}`,
    hostnames: Array.from({ length: 16 }, (_, host) => `many-${index}-${host}.wild.test`),
  }),
);

function route(namespace: Tenant, day: number, { name, ...hosts }: { name: string; hostnames?: readonly string[] }) {
  const metadata = { name, namespace, creationTimestamp: `2026-01-0${day}T00:00:00Z` };
  const rules = Object.values(rulePaths).map(({ type, [namespace]: value }, index) => ({
    matches: [{ path: { type, value } }],
    filters: [{ type: "ResponseHeaderModifier", responseHeaderModifier: tells(`${namespace}/${name}/${index}`) }],
    backendRefs: [{ name: "web", port: 80 }],
  }));
  return { apiVersion: api, kind: "HTTPRoute", metadata, spec: { parentRefs: [gatewayName], ...hosts, rules } };
}

function tells(value: string) {
  return { set: [{ name: ruleHeader, value }] };
}
