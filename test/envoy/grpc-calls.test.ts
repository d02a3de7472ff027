import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { type LiveGateway, startLiveGateway } from "../golden/live-gateway.ts";
import { eventually } from "../support/envoy.ts";
import { type GrpcBackend, startGrpcBackend } from "../support/grpc-backend.ts";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";

/** Real gRPC clients and servers on both sides of a real proxy. */
const unary = ["/shop.Cart/Get", "/shop.Cart/Put", "/shop.Prices/List", "/audit.v1.Log/Read", "/shop.Stock/Add"];
const streams = ["/shop.Cart/Watch"];
const chats = ["/shop.Cart/Talk"];
const names = ["cart", "canary", "shadow"];

const backends = new Map<string, GrpcBackend>();
let gateway: LiveGateway<GrpcBackend>;
let client: GrpcClient;

beforeAll(async () => {
  for (const name of names) backends.set(`shop/${name}`, await startGrpcBackend(name, { unary, streams, chats }));
  gateway = await startLiveGateway(
    namespacedName("infra", "edge"),
    [
      {
        path: "calls.yaml",
        text: [foundation, ...names.map((name) => service(name)), service("idle", "[]"), routes].join("---\n"),
      },
    ],
    {
      controllerName: "gatehouse.dev/gateway-controller",
      placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
      backends,
    },
  );
  client = createGrpcClient(`${gateway.addresses[0]}:${gateway.ports.get(80)}`);
});

afterAll(async () => {
  client?.close();
  await gateway?.stop();
  for (const backend of backends.values()) backend.stop();
});

beforeEach(() => {
  for (const { calls, behaviour } of backends.values()) {
    calls.splice(0);
    behaviour.answers = true;
    delete behaviour.fails;
  }
});

const backend = (name: string) => backends.get(`shop/${name}`) as GrpcBackend; // each of `names` was started

describe("a call", () => {
  it.each([
    ["an exact method", "/shop.Cart/Get", "cart"],
    ["a whole service", "/shop.Prices/List", "canary"],
    ["an expression", "/audit.v1.Log/Read", "shadow"],
  ])("finds %s", async (_what, path, name) => {
    const answer = await client.call(path);
    expect(answer).toMatchObject({ code: "OK", seen: { backend: name, method: path, message: "hello" } });
  });

  it("finds its rule by headers, the one with more of them first", async () => {
    const metadata = { tenant: "gold" };
    expect((await client.call("/shop.Cart/Get", { metadata })).seen?.backend).toBe("canary");
    expect((await client.call("/shop.Cart/Get", { metadata: { tenant: "lead" } })).seen?.backend).toBe("cart");
    expect((await client.call("/shop.Cart/Get", { metadata: { tenant: "t-42" } })).seen?.backend).toBe("shadow");
  });

  it("brings metadata and trailers through", async () => {
    const answer = await client.call("/shop.Prices/List", { metadata: { "trace-bin-less": "one" } });
    expect(answer.seen?.metadata).toMatchObject({ "trace-bin-less": "one" });
    expect(answer.initial).toMatchObject({ "x-initial": "canary" });
    expect(answer.trailers).toMatchObject({ "x-trailer": "canary" });
  });

  it("of a stream brings all messages", async () => {
    expect(await client.stream("/shop.Cart/Watch")).toEqual(["cart 1", "cart 2", "cart 3", "OK"]);
  });

  it("of two streams brings each message before the next is sent", async () => {
    const said = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    const answered = said.map((message) => `cart ${message}`);
    expect(await client.chat("/shop.Cart/Talk", said)).toEqual([...answered, "OK"]);
  });

  it("has its headers changed, and those of its answer", async () => {
    const answer = await client.call("/shop.Cart/Get", { authority: "filters.example.com", metadata: { old: "x" } });
    expect(answer.seen?.metadata).toMatchObject({ added: "yes" });
    expect(answer.seen?.metadata["old"]).toBeUndefined();
    expect(answer.initial).toMatchObject({ "x-answer": "seen" });
    expect(answer.initial["x-initial"]).toBeUndefined();
  });

  it("is mirrored", async () => {
    const answer = await client.call("/shop.Cart/Get", { authority: "mirror.example.com" });
    expect(answer.seen?.backend).toBe("cart");
    await eventually("the copy arrives", () => backend("shadow").calls.length === 1);
    expect(backend("shadow").calls[0]).toMatchObject({ method: "/shop.Cart/Get", message: "hello" });
  });

  it("is spread by weight, never to a backend without", async () => {
    const answers = await Promise.all(
      Array.from({ length: 400 }, () => client.call("/shop.Cart/Get", { authority: "weights.example.com" })),
    );
    expect(answers.every(({ code }) => code === "OK")).toBe(true);
    const counts = names.map((name) => backend(name).calls.length);
    expect(counts[0]).toBeGreaterThan(220);
    expect(counts[0]).toBeLessThan(340);
    expect(counts.slice(1)).toEqual([400 - (counts[0] ?? 0), 0]);
  });

  it("keeps the status that the backend gives it", async () => {
    backend("cart").behaviour.fails = { code: 9, details: "the cart is closed" };
    const answer = await client.call("/shop.Cart/Get");
    expect(answer).toMatchObject({ code: "FAILED_PRECONDITION", details: "the cart is closed" });
    expect(answer.trailers).toMatchObject({ "x-trailer": "cart" });
  });

  it("ends at its client's deadline", async () => {
    backend("cart").behaviour.answers = false;
    expect((await client.call("/shop.Cart/Get", { deadlineMs: 300 })).code).toBe("DEADLINE_EXCEEDED");
  });

  it.each([
    ["no rule takes it", "grpc.example.com", "/shop.Stock/Add", "UNIMPLEMENTED"],
    ["no route has its host", "nobody.example.org", "/shop.Cart/Get", "UNIMPLEMENTED"],
    ["its rule's filter cannot be applied", "broken.example.com", "/shop.Cart/Put", "UNAVAILABLE"],
    ["its rule's filter is not known", "broken.example.com", "/shop.Prices/List", "UNAVAILABLE"],
    ["its rule has no backend", "broken.example.com", "/shop.Stock/Add", "UNAVAILABLE"],
    ["its backend does not exist", "broken.example.com", "/shop.Cart/Get", "UNAVAILABLE"],
    ["its backend has no endpoints", "broken.example.com", "/audit.v1.Log/Read", "UNAVAILABLE"],
  ])("fails where %s", async (_what, authority, path, code) => {
    expect((await client.call(path, { authority })).code).toBe(code);
  });

  it("fails for the share of a backend that does not exist", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => client.call("/shop.Cart/Get", { authority: "half.example.com" })),
    );
    const failed = answers.filter(({ code }) => code === "UNAVAILABLE").length;
    expect(failed + answers.filter(({ code }) => code === "OK").length).toBe(200);
    expect(failed).toBeGreaterThan(60);
    expect(failed).toBeLessThan(140);
  });

  it("is told by the name of its rule in the access log", async () => {
    await client.call("/shop.Cart/Get", { authority: "mirror.example.com" });
    const line = JSON.parse(await gateway.envoy.accessLogLine((text) => text.includes("mirror.example.com")));
    expect(line).toMatchObject({ route_name: "grpcroute/shop/mirror/rule/0/copied" });
  });
});

const foundation = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners: [{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]
`;

function service(name: string, endpoints = "[{ addresses: [192.0.2.1] }]"): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ports: [{ name: grpc, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: grpc, port: 8080 }]
endpoints: ${endpoints}
`;
}

function route(name: string, rules: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: ${name}, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  hostnames: [${name}.example.com]
  rules:
${rules}
`;
}

const routes = [
  route(
    "grpc",
    `
    - { matches: [{ method: { service: shop.Cart } }], backendRefs: [{ name: cart, port: 80 }] }
    - { matches: [{ method: { service: shop.Cart }, headers: [{ name: Tenant, value: gold }] }], backendRefs: [{ name: canary, port: 80 }] }
    - { matches: [{ method: { service: shop.Cart }, headers: [{ name: tenant, type: RegularExpression, value: "t-[0-9]+" }] }], backendRefs: [{ name: shadow, port: 80 }] }
    - { matches: [{ method: { service: shop.Prices } }], backendRefs: [{ name: canary, port: 80 }] }
    - { matches: [{ method: { type: RegularExpression, service: "audit\\\\.v[0-9]\\\\.Log" } }], backendRefs: [{ name: shadow, port: 80 }] }`,
  ),
  route(
    "filters",
    `
    - filters:
        - { type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: added, value: "yes" }], remove: [old] } }
        - { type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-answer, value: seen }], remove: [x-initial] } }
      backendRefs: [{ name: cart, port: 80 }]`,
  ),
  route(
    "mirror",
    `
    - name: copied
      filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: shadow, port: 80 } } }]
      backendRefs: [{ name: cart, port: 80 }]`,
  ),
  route(
    "weights",
    `
    - backendRefs: [{ name: cart, port: 80, weight: 70 }, { name: canary, port: 80, weight: 30 }, { name: shadow, port: 80, weight: 0 }]`,
  ),
  route(
    "half",
    `
    - backendRefs: [{ name: cart, port: 80 }, { name: missing, port: 80 }]`,
  ),
  route(
    "broken",
    `
    - { matches: [{ method: { service: shop.Cart, method: Get } }], backendRefs: [{ name: missing, port: 80 }] }
    - { matches: [{ method: { service: shop.Cart, method: Put } }], filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { remove: [Host] } }], backendRefs: [{ name: cart, port: 80 }] }
    - { matches: [{ method: { service: shop.Prices } }], filters: [{ type: ExtensionRef, extensionRef: { group: example.com, kind: Auth, name: a } }], backendRefs: [{ name: cart, port: 80 }] }
    - { matches: [{ method: { service: shop.Stock } }] }
    - { matches: [{ method: { service: audit.v1.Log } }], backendRefs: [{ name: idle, port: 80 }] }`,
  ),
].join("---\n");
