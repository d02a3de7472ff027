import type {
  BackendTlsPolicy,
  Gateway,
  GatewayClass,
  GrpcRoute,
  HttpRoute,
  ListenerSet,
  ReferenceGrant,
  TcpRoute,
  TlsRoute,
  UdpRoute,
} from "./gateway-api.ts";
import type { GatewayParameters } from "./gateway-parameters.ts";
import type { ConfigMap, EndpointSlice, Namespace, ObjectMeta, Secret, Service } from "./kubernetes.ts";
import type { HostnameClaim, HostnameRecord, NamespaceBudget } from "./ownership.ts";
import type { Quarantine } from "./quarantine.ts";

/** The view that Gatehouse keeps of each kind that it watches. */
export interface ObjectByKind {
  readonly GatewayClass: GatewayClass;
  readonly Gateway: Gateway;
  readonly ListenerSet: ListenerSet;
  readonly HTTPRoute: HttpRoute;
  readonly GRPCRoute: GrpcRoute;
  readonly TLSRoute: TlsRoute;
  readonly TCPRoute: TcpRoute;
  readonly UDPRoute: UdpRoute;
  readonly BackendTLSPolicy: BackendTlsPolicy;
  readonly ReferenceGrant: ReferenceGrant;
  readonly Service: Service;
  readonly EndpointSlice: EndpointSlice;
  readonly Secret: Secret;
  readonly ConfigMap: ConfigMap;
  readonly Namespace: Namespace;
  readonly GatewayParameters: GatewayParameters;
  readonly HostnameClaim: HostnameClaim;
  readonly HostnameRecord: HostnameRecord;
  readonly NamespaceBudget: NamespaceBudget;
  readonly Quarantine: Quarantine;
}

export type Kind = keyof ObjectByKind;

export interface KindInfo {
  readonly group: string;
  /** Served versions that are read, the preferred one first. */
  readonly versions: readonly string[];
  readonly plural: string;
  readonly scope: "Namespaced" | "Cluster";
}

const gatewayApi = "gateway.networking.k8s.io";

/** Group, versions, plural and scope of every watched kind. */
export const kinds = {
  GatewayClass: { group: gatewayApi, versions: ["v1", "v1beta1"], plural: "gatewayclasses", scope: "Cluster" },
  Gateway: { group: gatewayApi, versions: ["v1", "v1beta1"], plural: "gateways", scope: "Namespaced" },
  ListenerSet: { group: gatewayApi, versions: ["v1"], plural: "listenersets", scope: "Namespaced" },
  HTTPRoute: { group: gatewayApi, versions: ["v1", "v1beta1"], plural: "httproutes", scope: "Namespaced" },
  GRPCRoute: { group: gatewayApi, versions: ["v1"], plural: "grpcroutes", scope: "Namespaced" },
  TLSRoute: { group: gatewayApi, versions: ["v1"], plural: "tlsroutes", scope: "Namespaced" },
  TCPRoute: { group: gatewayApi, versions: ["v1"], plural: "tcproutes", scope: "Namespaced" },
  UDPRoute: { group: gatewayApi, versions: ["v1"], plural: "udproutes", scope: "Namespaced" },
  BackendTLSPolicy: { group: gatewayApi, versions: ["v1"], plural: "backendtlspolicies", scope: "Namespaced" },
  ReferenceGrant: { group: gatewayApi, versions: ["v1", "v1beta1"], plural: "referencegrants", scope: "Namespaced" },
  Service: { group: "", versions: ["v1"], plural: "services", scope: "Namespaced" },
  EndpointSlice: { group: "discovery.k8s.io", versions: ["v1"], plural: "endpointslices", scope: "Namespaced" },
  Secret: { group: "", versions: ["v1"], plural: "secrets", scope: "Namespaced" },
  ConfigMap: { group: "", versions: ["v1"], plural: "configmaps", scope: "Namespaced" },
  Namespace: { group: "", versions: ["v1"], plural: "namespaces", scope: "Cluster" },
  GatewayParameters: {
    group: "gatehouse.dev",
    versions: ["v1alpha1"],
    plural: "gatewayparameters",
    scope: "Namespaced",
  },
  HostnameClaim: { group: "gatehouse.dev", versions: ["v1alpha1"], plural: "hostnameclaims", scope: "Cluster" },
  HostnameRecord: { group: "gatehouse.dev", versions: ["v1alpha1"], plural: "hostnamerecords", scope: "Cluster" },
  NamespaceBudget: { group: "gatehouse.dev", versions: ["v1alpha1"], plural: "namespacebudgets", scope: "Cluster" },
  Quarantine: { group: "gatehouse.dev", versions: ["v1alpha1"], plural: "quarantines", scope: "Cluster" },
} as const satisfies Record<Kind, KindInfo>;

/** The kinds of routes, in the order in which a listener tells them. */
export const routeKinds = [
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
] as const satisfies readonly Kind[];

export type RouteKind = (typeof routeKinds)[number];

/** The kinds of the Gateway API, and of ours, that users read a status of. */
export const reportedKinds: readonly Kind[] = [
  "GatewayClass",
  "Gateway",
  "ListenerSet",
  ...routeKinds,
  "BackendTLSPolicy",
  "GatewayParameters",
];

/** Whether objects of a kind are routes. */
export function isRouteKind(kind: Kind): kind is RouteKind {
  return (routeKinds as readonly Kind[]).includes(kind);
}

/** All watched kinds, in the order in which sources are declared. */
export const kindNames: readonly Kind[] = Object.keys(kinds) as Kind[]; // keys of a literal table

declare const brand: unique symbol;

/** `namespace/name`, or `name` for cluster-scoped objects. '/' occurs in neither part, so the join is injective. */
export type NamespacedName = string & { readonly [brand]: "NamespacedName" };

/** `Kind/namespace/name` or `Kind/name`: one object of any kind. */
export type ObjectKey = string & { readonly [brand]: "ObjectKey" };

/** The Gateway (namespace/name) whose proxies get a resource, then '|', then the resource's xDS name. */
export type GatewayResourceKey = string & { readonly [brand]: "GatewayResourceKey" };

/** Joins a namespace and a name. */
export function namespacedName(namespace: string | undefined, name: string): NamespacedName {
  return (namespace === undefined ? name : `${namespace}/${name}`) as NamespacedName; // the only place that makes one
}

/** Names an object within its kind. */
export function nameOf(metadata: Pick<ObjectMeta, "namespace" | "name">): NamespacedName {
  return namespacedName(metadata.namespace, metadata.name);
}

/** Splits what {@link namespacedName} joined. */
export function parseNamespacedName(key: string): { readonly namespace?: string; readonly name: string } {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Names an object among all kinds. */
export function objectKey(kind: Kind, name: NamespacedName): ObjectKey {
  return `${kind}/${name}` as ObjectKey; // the only place that makes one
}

/** Splits what {@link objectKey} joined. */
export function parseObjectKey(key: ObjectKey): { readonly kind: Kind; readonly name: NamespacedName } {
  const slash = key.indexOf("/");
  return { kind: key.slice(0, slash) as Kind, name: key.slice(slash + 1) as NamespacedName }; // made by objectKey
}

/** Names one xDS resource among those of all Gateways. */
export function gatewayResourceKey(gateway: NamespacedName, resourceName: string): GatewayResourceKey {
  return `${gateway}|${resourceName}` as GatewayResourceKey; // the only place that makes one
}

/** Splits what {@link gatewayResourceKey} joined: a Gateway's name holds no '|', a resource's may. */
export function parseGatewayResourceKey(key: string): { readonly gateway: NamespacedName; readonly name: string } {
  const bar = key.indexOf("|");
  return { gateway: key.slice(0, bar) as NamespacedName, name: key.slice(bar + 1) };
}
