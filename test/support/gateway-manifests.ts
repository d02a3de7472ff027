import type { Backend } from "./backend.ts";
import type { IssuedCertificate } from "./certificates.ts";
import { base64 } from "./gateway-objects.ts";

/** Manifests of small worlds, as text: each begins with `---`, so that they can be joined. */
export const foundation = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/gateway-controller }
---
apiVersion: v1
kind: Namespace
metadata: { name: infra }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
`;

/** A Gateway `infra/edge` with this spec behind its class. */
export function gatewayOf(spec: string): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec: { gatewayClassName: gatehouse, ${spec} }
`;
}

/** An HTTPS listener with the certificate `infra/server`, open to all. */
export function httpsListenerOf(name: string, port: number, more = ""): string {
  const tls = more.includes("tls:") ? "" : "tls: { certificateRefs: [{ name: server }] },";
  return `{ name: ${name}, port: ${port}, protocol: HTTPS, ${tls} ${more} allowedRoutes: { namespaces: { from: All } } }`;
}

/** GatewayParameters `infra/edge`, which {@link gatewayOf} refers to with `parametersOfEdge`. */
export function parametersOf(spec: string): string {
  return `
---
apiVersion: gatehouse.dev/v1alpha1
kind: GatewayParameters
metadata: { name: edge, namespace: infra }
spec: { ${spec} }
`;
}

export const parametersOfEdge =
  "infrastructure: { parametersRef: { group: gatehouse.dev, kind: GatewayParameters, name: edge } },";

/** A TLS Secret of `infra`. */
export function secretOf(name: string, { certificatePem, keyPem }: IssuedCertificate): string {
  return `
---
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: infra }
type: kubernetes.io/tls
data: { tls.crt: ${base64(certificatePem)}, tls.key: ${base64(keyPem)} }
`;
}

/** A ConfigMap with authorities. */
export function authoritiesOf(name: string, pem: string, namespace = "infra"): string {
  return `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: ${namespace} }
data: { ca.crt: ${JSON.stringify(pem)} }
`;
}

/** A Service of `shop` with one running backend behind it, and a route of all requests on all listeners to it. */
export function backendOf({ name, address, port }: Pick<Backend, "name" | "address" | "port">): string {
  return `
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: ${address.includes(":") ? "IPv6" : "IPv4"}
ports: [{ name: http, port: ${port} }]
endpoints: [{ addresses: ["${address}"] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  rules: [{ backendRefs: [{ name: ${name}, port: 80 }] }]
`;
}
