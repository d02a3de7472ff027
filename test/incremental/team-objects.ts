import type { HttpRoute } from "../../src/core/gateway-api.ts";
import type { EndpointSlice, Service } from "../../src/core/kubernetes.ts";
import { metadata } from "../support/gateway-objects.ts";
import type { Edit } from "./world.ts";

/** What a team has besides its namespace: a Service with two endpoints, and a route to it, all of them valid. */
export function teamEdits(namespace: string): readonly Edit[] {
  return [
    { of: "Service", key: `${namespace}/backend`, value: service(namespace) },
    { of: "EndpointSlice", key: `${namespace}/slice`, value: endpointSlice(namespace, ["192.0.2.1"]) },
    { of: "EndpointSlice", key: `${namespace}/slice-2`, value: endpointSlice(namespace, ["192.0.2.3"], "slice-2") },
    { of: "HTTPRoute", key: `${namespace}/one`, value: routeTo(namespace, "one", [`${namespace}.example.com`]) },
  ];
}

/** A route of `infra/shared-gateway` to the Service `backend` of its own namespace. */
export function routeTo(namespace: string, name: string, hostnames: readonly string[], path = "/"): HttpRoute {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: metadata(name, { namespace }),
    spec: {
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "infra", name: "shared-gateway" }],
      hostnames,
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: path } }],
          backendRefs: [{ group: "", kind: "Service", name: "backend", port: 80, weight: 1 }],
        },
      ],
    },
  };
}

/** The Service `backend`. */
export function service(namespace: string, appProtocol?: string): Service {
  const port = { name: "http", protocol: "TCP", port: 80 } as const;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata("backend", { namespace }),
    spec: { type: "ClusterIP", ports: [appProtocol === undefined ? port : { ...port, appProtocol }] },
  };
}

/** An EndpointSlice of the Service `backend`. */
export function endpointSlice(namespace: string, addresses: readonly string[], name = "slice"): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: metadata(name, { namespace, labels: { "kubernetes.io/service-name": "backend" } }),
    addressType: "IPv4",
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
    endpoints: [{ addresses }],
  };
}
