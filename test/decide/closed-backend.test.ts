import { expect, it } from "vitest";
import { Translator } from "../../src/app/translator.ts";
import { decide } from "../../src/translate/decide/decide.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { policyOf, serviceOf, trusting } from "../support/backend-tls-world.ts";
import { foundation, gatewayOf } from "../support/gateway-manifests.ts";

const listener = "{ name: http, port: 8080, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }";
const service = serviceOf({ name: "cart", address: "192.0.2.1", port: 8443 });

/** A route of another namespace, which may use the Service. */
const guest = `
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: guests, namespace: shop }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: infra }]
  to: [{ group: "", kind: Service }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: guest, namespace: infra }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [guest.example.com]
  rules: [{ backendRefs: [{ name: cart, namespace: shop, port: 443 }] }]
`;

function answerTo(manifests: string, host = "cart.example.com", listeners = listener) {
  const placement = { kind: "standalone", bindAddresses: ["127.0.0.1"] } as const;
  const translator = new Translator({ controllerName: "gatehouse.dev/gateway-controller", placement });
  const text = foundation + gatewayOf(`listeners: [${listeners}]`) + manifests;
  const { objects, problems } = readManifests([{ path: "world.yaml", text }]);
  expect(problems).toEqual([]);
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
  translator.flush();
  const question = { port: 8080, scheme: "http", host, path: "/", method: "GET", headers: [] } as const;
  return decide(translator.routing, question).gateways[0]?.answer;
}

const missing = policyOf(`hostname: cart.internal, ${trusting("missing")}`, { section: "main" });

it("a request to a backend whose policy cannot be kept is told to answer 503, and why", () => {
  expect(answerTo(service)).toMatchObject({ kind: "forward" });
  expect(answerTo(service + missing)).toEqual({
    kind: "error",
    status: 503,
    reason: "Nothing is sent to any of the rule's backends",
    message:
      "BackendTLSPolicy shop/first: ConfigMap shop/missing does not exist; No reference in caCertificateRefs is valid",
  });
});

it("a request to a port that speaks HTTPS, and has no policy, is the route's own mistake", () => {
  const secure = serviceOf({ name: "cart", address: "192.0.2.1", port: 8443 }, "https");
  expect(answerTo(secure)).toMatchObject({
    status: 500,
    message: "Port 443 of Service shop/cart speaks HTTPS, and no BackendTLSPolicy says whom to trust",
  });
});

it("the owner of a route of another namespace is not told what is wrong with the policy", () => {
  expect(answerTo(service + missing + guest, "guest.example.com")).toMatchObject({
    status: 503,
    message: "port 443 of Service shop/cart is to be spoken to in TLS, which cannot be done as it should be",
  });
});

it("a connection to a backend whose policy cannot be kept is told to end there, and why", () => {
  const tcp = "{ name: db, port: 8080, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }";
  const route = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  rules: [{ backendRefs: [{ name: cart, port: 443 }] }]
`;
  const answer = (manifests: string) => answerTo(manifests + route, "cart.example.com", tcp);
  expect(answer(service)).toMatchObject({ kind: "forwarded", backends: [{ port: 443, weight: 1 }] });
  expect(answer(service + missing)).toMatchObject({
    kind: "forwarded",
    backends: [{ message: expect.stringContaining("is not connected to: BackendTLSPolicy shop/first: ConfigMap") }],
  });
});
