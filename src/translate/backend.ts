/** References from routes to backends. https://gateway-api.sigs.k8s.io/reference/spec/#backendobjectreference */
import type { Collection, Grouped, Reader, Transform } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { BackendObjectReference, ReferenceGrant } from "../core/gateway-api.ts";
import { namespacedName } from "../core/keys.ts";
import type { Service } from "../core/kubernetes.ts";
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
  { services, grants }: BackendInputs,
  from: ReferenceSource,
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
  if (service.external) return invalid("UnsupportedValue", `Service ${name} is of type ExternalName`);
  const port = service.ports.find((candidate) => candidate.port === ref.port);
  if (port === undefined) {
    const asked = ref.port === undefined ? "The reference names no port" : `There is no port ${ref.port}`;
    return invalid("BackendNotFound", `${asked} of Service ${name}`);
  }
  const protocol = backendProtocol(port);
  if (protocol === undefined) {
    const spoken = port.protocol === "TCP" ? `appProtocol ${port.appProtocol ?? ""}` : port.protocol;
    return invalid("UnsupportedProtocol", `Port ${port.port} of Service ${name} speaks ${spoken}`);
  }
  return { kind: "cluster", cluster: clusterName({ service: name, port: port.port, protocol }) };
}

/** What is spoken to a port; undefined where Gatehouse cannot speak it (TLS to backends among them). */
function backendProtocol({ protocol, appProtocol }: ServicePortView): ClusterNode["protocol"] | undefined {
  if (protocol !== "TCP") return undefined;
  switch (appProtocol?.toLowerCase()) {
    case undefined:
    case "http":
    case "kubernetes.io/ws":
      return "http1";
    case "http2":
    case "grpc":
    case "kubernetes.io/h2c":
      return "http2";
    default:
      return undefined;
  }
}

function invalid(reason: string, message: string): ResolvedBackend {
  return { kind: "invalid", rejection: { condition: "ResolvedRefs", reason, message } };
}
