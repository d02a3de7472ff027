import { type NamespacedName, namespacedName, objectKey } from "../../src/core/keys.ts";
import { type Backend, type BackendTls, startBackend } from "./backend.ts";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "./certificates.ts";
import { type ClientResponse, send } from "./client.ts";
import { authoritiesOf, foundation, gatewayOf } from "./gateway-manifests.ts";
import { type ServedWorld, type ServedWorldOptions, startServedWorld } from "./served-world.ts";

const port = 8080;

/** The only listener of the Gateway. */
export const listener = `{ name: http, port: ${port}, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }`;

/** A Gateway with one Service of `shop`, `cart`, whose backend speaks TLS. */
export interface BackendTlsWorld {
  readonly served: ServedWorld;
  /** Of the backend's certificates; its ConfigMap is `shop/backends`. */
  readonly authority: CertificateAuthority;
  /** One that nobody has to do with; its ConfigMap is `shop/strangers`. */
  readonly stranger: CertificateAuthority;
  readonly backend: Backend;
  /** A certificate of the authority for these names. */
  certificate(...names: readonly string[]): Promise<BackendTls>;
  /** As it was in the beginning, without any policy. */
  reset(): Promise<void>;
  ask(path?: string, host?: string): Promise<ClientResponse>;
  statusOf(path?: string, host?: string): Promise<number>;
  /** The conditions of a policy of `shop`, and their messages. */
  told(policy?: NamespacedName): readonly string[];
  why(policy?: NamespacedName): string;
  stop(): Promise<void>;
}

/** The policy that {@link policyOf} makes unless told otherwise. */
export const first = namespacedName("shop", "first");

export async function startBackendTlsWorld(options: ServedWorldOptions = {}): Promise<BackendTlsWorld> {
  const authority = await createCertificateAuthority("backends");
  const stranger = await createCertificateAuthority("strangers");
  const certificate = (...names: readonly string[]) => issueCertificate(authority, { names });
  const backend = await startBackend({ name: "cart", tls: await certificate("cart.shop.internal") });
  const served = await startServedWorld(options);
  const base =
    foundation +
    gatewayOf(`listeners: [${listener}]`) +
    authoritiesOf("backends", authority.certificatePem, "shop") +
    authoritiesOf("strangers", stranger.certificatePem, "shop") +
    serviceOf(backend);
  const ask = (path = "/", host = "cart.example.com") => send({ address: served.address, port }, { host, path });
  return {
    ...{ served, authority, stranger, backend, certificate, ask },
    reset: async () => {
      for (const name of policies.splice(0)) await served.remove("BackendTLSPolicy", name);
      backend.setTls(await certificate("cart.shop.internal"));
      await served.apply(base);
      backend.forget();
    },
    statusOf: async (path, host) => (await ask(path, host)).status,
    told: (policy = first) => served.conditions(objectKey("BackendTLSPolicy", policy)),
    why: (policy = first) => served.messages(objectKey("BackendTLSPolicy", policy)),
    stop: async () => {
      await served.stop();
      await backend.stop();
    },
  };
}

/** A Service with two ports, `main` 443 and `other` 444 (path `/other`), on one backend, and its route. */
export function serviceOf(
  backend: Pick<Backend, "name" | "address" | "port">,
  appProtocol = "",
  namespace = "shop",
): string {
  const { name, address } = backend;
  const spoken = appProtocol === "" ? "" : `, appProtocol: ${appProtocol}`;
  return `
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ports: [{ name: main, port: 443${spoken} }, { name: other, port: 444${spoken} }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: ${namespace}, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: main, port: ${backend.port} }, { name: other, port: ${backend.port} }]
endpoints: [{ addresses: ["${address}"] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  hostnames: ["${name}.example.com"]
  rules:
    - { matches: [{ path: { value: /other } }], backendRefs: [{ name: ${name}, port: 444 }] }
    - { backendRefs: [{ name: ${name}, port: 443 }] }
`;
}

export interface PolicyOptions {
  readonly name?: string;
  readonly namespace?: string;
  readonly created?: string;
  readonly section?: string;
  readonly target?: string;
}

/** Those that were written since the last reset. */
const policies: NamespacedName[] = [];

/** A policy with this `validation`, and this behind it. */
export function policyOf(validation: string, options: PolicyOptions = {}, more = ""): string {
  const { name = "first", namespace = "shop", created = "2026-01-01T00:00:00Z", section, target = "cart" } = options;
  policies.push(namespacedName(namespace, name));
  const sectionName = section === undefined ? "" : `, sectionName: ${section}`;
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${name}, namespace: ${namespace}, creationTimestamp: "${created}" }
spec: { targetRefs: [{ group: "", kind: Service, name: ${target}${sectionName} }], validation: { ${validation} }${more} }
`;
}

/** The part of a validation that names the authorities of a ConfigMap. */
export const trusting = (configMap: string): string =>
  `caCertificateRefs: [{ group: "", kind: ConfigMap, name: ${configMap} }]`;

/** The validation that fits the backend. */
export const good = `hostname: cart.shop.internal, ${trusting("backends")}`;

export const accepted: readonly string[] = ["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs"];
