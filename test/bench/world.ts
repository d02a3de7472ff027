import type { Gateway, GatewayClass, HttpRoute } from "../../src/core/gateway-api.ts";
import { type Kind, type NamespacedName, nameOf, namespacedName, type ObjectByKind } from "../../src/core/keys.ts";
import type { EndpointSlice, Namespace, ObjectMeta, Service } from "../../src/core/kubernetes.ts";

/** What the routes of a measured gateway have in common, and in what they differ. */
export type Shape = "hostnames" | "paths" | "no hostname" | "wildcards";

/** One object of any kind that a bench uses. */
export type BenchObject = GatewayClass | Gateway | Namespace | Service | EndpointSlice | HttpRoute;

/** Takes objects, such as a Translator. */
export interface Taker {
  set<K extends Kind>(kind: K, name: NamespacedName, object: ObjectByKind[K]): void;
}

/** Where the backends of a measured gateway listen; nobody asks them when only translation is measured. */
export interface BenchBackend {
  readonly address: string;
  readonly port: number;
}

/** The Gateway of every bench. */
export const benchGateway = namespacedName("infra", "shared");

/** The port of its only listener. */
export const listenerPort = 8080;

const namespaceCount = 50;
const servicesPerNamespace = 10;
const apiVersion = "gateway.networking.k8s.io/v1";

/** The class, the Gateway with one listener for all namespaces, 50 namespaces with ten Services each, no routes. */
export function platformObjects(backend: BenchBackend = { address: "192.0.2.1", port: 8080 }): readonly BenchObject[] {
  const gatewayClass: GatewayClass = {
    apiVersion,
    kind: "GatewayClass",
    metadata: metadata("gatehouse"),
    spec: { controllerName: "gatehouse.dev/gateway-controller" },
  };
  const gateway: Gateway = {
    apiVersion,
    kind: "Gateway",
    metadata: metadata("shared", "infra"),
    spec: {
      gatewayClassName: "gatehouse",
      listeners: [
        { name: "http", port: listenerPort, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } },
      ],
    },
  };
  const namespaces = Array.from({ length: namespaceCount }, (_, index): Namespace => {
    return { apiVersion: "v1", kind: "Namespace", metadata: metadata(namespaceOf(index)) };
  });
  const services = namespaces.flatMap(({ metadata: { name } }) =>
    Array.from({ length: servicesPerNamespace }, (_, index) => serviceObjects(name, `backend-${index}`, backend)),
  );
  return [gatewayClass, gateway, ...namespaces, ...services.flat()];
}

/** One route of a shape; another revision has another path, and so other bytes. Names are of one length: so is all else. */
export function routeObject(shape: Shape, index: number, revision = 0): HttpRoute {
  const hostnames = hostnamesOf(shape, index);
  return {
    apiVersion,
    kind: "HTTPRoute",
    metadata: { ...metadata(`route-${digits(index)}`, ownerOf(shape, index)), generation: revision + 1 },
    spec: {
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "infra", name: "shared" }],
      ...(hostnames === undefined ? {} : { hostnames }),
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: pathOf(index, revision) } }],
          backendRefs: [{ group: "", kind: "Service", name: serviceOf(index), port: 80, weight: 1 }],
        },
      ],
    },
  };
}

/** A hostname is one namespace's, so routes that share one are all of the first. */
function ownerOf(shape: Shape, index: number): string {
  return shape === "paths" ? namespaceOf(0) : namespaceOf(index);
}

/** The path that a revision of a route answers. */
export function pathOf(index: number, revision: number): string {
  return `/app-${digits(index)}/r${digits(revision)}`;
}

/** A host that a route answers. */
export function hostOf(index: number): string {
  return `app-${digits(index)}.example.com`;
}

/** Gives objects to whoever takes them. */
export function give(taker: Taker, objects: readonly BenchObject[]): void {
  for (const object of objects) giveOne(taker, object);
}

function giveOne(taker: Taker, object: BenchObject): void {
  const name = nameOf(object.metadata);
  // One call for each kind: the compiler cannot see that kind and object belong together.
  if (object.kind === "GatewayClass") taker.set(object.kind, name, object);
  else if (object.kind === "Gateway") taker.set(object.kind, name, object);
  else if (object.kind === "Namespace") taker.set(object.kind, name, object);
  else if (object.kind === "Service") taker.set(object.kind, name, object);
  else if (object.kind === "EndpointSlice") taker.set(object.kind, name, object);
  else taker.set(object.kind, name, object);
}

function hostnamesOf(shape: Shape, index: number): readonly string[] | undefined {
  switch (shape) {
    case "hostnames":
      return [hostOf(index)];
    case "paths":
      return ["www.example.com"];
    case "no hostname":
      return undefined;
    case "wildcards":
      return [`*.${hostOf(index)}`];
  }
}

function serviceObjects(namespace: string, name: string, { address, port }: BenchBackend): readonly BenchObject[] {
  const service: Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(name, namespace),
    spec: { type: "ClusterIP", ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: port }] },
  };
  const slice: EndpointSlice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata(`${name}-1`, namespace), labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", protocol: "TCP", port }],
    endpoints: [{ addresses: [address] }],
  };
  return [service, slice];
}

function metadata(name: string, namespace?: string): ObjectMeta {
  const base = { name, generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" };
  return namespace === undefined ? base : { ...base, namespace };
}

function namespaceOf(index: number): string {
  return `team-${index % namespaceCount}`;
}

function serviceOf(index: number): string {
  return `backend-${Math.floor(index / namespaceCount) % servicesPerNamespace}`;
}

function digits(index: number): string {
  return String(index).padStart(6, "0");
}
