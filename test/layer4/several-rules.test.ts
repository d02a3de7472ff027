import { expect, it } from "vitest";
import { Translator } from "../../src/app/translator.ts";
import { InstantClaims } from "../../src/claims/instant-claims.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import { acceptObject } from "../../src/watch/accepted-object.ts";
import { readManifests } from "../../src/watch/manifests.ts";

const world = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/test }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: tcp, port: 9300, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }
    - { name: udp, port: 5300, protocol: UDP, allowedRoutes: { namespaces: { from: All } } }
---
apiVersion: v1
kind: Service
metadata: { name: both, namespace: shop }
spec: { ports: [{ name: tcp, port: 53 }, { name: udp, port: 53, protocol: UDP }] }
`;

/** The conditions of a route as an older version of the API takes it, in which a route may have several rules. */
function conditionsOf(kind: "TCPRoute" | "UDPRoute", rules: readonly object[]) {
  const translator = new Translator(
    { controllerName: "gatehouse.dev/test", placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] } },
    new InstantClaims([]),
  );
  const { objects, problems } = readManifests([{ path: "world.yaml", text: world }]);
  expect(problems).toEqual([]);
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
  const name = namespacedName("shop", "old");
  const metadata = { name: "old", namespace: "shop", generation: 7 };
  const spec = { parentRefs: [{ name: "edge", namespace: "infra" }], rules };
  const accepted = acceptObject(kind, { metadata, spec } as Parameters<typeof acceptObject>[1]); // as an API server sends it
  if (accepted.kind !== "object" || accepted.object.kind !== kind) throw new Error("the route is refused");
  translator.set(kind, name, accepted.object);
  const status = translator.flush().statuses.get(objectKey(kind, name));
  return status?.kind === "Route" ? status.parents[0]?.conditions : undefined;
}

const backendRefs = [{ name: "both", port: 53 }];

it.each(["TCPRoute", "UDPRoute"] as const)("a %s with several rules says which of them are never asked", (kind) => {
  const conditions = conditionsOf(kind, [{ backendRefs }, { name: "spare", backendRefs }, { backendRefs }]);
  expect(conditions).toMatchObject([
    { type: "Accepted", status: "True" },
    { type: "ResolvedRefs", status: "True" },
    {
      type: "PartiallyInvalid",
      status: "True",
      reason: "UnsupportedValue",
      message:
        "Dropped Rule 1 (spare), 2: nothing tells the rules of the route apart, so that the first has all that comes",
      observedGeneration: 7,
    },
  ]);
  expect(conditionsOf(kind, [{ backendRefs }])?.map(({ type }) => type)).toEqual(["Accepted", "ResolvedRefs"]);
});
