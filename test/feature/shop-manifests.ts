import { gatewayClass } from "../support/gateway-class.ts";

/** A Gateway that two teams share, as the stories tell it: what the platform team writes. */
export const platform = `
${gatewayClass}---
apiVersion: v1
kind: Namespace
metadata: { name: infra }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: shared, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - name: http
      port: 8080
      protocol: HTTP
      allowedRoutes:
        namespaces:
          from: Selector
          selector: { matchLabels: { shared: "true" } }
`;

/** A team's namespace; without the label its routes are refused. */
export function namespace(name: string, { shared = true } = {}): string {
  return `
---
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { shared: "${shared}" } }
`;
}

/** A team's route with the Service behind it. */
export function route(name: string, { path = "/", ready = ["192.0.2.1"] } = {}): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${name} }
spec:
  parentRefs: [{ name: shared, namespace: infra }]
  hostnames: [${name}.example.com]
  rules:
    - matches: [{ path: { type: PathPrefix, value: ${path} } }]
      backendRefs: [{ name: ${name}, port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${name} }
spec:
  ports: [{ name: http, port: 80, targetPort: 8080 }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: ${name}, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [${ready.join("] }, { addresses: [")}] }]
`;
}
