import type { RawObject } from "../../../src/core/kube-client.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";

/** A GatewayClass with parameters of its own, which lie beside Gatehouse. */
export function classWithParameters(name: string, spec: object): readonly RawObject[] {
  const parametersRef = { group: "gatehouse.dev", kind: "GatewayParameters", name, namespace: gatehouse.namespace };
  const gatewayClass: RawObject = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name },
    spec: { controllerName: "gatehouse.dev/gateway-controller", parametersRef },
  };
  return [parameters(gatehouse.namespace, name, spec), gatewayClass];
}

/** A GatewayParameters. */
export function parameters(namespace: string, name: string, spec: object): RawObject {
  return { apiVersion: "gatehouse.dev/v1alpha1", kind: "GatewayParameters", metadata: { namespace, name }, spec };
}

/** One HTTP listener that admits routes of every namespace. */
export const openListeners = [
  { name: "http", protocol: "HTTP", port: 80, allowedRoutes: { namespaces: { from: "All" } } },
];

/** A Gateway with one HTTP listener for everything in its namespace. */
export function gatewayOf(namespace: string, name: string, gatewayClassName: string, spec: object = {}): RawObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { namespace, name },
    spec: { gatewayClassName, listeners: [{ name: "http", protocol: "HTTP", port: 80 }], ...spec },
  };
}

/** A route that sends everything to a Service of its namespace. */
export function routeTo(namespace: string, service: string, gateways: readonly string[]): RawObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace, name: service },
    spec: { parentRefs: gateways.map((name) => ({ name })), rules: [{ backendRefs: [{ name: service, port: 80 }] }] },
  };
}
