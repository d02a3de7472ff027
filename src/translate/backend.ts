/** References from routes to backends. https://gateway-api.sigs.k8s.io/reference/spec/#backendobjectreference */
import type { Collection, Grouped, Reader, Transform } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { BackendObjectReference, ReferenceGrant } from "../core/gateway-api.ts";
import { kinds, namespacedName, type RouteKind } from "../core/keys.ts";
import type { ObjectMeta, Service } from "../core/kubernetes.ts";
import { portTlsKey } from "./backend-tls/port-tls.ts";
import { clusterName } from "./envoy/names.ts";
import type { ClusterNode } from "./nodes.ts";
import { isGranted, type ReferenceSource } from "./reference-grant.ts";

/** What a route sees of a Service. */
export interface ServiceView {
  readonly external: boolean;
  readonly ports: readonly ServicePortView[];
}

export interface ServicePortView {
  /** Names the port in EndpointSlices; the empty string for the only port of a Service. */
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly appProtocol?: string;
}

export interface BackendInputs {
  readonly services: Collection<ServiceView>;
  readonly grants: Grouped<ReferenceGrant>;
  /** By {@link portTlsKey}: ports for which a BackendTLSPolicy is, whether or not it can be kept. */
  readonly portTls: Collection<unknown>;
}

/** Who refers to a backend: the kind of a route says what its backends have to speak. */
export interface RouteSource extends ReferenceSource {
  readonly kind: RouteKind;
}

/** The source of the references of a route. */
export function routeSource(kind: RouteKind, { namespace = "" }: ObjectMeta): RouteSource {
  return { group: kinds[kind].group, kind, namespace };
}

/** A cluster to send requests to, or why there is none. */
export type ResolvedBackend =
  | { readonly kind: "cluster"; readonly cluster: string }
  | { readonly kind: "invalid"; readonly rejection: Rejection };

/** Narrows a Service to what routes and endpoints depend on. */
export const serviceView: Transform<Service, ServiceView> = (_read, key, { spec }) => {
  const ports = (spec.ports ?? []).map(({ name = "", port, protocol, appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
  return [[key, { external: spec.type === "ExternalName", ports }]];
};

/** Resolves a reference; what is not granted is refused before anybody looks whether it exists. */
export function resolveBackend(
  read: Reader,
  { services, grants, portTls }: BackendInputs,
  from: RouteSource,
  ref: BackendObjectReference,
): ResolvedBackend {
  if (ref.group !== "" || ref.kind !== "Service") {
    return invalid("InvalidKind", `${ref.kind} ${ref.name}: only Services of the core group can be backends`);
  }
  const namespace = ref.namespace ?? from.namespace;
  const name = namespacedName(namespace, ref.name);
  if (!isGranted(read, grants, from, { group: "", kind: "Service", namespace, name: ref.name })) {
    return invalid("RefNotPermitted", `No ReferenceGrant in namespace ${namespace} permits the reference to ${name}`);
  }
  const service = read.get(services, name);
  if (service === undefined) return invalid("BackendNotFound", `Service ${name} does not exist`);
  if (service.external) return invalid("UnsupportedValue", `Service ${name} is of type ExternalName: ${onlyEndpoints}`);
  const port = findServicePort(service, ref.port, transports[from.kind]);
  if (port === undefined) {
    const asked = ref.port === undefined ? "The reference names no port" : `There is no port ${ref.port}`;
    return invalid("BackendNotFound", `${asked} of Service ${name}`);
  }
  const protocol = backendProtocols[from.kind](port);
  if (protocol === undefined) {
    const spoken = port.protocol === transports[from.kind] ? `appProtocol ${port.appProtocol ?? ""}` : port.protocol;
    return invalid("UnsupportedProtocol", `Port ${port.port} of Service ${name} speaks ${spoken}`);
  }
  if (needsPolicy(protocol, port) && read.get(portTls, portTlsKey(name, port.port)) === undefined) {
    const message = `Port ${port.port} of Service ${name} speaks HTTPS, and no BackendTLSPolicy says whom to trust`;
    return invalid("UnsupportedProtocol", message);
  }
  return { kind: "cluster", cluster: clusterName({ service: name, port: port.port, protocol }) };
}

const onlyEndpoints = "a backend has endpoints of its own";

/** A Service may have a number twice, for TCP and for UDP; the other is found where there is only that. */
export function findServicePort(
  { ports }: ServiceView,
  number: number | undefined,
  transport: ServicePortView["protocol"],
): ServicePortView | undefined {
  const found = ports.filter(({ port }) => port === number);
  return found.find(({ protocol }) => protocol === transport) ?? found[0];
}

const transports = {
  HTTPRoute: "TCP",
  GRPCRoute: "TCP",
  TLSRoute: "TCP",
  TCPRoute: "TCP",
  UDPRoute: "UDP",
} as const satisfies Record<RouteKind, ServicePortView["protocol"]>;

type ChooseProtocol = (port: ServicePortView) => ClusterNode["protocol"] | undefined;

/** What routes of a kind speak to a port; undefined where they cannot. What is forwarded as it is may be any protocol. */
const backendProtocols: Readonly<Record<RouteKind, ChooseProtocol>> = {
  HTTPRoute: httpProtocol,
  GRPCRoute: grpcProtocol,
  TLSRoute: ({ protocol }) => (protocol === "TCP" ? "tcp" : undefined),
  TCPRoute: ({ protocol }) => (protocol === "TCP" ? "tcp" : undefined),
  UDPRoute: ({ protocol }) => (protocol === "UDP" ? "udp" : undefined),
};

function httpProtocol({ protocol, appProtocol }: ServicePortView): "http1" | "http2" | undefined {
  if (protocol !== "TCP") return undefined;
  switch (appProtocol?.toLowerCase()) {
    case undefined:
    case "http":
    case "https":
    case "kubernetes.io/ws":
    case "kubernetes.io/wss":
      return "http1";
    case "http2":
    case "grpc":
    case "kubernetes.io/h2c":
      return "http2";
    default:
      return undefined;
  }
}

/** What says that it speaks TLS is never sent plain requests. What is forwarded as it is may be TLS of its own. */
function needsPolicy(protocol: ClusterNode["protocol"], { appProtocol = "" }: ServicePortView): boolean {
  return (protocol === "http1" || protocol === "http2") && /^(?:https|kubernetes\.io\/wss)$/i.test(appProtocol);
}

/** Calls need HTTP/2: a port that speaks HTTP of any version is taken to speak that, one for WebSockets is not. */
function grpcProtocol(port: ServicePortView): "http2" | undefined {
  const isForWebSockets = /^kubernetes\.io\/wss?$/i.test(port.appProtocol ?? "");
  return httpProtocol(port) === undefined || isForWebSockets ? undefined : "http2";
}

function invalid(reason: string, message: string): ResolvedBackend {
  return { kind: "invalid", rejection: { condition: "ResolvedRefs", reason, message } };
}
