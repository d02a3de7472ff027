import { afterAll, beforeAll, expect, it } from "vitest";
import { diffAgainst } from "../../src/app/diff/diff-against.ts";
import { readFileWorld } from "../../src/app/world/file-world.ts";
import { readLiveWorld } from "../../src/app/world/live-world.ts";
import { kubeApiOf } from "../support/cluster-world.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { gatewayClass } from "../support/gateway-class.ts";

const gateway = `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: shared, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - name: https
      hostname: "*.example.com"
      port: 443
      protocol: HTTPS
      tls: { certificateRefs: [{ name: wildcard }] }
      allowedRoutes: { namespaces: { from: All } }
`;
const manifests = gatewayClass + gateway;
const route = (namespace: string, hostname: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: ${namespace} }
spec:
  parentRefs: [{ name: shared, namespace: infra }]
  hostnames: ["${hostname}"]
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: ${namespace} }
spec: { ports: [{ port: 80 }] }
`;
/** A listener of its own for one host of the wildcard, with a certificate that is not in the cluster yet. */
const ownListener = `${gateway}    - name: shop
      hostname: shop.example.com
      port: 443
      protocol: HTTPS
      tls: { certificateRefs: [{ name: shop }] }
`;
let server: FakeApiServer;

beforeAll(async () => {
  server = await startFakeApiServer();
  const text = manifests + route("shop", "shop.example.com");
  for (const { kind, object } of readFileWorld([{ path: "world.yaml", text }]).objects) server.put(kind, object);
  server.fail(/\/secrets$/, { status: 403, reason: "Forbidden", message: "secrets is forbidden" });
});

afterAll(() => server.stop());

it.each([
  [
    "a hostname of its own",
    route("pay", "pay.example.com"),
    "unaffected",
    [["https://pay.example.com/", "404", "forward to pay/web:80"]],
  ],
  [
    "a listener that takes a host away",
    ownListener,
    "affected",
    [["https://shop.example.com/", "forward to shop/web:80", "404"]],
  ],
])("without the right to read Secrets, TLS is compared all the same: %s", async (_name, change, verdict, want) => {
  const api = kubeApiOf(server.url);
  const also = readFileWorld([{ path: "change.yaml", text: change }]).objects;
  const live = await readLiveWorld(api, { now: Date.now(), also });
  api.close();
  if (live.kind === "failed") throw new Error(live.message);
  const result = await diffAgainst(live.world, {
    change: [{ path: "change.yaml", text: change }],
    options: {
      controllerName: "gatehouse.dev/gateway-controller",
      placement: { kind: "cluster", bindAddresses: ["0.0.0.0"] },
    },
  });
  if (result.kind === "failed") throw new Error(result.message);
  const asked = result.diff.requests.map(({ request: { scheme, host, path }, before, after }) => [
    `${scheme}://${host}${path}`,
    before.answer,
    after.answer,
  ]);
  expect(asked.filter(([url]) => !url?.endsWith("gatehouse-probe"))).toEqual(want);
  expect(result.diff.verdict).toBe(verdict);
});
