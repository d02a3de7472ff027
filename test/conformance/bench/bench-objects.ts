import type { RawObject } from "../../../src/core/kube-client.ts";
import { backend, restrictedNamespace } from "../scenarios/cluster-manifest.ts";
import { gatewayOf, openListeners } from "../scenarios/gateway-objects.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";

/** Where everything of a measurement is. */
export const benchPlace = { namespace: "bench", gateway: "edge" } as const;

/** The Services that routes share. One pod is behind all of them, as theirs is not the time that is measured. */
export const sharedServices = 10;

/** What is there before the first route: a Gateway, the backends, and a Namespace for them. */
export function benchObjects(): readonly RawObject[] {
  const { namespace, gateway } = benchPlace;
  const services = Array.from({ length: sharedServices }, (_, index) => serviceOf(sharedService(index)));
  return [
    restrictedNamespace(namespace),
    ...backend(namespace, backendName),
    ...services,
    gatewayOf(namespace, gateway, gatehouse.gatewayClass, { listeners: openListeners }),
  ];
}

/** A Service in front of the backend. */
export function serviceOf(name: string): RawObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: benchPlace.namespace, name },
    spec: { selector: { app: backendName }, ports: [{ name: "http", port: 80, targetPort: 3000 }] },
  };
}

/** The name of a Service that is there from the beginning. */
export function sharedService(index: number): string {
  return `service-${index % sharedServices}`;
}

/** A route with a hostname of its own, for requests below one path. */
export function benchRoute(
  name: string,
  { service, path }: { readonly service: string; readonly path: string },
): RawObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace: benchPlace.namespace, name },
    spec: { parentRefs: [{ name: benchPlace.gateway }], hostnames: [hostOf(name)], rules: [ruleTo(service, path)] },
  };
}

/** The one rule of a route. */
export function ruleTo(service: string, path: string): object {
  return { matches: [{ path: { type: "PathPrefix", value: path } }], backendRefs: [{ name: service, port: 80 }] };
}

/** The hostname of a route. */
export function hostOf(name: string): string {
  return `${name}.bench.example`;
}

const backendName = "backend";
