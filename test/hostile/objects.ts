/** Objects as somebody would write them down, with every default filled in: they also count where nobody reads them first. */

/** Anything that a manifest may hold. */
export type Plain = string | number | boolean | readonly Plain[] | PlainObject;

export interface PlainObject {
  readonly [key: string]: Plain;
}

/** An object of Kubernetes, not looked at yet. */
export interface Manifest extends PlainObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: PlainObject & { readonly name: string };
}

/** Of an object: its name, unless told in `mallory`, and what else its metadata say. */
export interface Naming {
  readonly namespace: string;
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt?: string;
  readonly more?: PlainObject;
}

const gatewayApi = "gateway.networking.k8s.io";

/** The Gateway that all tenants share. */
export const sharedGateway: PlainObject = { group: gatewayApi, kind: "Gateway", namespace: "infra", name: "edge" };

/** A parentRef to a ListenerSet. */
export function listenerSetRef(namespace: string, name: string): PlainObject {
  return { group: gatewayApi, kind: "ListenerSet", namespace, name };
}

/** Any object. */
export function object(apiVersion: string, kind: string, naming: Partial<Naming>, rest: PlainObject): Manifest {
  return { apiVersion, kind, metadata: metadataOf(naming), ...rest };
}

/** An HTTPRoute of the shared Gateway, unless it names other parents. */
export function httpRoute(naming: Naming, spec: PlainObject): Manifest {
  return object(`${gatewayApi}/v1`, "HTTPRoute", naming, { spec: { parentRefs: [sharedGateway], ...spec } });
}

/** A GRPCRoute of the shared Gateway, unless it names other parents. */
export function grpcRoute(naming: Naming, spec: PlainObject): Manifest {
  return object(`${gatewayApi}/v1`, "GRPCRoute", naming, { spec: { parentRefs: [sharedGateway], ...spec } });
}

/** A TLSRoute, TCPRoute or UDPRoute of the shared Gateway to the only Service of its namespace, unless it says otherwise. */
export function connectionRoute(
  kind: "TLSRoute" | "TCPRoute" | "UDPRoute",
  naming: Naming,
  spec: PlainObject,
): Manifest {
  const rules = [{ backendRefs: [backendRef("app")] }];
  return object(`${gatewayApi}/v1`, kind, naming, { spec: { parentRefs: [sharedGateway], rules, ...spec } });
}

/** A BackendTLSPolicy. */
export function backendTlsPolicy(naming: Naming, spec: PlainObject): Manifest {
  return object(`${gatewayApi}/v1`, "BackendTLSPolicy", naming, { spec });
}

/** A ConfigMap. */
export function configMap(naming: Naming, data: PlainObject): Manifest {
  return object("v1", "ConfigMap", naming, { data });
}

/** A rule that sends to the only Service of its namespace. */
export function rule(matches: readonly PlainObject[], more: PlainObject = {}): PlainObject {
  return { matches, backendRefs: [backendRef("app")], ...more };
}

export function backendRef(name: string, more: PlainObject = {}): PlainObject {
  return { group: "", kind: "Service", name, port: 80, weight: 1, ...more };
}

export function prefix(value: string, more: PlainObject = {}): PlainObject {
  return { path: { type: "PathPrefix", value }, ...more };
}

export function exact(value: string, more: PlainObject = {}): PlainObject {
  return { path: { type: "Exact", value }, ...more };
}

export function regex(value: string, more: PlainObject = {}): PlainObject {
  return { path: { type: "RegularExpression", value }, ...more };
}

/** A ListenerSet of the shared Gateway. */
export function listenerSet(naming: Naming, listeners: readonly PlainObject[]): Manifest {
  return object(`${gatewayApi}/v1`, "ListenerSet", naming, { spec: { parentRef: sharedGateway, listeners } });
}

/** A listener; of HTTPS when it names a certificate. */
export function listener(name: string, port: number, more: PlainObject = {}, certificate?: PlainObject): PlainObject {
  const tls = certificate && { mode: "Terminate", certificateRefs: [{ group: "", kind: "Secret", ...certificate }] };
  const protocol = tls === undefined ? "HTTP" : "HTTPS";
  return { name, port, protocol, allowedRoutes: { namespaces: { from: "Same" } }, ...(tls && { tls }), ...more };
}

export function gateway(naming: Naming, spec: PlainObject): Manifest {
  return object(`${gatewayApi}/v1`, "Gateway", naming, { spec: { gatewayClassName: "gatehouse", ...spec } });
}

export function service(naming: Naming, spec: PlainObject = {}): Manifest {
  const ports = [{ name: "http", port: 80, protocol: "TCP" }];
  return object("v1", "Service", naming, { spec: { ports, ...spec } });
}

/** Where a backend listens. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/** An EndpointSlice of a Service of its namespace. */
export function endpointSlice(naming: Naming, service: string, { address, port }: Address): Manifest {
  const labels = { "kubernetes.io/service-name": service, ...(naming.more?.["labels"] as PlainObject | undefined) };
  return object(
    "discovery.k8s.io/v1",
    "EndpointSlice",
    { ...naming, more: { ...naming.more, labels } },
    {
      addressType: "IPv4",
      ports: [{ name: "http", port, protocol: "TCP" }],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    },
  );
}

export function referenceGrant(naming: Naming, from: readonly PlainObject[], to: readonly PlainObject[]): Manifest {
  return object(`${gatewayApi}/v1beta1`, "ReferenceGrant", naming, { spec: { from, to } });
}

export function hostnameClaim(name: string, spec: PlainObject): Manifest {
  return object("gatehouse.dev/v1alpha1", "HostnameClaim", { name }, { spec });
}

function metadataOf({ namespace, name = "", createdAt = "2026-02-01T00:00:00Z", more = {} }: Partial<Naming>) {
  return { ...(namespace !== undefined && { namespace }), name, creationTimestamp: createdAt, generation: 1, ...more };
}
