import { lint } from "../../src/app/lint/lint.ts";
import { readFileWorld } from "../../src/app/world/file-world.ts";
import type { Finding } from "../../src/core/finding.ts";
import { gatewayClass } from "../support/gateway-class.ts";

/** A class, and a Gateway whose one listener is beyond reproach. */
export const platform = `${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: shared, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - name: http
      hostname: "*.example.com"
      port: 80
      protocol: HTTP
      allowedRoutes: { namespaces: { from: All } }
`;

/** The same with another listener, as YAML on one line without its name. */
export function gatewayWith(listener: string, more = ""): string {
  return `${platform.slice(0, platform.indexOf("    - name: http"))}    - { name: http, ${listener} }\n${more}`;
}

/** A route of a namespace to its own Service, which is there. */
export function route(namespace: string, { hostnames = "[]", rules = "", name = "web" } = {}): string {
  const ownRules = rules === "" ? `[{ backendRefs: [{ name: web, port: 80 }] }]` : rules;
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  parentRefs: [{ name: shared, namespace: infra }]
  hostnames: ${hostnames}
  rules: ${ownRules}
`;
}

/** The Service that routes of a namespace lead to. */
export function service(namespace: string, selector = "app: web"): string {
  return `---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: ${namespace} }
spec: { selector: { ${selector} }, ports: [{ port: 80 }] }
`;
}

/** What is found in these manifests. */
export function findingsIn(text: string, now = "2026-06-01T00:00:00Z"): Promise<readonly Finding[]> {
  return lint(readFileWorld([{ path: "world.yaml", text }]), {
    controllerName: "gatehouse.dev/gateway-controller",
    placement: { kind: "standalone", bindAddresses: ["0.0.0.0"] },
    now: Date.parse(now),
  });
}
