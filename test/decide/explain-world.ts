import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Command, CommanderError } from "commander";
import { addExplain } from "../../src/cli/explain.ts";
import { gatewayClass } from "../support/gateway-class.ts";

/** What a run of the verb printed, and its exit code. */
export interface ExplainRun {
  readonly out: string;
  readonly errors: string;
  readonly code: number;
}

/** Runs `gatehouse explain` in this process, with manifests on standard input. */
export async function runExplain(manifests: string, ...args: readonly string[]): Promise<ExplainRun> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let code = 0;
  const exitWith = (told: number) => {
    code = told;
  };
  const program = new Command("gatehouse").exitOverride().configureOutput({ writeErr: (words) => stderr.write(words) });
  addExplain(program, { stdin, stdout, stderr, environment: {}, exitWith });
  stdin.end(manifests);
  await program.parseAsync(["explain", ...args, "-f", "-"], { from: "user" }).catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
    code = 2;
  });
  stdout.end();
  stderr.end();
  return { out: await text(stdout), errors: await text(stderr), code };
}

/** A shared Gateway, a shop with an API, a wildcard of the same namespace, and who came later. */
export const shopManifests = `
${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: shared, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
    - { name: own, port: 8080, protocol: HTTP, hostname: own.example.com }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop, creationTimestamp: "2024-01-01T00:00:00Z" }
spec:
  parentRefs: [{ name: shared, namespace: infra }]
  hostnames: [shop.example.com]
  rules:
    - name: api
      matches: [{ path: { value: /cart/api }, headers: [{ name: x-version, value: "2" }] }]
      filters: [{ type: RequestRedirect, requestRedirect: { scheme: https, statusCode: 301 } }]
    - matches: [{ path: { value: /cart } }]
      backendRefs: [{ name: cart, port: 80, weight: 9 }, { name: missing, port: 80, weight: 1 }]
    - matches: [{ path: { value: /cart }, method: GET }]
    - matches: [{ path: { value: /cart } }]
      backendRefs: [{ name: cart, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: every, namespace: shop, creationTimestamp: "2024-01-02T00:00:00Z" }
spec:
  parentRefs: [{ name: shared, namespace: infra, sectionName: http }]
  hostnames: ["*.example.com"]
  rules: [{ backendRefs: [{ name: cart, port: 80 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: thief, namespace: rogue, creationTimestamp: "2025-01-01T00:00:00Z" }
spec:
  parentRefs:
    - { name: shared, namespace: infra, sectionName: http }
    - { name: shared, namespace: infra, sectionName: own }
    - { name: shared, namespace: infra, sectionName: absent }
    - { name: other }
  hostnames: [shop.example.com, rogue.example.net]
  rules: [{ matches: [{ path: { type: Exact, value: /cart/api } }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: inner, namespace: infra, creationTimestamp: "2025-01-01T00:00:00Z" }
spec:
  parentRefs: [{ name: shared, sectionName: own }]
  hostnames: [elsewhere.example.org]
  rules: [{}]
`;
