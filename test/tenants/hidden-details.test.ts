/** What others have in detail is told to no tenant: the answers of the endpoint are the same with other details. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { ChangeLedger } from "../../src/app/change-ledger.ts";
import { Convergence } from "../../src/app/convergence.ts";
import { createExplainer } from "../../src/app/explainer.ts";
import { Translator } from "../../src/app/translator.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { gatewayClass } from "../support/gateway-class.ts";
import { startTenantWorld, type TenantWorld } from "./tenant-world.ts";

const gatewayApi = "apiVersion: gateway.networking.k8s.io/v1";

/** What `shop` has, and the Gateways that it names. The wildcard is the whole of what it says of hostnames. */
const common = `
${gatewayClass}---
apiVersion: gatehouse.dev/v1alpha1
kind: GatewayParameters
metadata: { namespace: infra, name: open }
spec: { ownership: { mode: "Off" } }
---
${gatewayApi}
kind: Gateway
metadata: { namespace: infra, name: public }
spec:
  gatewayClassName: gatehouse
  addresses: [{ value: 127.0.0.1 }]
  infrastructure: { parametersRef: { group: gatehouse.dev, kind: GatewayParameters, name: open } }
  listeners:
    - { name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
    - { name: tcp, port: 5432, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }
---
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: app }
spec: { ports: [{ name: http, port: 80 }] }
---
${gatewayApi}
kind: HTTPRoute
metadata: { namespace: shop, name: web, generation: 1, creationTimestamp: "2026-02-01T00:00:00Z" }
spec:
  parentRefs: [{ namespace: infra, name: public }, { namespace: bank, name: private }]
  hostnames: ["*.example.com"]
  rules: [{ backendRefs: [{ name: app, port: 80 }] }]
---
${gatewayApi}
kind: TCPRoute
metadata: { namespace: shop, name: sql, generation: 1, creationTimestamp: "2026-02-01T00:00:00Z" }
spec:
  parentRefs: [{ namespace: infra, name: public, sectionName: tcp }]
  rules: [{ backendRefs: [{ name: app, port: 80 }] }]
`;

interface Details {
  readonly listeners: readonly string[];
  readonly gateways: readonly string[];
  /** Paths of the bank's route besides `/`, each of which forwards. */
  readonly paths: readonly string[];
  /** A rule that answers 500. */
  readonly broken: string;
  readonly tcpRoutes: readonly string[];
}

const few: Details = {
  listeners: ["{ name: a, port: 80, protocol: HTTP }"],
  gateways: ["private"],
  paths: ["path: { type: PathPrefix, value: /vault }", "path: { type: RegularExpression, value: /x+ }"],
  broken: "backendRefs: [{ name: missing, port: 80 }]",
  tcpRoutes: ["one", "two"],
};

const many: Details = {
  listeners: [
    "{ name: x, port: 80, protocol: HTTP, hostname: one.bank.example }",
    "{ name: y, port: 8081, protocol: HTTP, hostname: two.bank.example }",
    "{ name: z, port: 80, protocol: HTTP }",
  ],
  gateways: ["private", "second", "third"],
  paths: [
    "path: { type: Exact, value: /wallet }",
    "path: { type: PathPrefix, value: /vault }, headers: [{ name: x-key, value: open }]",
    "path: { type: RegularExpression, value: '/v[a-z]+' }",
    "path: { type: PathPrefix, value: /vault }",
  ],
  broken: "backendRefs: []",
  tcpRoutes: ["first", "third", "fourth"],
};

/** The bank, which comes later, with routes that were made before those of `shop`. */
function bank({ listeners, gateways, paths, broken, tcpRoutes }: Details): string {
  const naming = (name: string) => `{ namespace: bank, name: ${name}, creationTimestamp: "2026-01-01T00:00:00Z" }`;
  const parent = "parentRefs: [{ namespace: infra, name: public";
  return [
    `apiVersion: v1\nkind: Service\nmetadata: ${naming("app")}\nspec: { ports: [{ name: http, port: 80 }] }\n`,
    ...gateways.map(
      (name, index) =>
        `${gatewayApi}\nkind: Gateway\nmetadata: ${naming(name)}\nspec:\n  gatewayClassName: gatehouse
  addresses: [{ value: 127.0.0.${index + 2} }]\n  listeners:\n${listeners.map((each) => `    - ${each}\n`).join("")}`,
    ),
    `${gatewayApi}\nkind: HTTPRoute\nmetadata: ${naming("route")}\nspec:\n  ${parent} }]\n  hostnames: [vault.example.com]
  rules:\n    - backendRefs: [{ name: app, port: 80 }]\n    - matches: [{ path: { value: /broken } }]\n      ${broken}
${paths.map((each) => `    - matches: [{ ${each} }]\n      backendRefs: [{ name: app, port: 80 }]\n`).join("")}`,
    ...tcpRoutes.map(
      (name) =>
        `${gatewayApi}\nkind: TCPRoute\nmetadata: ${naming(name)}\nspec:\n  ${parent}, sectionName: tcp }]
  rules: [{ backendRefs: [{ name: app, port: 80 }] }]\n`,
    ),
  ].join("---\n");
}

/** A control plane that has read one text after the other, and the endpoint of it. */
async function worldWith(details: Details): Promise<TenantWorld> {
  const translator = new Translator({
    controllerName: "gatehouse.dev/gateway-controller",
    placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
  });
  const table = new ResourceTable();
  const convergence = new Convergence({ translator, table, held: () => [] });
  const ledger = new ChangeLedger({
    ...{ translator, table, held: () => [], config: { ledgerEntries: 100 }, now: () => new Date(0) },
    logger: { error: () => {}, info: () => {} } as never, // nothing is written
  });
  for (const text of [common, bank(details)]) {
    const { objects, problems } = readManifests([{ path: "test.yaml", text }]);
    expect(problems).toEqual([]);
    for (const { kind, name, object } of objects) translator.set(kind, name, object);
    const changes = translator.flush();
    for (const [gateway, resources] of changes.resources) table.update(gateway, resources);
    ledger.published(changes);
    convergence.published(changes);
  }
  return startTenantWorld({
    ...createExplainer({ translator, convergence }),
    ready: () => true,
    history: (question) => ledger.history(question),
  });
}

let worlds: readonly TenantWorld[] = [];
beforeAll(async () => {
  worlds = [await worldWith(few), await worldWith(many)];
});
afterAll(() => Promise.all(worlds.map((world) => world.stop())));

function request(host: string, path: string): object {
  return { port: 80, scheme: "http", host, path, method: "GET", headers: [] };
}

const web = { kind: "HTTPRoute", namespace: "shop", name: "web" };
const sql = { kind: "TCPRoute", namespace: "shop", name: "sql" };

it.each<[string, object]>([
  ["/v1/explain/request", request("vault.example.com", "/vault")],
  ["/v1/explain/request", request("vault.example.com", "/broken")],
  ["/v1/explain/request", request("other.example.com", "/vault")],
  ["/v1/explain/request", request("nobody.test", "/")],
  ["/v1/explain/request", { ...request("any.test", "/"), port: 5432 }],
  ["/v1/explain/route", web],
  ["/v1/explain/route", sql],
  ["/v1/convergence", web],
  ["/v1/convergence", sql],
  ["/v1/history", { hostname: "vault.example.com" }],
  ["/v1/history", { hostname: "vault.example.com", path: "/vault" }],
  ["/v1/history", { hostname: "*.example.com" }],
  ["/v1/history", { port: 5432, protocol: "TCP" }],
])("%s answers %o alike", async (path, body) => {
  const [one, other] = await Promise.all(worlds.map((world) => world.ask(path, { token: "shop-token", body })));
  expect(one?.status).toBe(200);
  expect(JSON.stringify(other?.body)).not.toMatch(/wallet|x-key|second|third/);
  expect(other?.body).toEqual(one?.body);
});
