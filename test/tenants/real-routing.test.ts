import { expect, it } from "vitest";
import { Convergence } from "../../src/app/convergence.ts";
import { createExplainer } from "../../src/app/explainer.ts";
import { redactRequest, redactRoute } from "../../src/app/redact-explanation.ts";
import { Translator } from "../../src/app/translator.ts";
import type { ObjectName, RequestExplanation } from "../../src/core/explanation.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { gatewayClass } from "../support/gateway-class.ts";

/** Three teams on one Gateway. What `vault` and `wallet` say is spelled with these words, and nothing else is. */
const others = /vault|wallet|bank/;

const manifests = `
${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: bank-infra, name: bank-public }
spec:
  gatewayClassName: gatehouse
  addresses: [{ value: 127.0.0.1 }]
  listeners: [{ name: bank-listener, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]
---
${["shop", "vault", "wallet"]
  .map((team) =>
    `
apiVersion: v1
kind: Service
metadata: { namespace: TEAM, name: TEAM }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { namespace: TEAM, name: TEAM }
spec:
  parentRefs: [{ namespace: bank-infra, name: bank-public }]
  rules:
    - name: TEAM-rule
      matches: [{ path: { type: PathPrefix, value: /TEAM } }, { path: { type: PathPrefix, value: /all }, headers: [{ name: x-TEAM, value: TEAM }] }]
      backendRefs: [{ name: TEAM, port: 80 }]
    - matches: [{ path: { type: Exact, value: /redirect-TEAM } }]
      filters: [{ type: RequestRedirect, requestRedirect: { hostname: TEAM.example.com } }]
    - matches: [{ path: { type: Exact, value: /broken-TEAM } }]
      backendRefs: [{ name: TEAM-missing, port: 80 }]
`.replaceAll("TEAM", team),
  )
  .join("---")}
`;

const { objects, problems } = readManifests([{ path: "test.yaml", text: manifests }]);
const translator = new Translator({
  controllerName: "gatehouse.dev/gateway-controller",
  placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
});
for (const { kind, name, object } of objects) translator.set(kind, name, object);
translator.flush();
const convergence = new Convergence({ translator, table: new ResourceTable(), held: () => [] });
const explainer = createExplainer({ translator, convergence });

function ask(path: string, headers: Readonly<Record<string, string>> = {}): RequestExplanation {
  const sent = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return explainer.explainRequest({
    port: 80,
    scheme: "http",
    host: "any.example.com",
    path,
    method: "GET",
    headers: sent,
  });
}

const sees = ({ namespace }: ObjectName) => namespace === "shop";

it("reads what is asked about", () => {
  expect(problems).toEqual([]);
  expect(JSON.stringify(ask("/vault"))).toMatch(others);
});

it.each([
  "/vault",
  "/wallet/deeper",
  "/redirect-vault",
  "/broken-vault",
  "/shop",
  "/redirect-shop",
  "/broken-shop",
  "/nobody",
])("names nobody else to shop, which asks about %s", (path) => {
  const { question: _asked, ...redacted } = redactRequest(ask(path), sees);
  expect(JSON.stringify(redacted)).not.toMatch(others);
});

it("names nobody else where several teams match, and tells that others do and not how many", () => {
  const whole = ask("/all", { "x-vault": "vault", "x-wallet": "wallet", "x-shop": "shop" });
  const [redacted] = redactRequest(whole, sees).gateways;
  const matches = [redacted?.winner, ...(redacted?.rivals ?? []), ...(redacted?.withheld ?? [])];
  expect(matches.filter((each) => each !== undefined)).toHaveLength(2);
  expect(JSON.stringify(redacted)).not.toMatch(others);
  expect(JSON.stringify(redacted)).toContain("shop-rule");
});

it("shows shop where its own requests go", () => {
  const [redacted] = redactRequest(ask("/shop"), sees).gateways;
  expect(redacted).toMatchObject({
    winner: { route: { namespace: "shop", name: "shop" }, ruleName: "shop-rule" },
    answer: { kind: "forward", backends: [{ service: { namespace: "shop", name: "shop" }, port: 80 }] },
  });
});

it("explains shop's route to shop, which knows its parent, and names no other team", async () => {
  const whole = await explainer.explainRoute({ kind: "HTTPRoute", namespace: "shop", name: "shop" });
  const redacted = redactRoute(whole, sees);
  expect(JSON.stringify(redacted)).not.toMatch(/vault|wallet/);
  expect(redacted).toMatchObject({
    found: true,
    parents: [
      {
        parent: { kind: "Gateway", namespace: "bank-infra", name: "bank-public" },
        attached: true,
        listeners: [{ listener: { name: "bank-listener" }, attached: true, hosts: [{ hostname: "*" }] }],
      },
    ],
  });
  const states = redacted.parents.flatMap(({ listeners }) =>
    listeners.flatMap(({ hosts }) => hosts.flatMap(({ matches }) => matches)),
  );
  expect(states).toHaveLength(4);
});
