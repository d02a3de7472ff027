import { afterEach, expect, it } from "vitest";
import { sampleKnowledge } from "./sample-knowledge.ts";
import { endpointName, startTenantWorld, type TenantWorld } from "./tenant-world.ts";

const question = { port: 80, scheme: "http", host: "shop.example.com", path: "/", method: "GET", headers: [] };
const hidden = "another namespace";
let world: TenantWorld;

afterEach(() => world?.stop());

it("answers nobody whom the API server does not know", async () => {
  world = await startTenantWorld(sampleKnowledge);
  expect(await world.ask("/v1/whoami")).toMatchObject({
    status: 401,
    body: { reason: "Unauthorized", kind: "Status" },
  });
  expect(await world.ask("/v1/whoami", { token: "stolen" })).toMatchObject({ status: 401 });
  expect(await world.ask("/v1/explain/request", { body: question })).toMatchObject({ status: 401 });
  world.reviews.isDown = true;
  expect(await world.ask("/v1/whoami", { token: "shop-token" })).toMatchObject({ status: 503 });
});

it("says who asks, by a token in either header, and reviews it once", async () => {
  world = await startTenantWorld(sampleKnowledge);
  const who = { user: "dana", groups: ["shop-developers"] };
  expect(await world.ask("/v1/whoami", { token: "shop-token" })).toMatchObject({ status: 200, body: who });
  const headers = { "x-gatehouse-token": "shop-token" };
  expect(await world.ask("/v1/whoami", { headers })).toMatchObject({ status: 200, body: who });
  expect(world.reviews.reviews).toEqual(["token"]);
});

it("shows a tenant their own route, and of another's that it is there and what decided", async () => {
  world = await startTenantWorld(sampleKnowledge);
  const { status, body } = await world.ask("/v1/explain/request", { token: "shop-token", body: question });
  expect(status).toBe(200);
  const [gateway] = body["gateways"] as readonly Record<string, unknown>[];
  expect(gateway).toMatchObject({
    gateway: { kind: "Gateway", namespace: hidden, name: "" },
    winner: { route: { namespace: "shop", name: "cart" }, ruleName: "cart-rule" },
    rivals: [{ route: { kind: "HTTPRoute", namespace: hidden, name: "" }, criterion: "the longer path prefix" }],
  });
  expect(JSON.stringify(body)).not.toMatch(/bank|vault|edge|public/);
});

it("shows the platform team all names, with one review for each kind", async () => {
  world = await startTenantWorld(sampleKnowledge);
  const { body } = await world.ask("/v1/explain/request", { token: "platform-token", body: question });
  expect(body).toEqual(sampleKnowledge.explainRequest({ ...question, scheme: "http" }));
  const asked = world.reviews.reviews.filter((each) => each !== "token");
  expect(asked.map(({ verb, resource, namespace }) => [verb, resource, namespace])).toEqual([
    ["get", "gateways", undefined],
    ["get", "services", undefined],
    ["get", "httproutes", undefined],
    ...["httproutes", "grpcroutes", "tlsroutes", "tcproutes", "udproutes"].map((each) => ["list", each, undefined]),
  ]);
});

it("tells who sees a single object only of that object", async () => {
  const allows = ({ name }: { readonly name?: string }) => name === "vault";
  world = await startTenantWorld(sampleKnowledge, allows);
  const { body } = await world.ask("/v1/explain/request", { token: "shop-token", body: question });
  const text = JSON.stringify(body);
  expect(text).toContain("vault-rule");
  expect(text).not.toContain("cart");
});

it("explains a route to who may get it, and refuses others in words that do not tell whether it is there", async () => {
  world = await startTenantWorld(sampleKnowledge);
  const ask = (namespace: string, name: string) =>
    world.ask("/v1/explain/route", { token: "shop-token", body: { namespace, name } });
  expect(await ask("shop", "cart")).toMatchObject({ status: 200, body: { found: true } });
  expect(await ask("shop", "nothing")).toMatchObject({ status: 200, body: { found: false } });
  expect(await ask("bank", "cart")).toMatchObject({
    status: 403,
    body: { message: "dana may not get the HTTPRoute bank/cart" },
  });
  expect(await ask("bank", "nothing")).toMatchObject({
    status: 403,
    body: { message: "dana may not get the HTTPRoute bank/nothing" },
  });
});

it("tells who may get an object how far it has come, by counts, and names no Gateway that neither they nor it know", async () => {
  world = await startTenantWorld(sampleKnowledge);
  const ask = (token: string, kind: string, namespace: string, name: string) =>
    world.ask("/v1/convergence", { token, body: { kind, namespace, name } });
  const { status, body } = await ask("shop-token", "HTTPRoute", "shop", "cart");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    generation: 4,
    state: "pending",
    message: "generation 4 is acknowledged by 1 of 2 proxies of a Gateway that you do not see",
    gateways: [
      { gateway: { kind: "Gateway", namespace: "edge", name: "public" }, connected: 2, acknowledged: 2 },
      { gateway: { kind: "Gateway", namespace: hidden, name: "" }, connected: 2, acknowledged: 1 },
    ],
    replicas: { answered: 2, known: 2 },
  });
  expect(JSON.stringify(body)).not.toMatch(/bank|vault/);
  expect((await ask("platform-token", "HTTPRoute", "shop", "cart")).body).toMatchObject({
    message: "generation 4 is acknowledged by 1 of 2 proxies of bank/vault",
  });
  // The same words whether or not it is there.
  for (const name of ["cart", "nothing"]) {
    expect(await ask("shop-token", "Gateway", "bank", name)).toMatchObject({
      status: 403,
      body: { message: `dana may not get the Gateway bank/${name}` },
    });
  }
  expect(await ask("shop-token", "Secret", "shop", "cart")).toMatchObject({ status: 400 });
});

it("refuses to who nobody can be asked about", async () => {
  world = await startTenantWorld(sampleKnowledge);
  await world.ask("/v1/whoami", { token: "platform-token" });
  world.reviews.isDown = true;
  const { body } = await world.ask("/v1/explain/request", { token: "platform-token", body: question });
  expect(JSON.stringify(body)).not.toMatch(/bank|vault|cart/);
  world.reviews.isDown = false;
  const again = await world.ask("/v1/explain/request", { token: "platform-token", body: question });
  expect(JSON.stringify(again.body)).toContain("vault");
});

it("tells a tenant of a history when somebody else answered, not who", async () => {
  world = await startTenantWorld(sampleKnowledge);
  const asked = { token: "shop-token", body: { hostname: "shop.example.com" } };
  const { body } = await world.ask("/v1/history", asked);
  expect(JSON.stringify(body)).not.toMatch(/bank|public|vault|0123/);
  expect(body["changes"]).toMatchObject([
    { from: { route: `HTTPRoute/${hidden}/` }, to: { route: "HTTPRoute/shop/cart" }, proxies: { acknowledged: 2 } },
  ]);
});

it("lets nobody ask more than their share, service accounts of a namespace together", async () => {
  world = await startTenantWorld(sampleKnowledge);
  const ask = (token: string) => world.ask("/v1/whoami", { token });
  const statuses = new Set<number>();
  for (let index = 0; index < 15; index += 1) statuses.add((await ask("account-token")).status);
  expect([...statuses]).toEqual([200]);
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask("other-account-token")));
  const refused = answers.find(({ status }) => status === 429);
  expect(refused).toMatchObject({ headers: { "retry-after": "1" } });
  expect(await ask("platform-token")).toMatchObject({ status: 200 });
});

it("does not ask about one guessed token after the other, and still answers who is known", async () => {
  world = await startTenantWorld(sampleKnowledge);
  await world.ask("/v1/whoami", { token: "shop-token" });
  const { ask } = world;
  const answers = await Promise.all(
    Array.from({ length: 160 }, (_, index) => ask("/v1/whoami", { token: `guess-${index}` })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
  expect(world.reviews.reviews.length).toBeLessThan(160);
  expect(await world.ask("/v1/whoami", { token: "shop-token" })).toMatchObject({ status: 200 });
});

it.each([
  { name: "no question", path: "/v1/explain/request", body: {}, status: 400 },
  { name: "no JSON", path: "/v1/explain/request", body: "{", status: 400 },
  { name: "a port that is none", path: "/v1/explain/request", body: { ...question, port: 0 }, status: 400 },
  {
    name: "too many headers",
    path: "/v1/explain/request",
    body: { ...question, headers: Array(101).fill({ name: "a", value: "" }) },
    status: 400,
  },
  {
    name: "more than a mebibyte",
    path: "/v1/explain/request",
    body: { ...question, path: `/${"a".repeat(2 ** 20)}` },
    status: 413,
  },
  { name: "a name that is none", path: "/v1/explain/route", body: { namespace: "a/b", name: "c" }, status: 400 },
  { name: "another path", path: "/v1/other", body: {}, status: 404 },
])("refuses $name", async ({ path, body, status }) => {
  world = await startTenantWorld(sampleKnowledge);
  expect(await world.ask(path, { token: "shop-token", body })).toMatchObject({
    status,
    body: { kind: "Status", code: status },
  });
});

it("answers nothing before everything is translated", async () => {
  world = await startTenantWorld({ ...sampleKnowledge, ready: () => false });
  expect(await world.ask("/v1/explain/request", { token: "shop-token", body: question })).toMatchObject({
    status: 503,
  });
});

it("shows its newest certificate", async () => {
  world = await startTenantWorld(sampleKnowledge);
  const renamed = "renewed.gatehouse-system.svc";
  await world.renew(renamed);
  expect(await world.ask("/v1/whoami", { token: "shop-token", serverName: renamed })).toMatchObject({ status: 200 });
  await expect(world.ask("/v1/whoami", { token: "shop-token", serverName: endpointName })).rejects.toThrow();
});
