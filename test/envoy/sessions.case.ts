import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { type LiveGateway, startLiveGateway } from "../golden/live-gateway.ts";
import { type Backend, type EchoedRequest, startBackend } from "../support/backend.ts";
import { type ClientResponse, send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";

/** A Service of four endpoints, one of two, and one that no rule with a session names. */
const endpoints = ["cart-1", "cart-2", "cart-3", "cart-4", "canary-1", "canary-2", "secret-1"];
const backends = new Map<string, Backend>();

beforeAll(async () => {
  for (const name of endpoints) backends.set(`shop/${name}`, await startBackend({ name }));
});
afterAll(async () => {
  await Promise.all([...backends.values()].map((backend) => backend.stop()));
});
beforeEach(() => {
  for (const backend of backends.values()) backend.forget();
});

const place = (name: string) => {
  const backend = backends.get(`shop/${name}`);
  return `${backend?.address}:${backend?.port}`;
};

/** How many requests in a row make chance unlikely: among four endpoints, less than one in ten thousand millions. */
const often = 17;

/** Declares what sessions must do on one Envoy. */
export function describeSessions(name: string, binary: string): void {
  describe(name, () => declareTests(binary));
}

function declareTests(binary: string): void {
  let gateway: LiveGateway;
  beforeAll(async () => {
    gateway = await startLiveGateway(
      namespacedName("infra", "edge"),
      [{ path: "sessions.yaml", text: [foundation, services, routes].join("---\n") }],
      {
        controllerName: "gatehouse.dev/gateway-controller",
        placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
        backends,
        binary,
      },
    );
  });
  afterAll(() => gateway?.stop());

  async function ask(host: string, headers: Record<string, string> = {}, path = "/"): Promise<ClientResponse> {
    const target = { address: gateway.addresses[0] ?? "", port: gateway.ports.get(80) ?? 80 };
    return send(target, { host: `${host}.example.com`, path, headers: Object.entries(headers) });
  }

  /** Sends many requests and lists the endpoints that answered, each once. */
  async function answering(host: string, headers: Record<string, string>, path = "/"): Promise<readonly string[]> {
    const names = new Set<string>();
    for (let time = 0; time < often; time += 1) names.add(nameOf(await ask(host, headers, path)));
    return [...names].sort();
  }

  it("keeps a session with a cookie at one endpoint", async () => {
    const first = await ask("cookie");
    const [cookie = ""] = first.headers.get("set-cookie") ?? [];
    expect(cookie).toMatch(/^basket="?[^";]+"?; Path=\/; HttpOnly$/);
    expect(await answering("cookie", { cookie: `theme=dark; ${pairOf(cookie)}` })).toEqual([nameOf(first)]);
    expect((await answering("cookie", {})).length).toBeGreaterThan(1);
  });

  it("tells a client that has its cookie no new one", async () => {
    const [cookie = ""] = (await ask("cookie")).headers.get("set-cookie") ?? [];
    expect((await ask("cookie", { cookie: pairOf(cookie) })).headers.get("set-cookie")).toBeUndefined();
  });

  it("makes a permanent cookie that is good below its path, with a name of its own", async () => {
    const first = await ask("permanent", {}, "/shop/a");
    const [cookie = ""] = first.headers.get("set-cookie") ?? [];
    expect(cookie).toMatch(/^gatehouse-[0-9a-f]{16}="?[^";]+"?; Max-Age=3600; Path=\/shop; HttpOnly$/);
    expect(await answering("permanent", { cookie: pairOf(cookie) }, "/shop/b")).toEqual([nameOf(first)]);
    expect((await ask("permanent", {}, "/elsewhere")).headers.get("set-cookie")).toBeUndefined();
  });

  it("keeps a session with a header at one endpoint", async () => {
    const first = await ask("header");
    const [session = ""] = first.headers.get("x-session") ?? [];
    expect(session).not.toBe("");
    expect(await answering("header", { "x-session": session })).toEqual([nameOf(first)]);
  });

  it("keeps a session at one of several backends, whatever their weights", async () => {
    const seen = new Set<string>();
    for (let time = 0; time < often; time += 1) {
      const first = await ask("weighted");
      const cookie = pairOf(first.headers.get("set-cookie")?.[0] ?? "");
      const service = nameOf(first).split("-")[0] ?? "";
      expect(cookie).toMatch(service === "cart" ? /^basket=/ : /^basket-[0-9a-f]{8}=/);
      if (!seen.has(service)) expect(await answering("weighted", { cookie })).toEqual([nameOf(first)]);
      seen.add(service);
    }
    expect([...seen].sort()).toEqual(["canary", "cart"]);
  });

  it("keeps a session whatever its cookie is called, and for as long as it says", async () => {
    const kept = new Map<string, string>();
    for (let time = 0; time < often; time += 1) {
      const first = await ask("odd");
      kept.set(nameOf(first), pairOf(first.headers.get("set-cookie")?.[0] ?? ""));
    }
    expect(new Set([...kept.keys()].map((name) => name.split("-")[0]))).toEqual(new Set(["cart", "canary"]));
    for (const [name, cookie] of kept)
      expect(await answering("odd", { cookie: `a=b; ${cookie}; c=d` })).toEqual([name]);
  });

  it("keeps a session at a backend that changes requests", async () => {
    const cookies = new Map<string, string>();
    for (let time = 0; time < often; time += 1) {
      const first = await ask("rewritten");
      cookies.set(nameOf(first).split("-")[0] ?? "", `${nameOf(first)} ${first.headers.get("set-cookie")?.[0] ?? ""}`);
    }
    expect([...cookies.keys()].sort()).toEqual(["canary", "cart"]);
    for (const [service, text] of cookies) {
      const [name = "", set = ""] = text.split(/ (.*)/);
      expect(await answering("rewritten", { cookie: pairOf(set) })).toEqual([name]);
      const { path } = echoOf(await ask("rewritten", { cookie: pairOf(set) }, "/a"));
      expect(path).toBe(service === "canary" ? "/next/a" : "/a");
    }
  });

  it.each([
    ["another Service's endpoint in a cookie", "cookie", () => ({ cookie: forged("basket", place("secret-1")) })],
    ["another backend's endpoint in a cookie", "weighted", () => ({ cookie: forged("basket", place("canary-1")) })],
    ["another Service's endpoint in a header", "header", () => ({ "x-session": encoded(place("secret-1")) })],
    ["the proxy's admin interface in a cookie", "cookie", () => ({ cookie: forged("basket", admin(gateway)) })],
    ["no address in a cookie", "cookie", () => ({ cookie: "basket=%00{}" })],
  ])("goes nowhere else by %s", async (_what, host, headers) => {
    const answers = await answering(host, headers());
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.every((name) => name.startsWith("cart-"))).toBe(true);
    expect(backends.get("shop/secret-1")?.count()).toBe(0);
  });

  it("begins a new session where the endpoint is gone", async () => {
    const first = await ask("cookie");
    const cookie = pairOf(first.headers.get("set-cookie")?.[0] ?? "");
    const gone = nameOf(first);
    const port = backends.get(`shop/${gone}`)?.port;
    gateway.apply([{ path: "gone.yaml", text: slice("cart", gone, "[]") }]);
    const has = async () => (await gateway.envoy.get("/clusters")).includes(`:${port}::`);
    await eventually(`${gone} is gone`, async () => !(await has()));
    const next = await ask("cookie", { cookie });
    expect([next.status, nameOf(next) === gone]).toEqual([200, false]);
    const renewed = pairOf(next.headers.get("set-cookie")?.[0] ?? "");
    expect(await answering("cookie", { cookie: renewed })).toEqual([nameOf(next)]);
    gateway.apply([{ path: "back.yaml", text: slice("cart", gone) }]);
    await eventually(`${gone} is back`, has);
  });

  it("keeps no session for a rule that cannot be served", async () => {
    const answer = await ask("broken");
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([500, undefined]);
  });
}

function nameOf({ headers }: ClientResponse): string {
  return headers.get("x-backend")?.[0] ?? "nobody";
}

function echoOf({ body }: ClientResponse): EchoedRequest {
  return JSON.parse(body) as EchoedRequest; // an echo wrote it
}

function pairOf(setCookie: string): string {
  return setCookie.split(";")[0] ?? "";
}

function encoded(address: string): string {
  return Buffer.from(address).toString("base64");
}

function forged(name: string, address: string): string {
  return `${name}="${encoded(address)}"`;
}

function admin({ envoy }: LiveGateway): string {
  return `${envoy.admin.address}:${envoy.admin.port}`;
}

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

function slice(service: string, name: string, found = "[{ addresses: [192.0.2.1] }]"): string {
  return `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, namespace: shop, labels: { kubernetes.io/service-name: ${service} } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: ${found}
`;
}

const services = ["cart", "canary", "secret"]
  .flatMap((name) => [
    `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ports: [{ name: http, port: 80 }] }
`,
    ...endpoints.filter((endpoint) => endpoint.startsWith(`${name}-`)).map((endpoint) => slice(name, endpoint)),
  ])
  .join("---\n");

function route(name: string, rule: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  hostnames: [${name}.example.com]
  rules: [{ ${rule} }]
`;
}

const basket = "sessionPersistence: { type: Cookie, cookie: { name: basket } }";
const cart = "backendRefs: [{ name: cart, port: 80 }]";
const both = "backendRefs: [{ name: cart, port: 80 }, { name: canary, port: 80 }]";
const rewritten =
  "filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /next } } }]";

const routes = [
  route("cookie", `${basket}, ${cart}`),
  route(
    "permanent",
    `sessionPersistence: { cookie: { path: /shop, lifetimeType: Permanent }, absoluteTimeout: 1h }, ${cart}`,
  ),
  route("header", `sessionPersistence: { type: Header, header: { name: X-Session } }, ${cart}`),
  route("weighted", `${basket}, ${both}`),
  route(
    "odd",
    `${both}, sessionPersistence: { cookie: { name: "!#$%&'*+-.^_\`|~", lifetimeType: Permanent }, absoluteTimeout: 99999h99999h99999h99999h }`,
  ),
  route("rewritten", `${basket}, backendRefs: [{ name: cart, port: 80 }, { name: canary, port: 80, ${rewritten} }]`),
  route(
    "broken",
    `${basket}, ${cart}, filters: [{ type: ExtensionRef, extensionRef: { group: example.com, kind: Auth, name: a } }]`,
  ),
].join("---\n");
