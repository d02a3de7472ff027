import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FleetSpec } from "../core/fleet.ts";
import { namespacedName } from "../core/keys.ts";
import { createLogger } from "../logger.ts";
import { createDebugServer } from "./debug-server.ts";
import type { DebugView, StatusEntry } from "./debug-view.ts";
import { listenOn } from "./read-only-server.ts";

const condition = {
  type: "Accepted",
  status: "False",
  reason: "NotAllowedByListeners",
  message: "<script>alert(1)</script>",
};
const statuses: readonly StatusEntry[] = [
  { object: "Gateway/infra/shared", kind: "Gateway", namespace: "infra", name: "shared", status: { conditions: [] } },
  {
    object: "HTTPRoute/shop/cart",
    kind: "HTTPRoute",
    namespace: "shop",
    name: "cart",
    status: { parents: [{ parentRef: { namespace: "infra", name: "shared" }, conditions: [condition] }] },
  },
];

const spec: FleetSpec = {
  gateway: namespacedName("infra", "shared"),
  uid: "u",
  generation: 1,
  gatewayClass: "gatehouse",
  frozen: false,
  labels: {},
  annotations: {},
  ports: [],
  requestedAddresses: [],
  parameters: {
    managed: true,
    replicas: 2,
    resources: {},
    service: { type: "LoadBalancer", annotations: {} },
    nodeSelector: {},
    tolerations: [],
    podLabels: {},
    hostNetwork: false,
    logLevel: "warning",
    accessLog: { format: "JSON" },
    tls: { minimumVersion: "1.2", cipherSuites: [] },
    ownership: {
      uniqueness: "Namespace",
      unclaimedHostnames: "Allowed",
      acmeChallenges: "Allowed",
      foreignEndpoints: "Refused",
    },
    budget: {},
    limits: {
      backend: {
        maxConnections: 1,
        maxPendingRequests: 1,
        maxRequests: 1,
        retryBudgetPercent: 1,
        minRetryConcurrency: 1,
      },
      listener: { maxConnections: 1 },
      connection: {
        bufferBytes: 1,
        maxConcurrentStreams: 1,
        initialStreamWindowBytes: 1,
        initialConnectionWindowBytes: 1,
        idleTimeoutSeconds: 1,
        streamIdleTimeoutSeconds: 1,
        requestHeadersTimeoutSeconds: 1,
        maxRequestHeadersKiB: 1,
      },
      proxy: { maxConnections: 1, maxHeapMiB: 64 },
    },
    origins: [{ field: "replicas", from: "class" }],
  },
};

/** The state of a control plane that stands still. */
const view: DebugView = {
  version: "1.2.3",
  ready: () => true,
  gateways: () => [
    {
      gateway: "infra/shared",
      proxies: 2,
      readyProxies: 1,
      resources: { cluster: 3, endpoint: 3, secret: 0, listener: 1, scope: 0, route: 1 },
    },
  ],
  fleets: () => [{ gateway: "infra/shared", spec }],
  resources: ({ gateway, type, offset, limit }) => {
    if (gateway !== "infra/shared") return undefined;
    const names = ["a", "b", "c"].slice(offset, offset + limit);
    const resources = names.map((name) => ({ type: "cluster" as const, name, version: "1", resource: { name, type } }));
    return { total: 3, resources };
  },
  statuses: () => statuses,
  streams: () => [
    {
      gateway: "infra/shared",
      node: 'proxy"1"',
      protocol: "delta",
      refusals: [{ type: "route", message: "<b>no & never</b>" }],
    },
  ],
  quarantines: () => [],
  problems: () => [{ file: "<img src=x>.yaml", document: 2, path: "spec", message: "is empty" }],
  graph: () => ({ collections: [{ name: "routes", size: 1, runs: 2 }], failures: [] }),
  history: (question) => ({ ...question, current: [], changes: [] }),
  origins: ({ name }) => (name === "a" ? ["HTTPRoute/shop/cart"] : undefined),
};

let origin = "";
const logger = createLogger("silent");
const server = { current: createDebugServer(view, { hosts: "loopback", logger }) };

beforeEach(async () => {
  server.current = createDebugServer(view, { hosts: "loopback", logger });
  const { host, port } = await listenOn(server.current, { host: "127.0.0.1", port: 0 });
  origin = `http://${host}:${port}`;
});

afterEach(() => server.current.close());

async function readJson(path: string): Promise<unknown> {
  const response = await fetch(`${origin}${path}`);
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  return response.json();
}

describe("the index page", () => {
  it("tells what is served, who is connected and what is wrong", async () => {
    const page = await (await fetch(origin)).text();
    for (const text of [
      "1.2.3",
      "infra/shared",
      "1 of 2",
      "3 cluster",
      "HTTPRoute/shop/cart",
      "NotAllowedByListeners",
    ]) {
      expect(page).toContain(text);
    }
  });

  it("is found below /debug, too", async () => {
    for (const path of ["/debug", "/debug/"]) {
      const response = await fetch(`${origin}${path}`);
      expect([response.url, response.status]).toEqual([`${origin}/`, 200]);
    }
  });

  it("escapes everything that others wrote", async () => {
    const page = await (await fetch(origin)).text();
    expect(page).not.toMatch(/<script|<img|<b>|proxy"1"/);
    expect(page).toContain("&#60;script&#62;alert(1)");
  });

  it("lets a browser load nothing but its own style", async () => {
    const policy = (await fetch(origin)).headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; frame-ancestors 'none'/);
  });
});

describe("the JSON pages", () => {
  it("select statuses by kind, namespace and name", async () => {
    const objects = async (query: string) =>
      ((await readJson(`/debug/status${query}`)) as { statuses: StatusEntry[] }).statuses.map(({ object }) => object);
    expect(await objects("")).toEqual(["Gateway/infra/shared", "HTTPRoute/shop/cart"]);
    expect(await objects("?kind=httproute")).toEqual(["HTTPRoute/shop/cart"]);
    expect(await objects("?namespace=infra&name=shared")).toEqual(["Gateway/infra/shared"]);
    expect(await objects("?kind=HTTPRoute&namespace=infra")).toEqual([]);
  });

  it("tell how proxies should be run, and where each parameter comes from", async () => {
    const all = await readJson("/debug/fleets");
    expect(all).toEqual({ fleets: [{ gateway: "infra/shared", spec }] });
    expect(await readJson("/debug/fleets?gateway=infra/other")).toEqual({ fleets: [] });
  });

  it("cut long lists of resources into pages", async () => {
    expect(await readJson("/debug/xds?gateway=infra/shared&limit=2")).toMatchObject({
      total: 3,
      next: 2,
      resources: [{ name: "a" }, { name: "b" }],
    });
    const last = await readJson("/debug/xds?gateway=infra%2Fshared&offset=2");
    expect(last).toMatchObject({ resources: [{ name: "c" }] });
    expect(last).not.toHaveProperty("next");
  });

  it.each([
    { path: "/debug/xds", status: 400 },
    { path: "/debug/xds?gateway=infra/shared&limit=-1", status: 400 },
    { path: "/debug/xds?gateway=infra/other", status: 404 },
    { path: "/debug/origins?gateway=infra/shared", status: 400 },
    { path: "/debug/origins?gateway=infra/shared&type=cluster&name=nobody", status: 404 },
    { path: "/debug/history", status: 400 },
    { path: "/debug/history?port=5432", status: 400 },
    { path: "/debug/history?port=x&protocol=TCP", status: 400 },
    { path: "/debug/nothing", status: 404 },
    { path: "/metrics", status: 404 },
    { path: "/%", status: 400 },
  ])("answer $path with $status and one sentence", async ({ path, status }) => {
    const response = await fetch(`${origin}${path}`);
    expect(response.status).toBe(status);
    expect(Object.keys((await response.json()) as object)).toEqual(["error"]);
  });

  it("tell the history of a host, and of a path where one is asked for", async () => {
    expect(await readJson("/debug/history?host=shop.example.com")).toMatchObject({ host: "shop.example.com" });
    const answer = await readJson("/debug/history?host=*.example.com&path=%2Fa%20b");
    expect(answer).toEqual({ host: "*.example.com", path: "/a b", current: [], changes: [] });
    const port = await readJson("/debug/history?port=53&protocol=UDP");
    expect(port).toEqual({ port: 53, protocol: "UDP", current: [], changes: [] });
  });

  it("tell the objects that a resource came from", async () => {
    expect(await readJson("/debug/origins?gateway=infra/shared&type=cluster&name=a")).toMatchObject({
      origins: ["HTTPRoute/shop/cart"],
    });
  });
});

it("answers 500 without any detail when a page fails", async () => {
  const failing: DebugView = {
    ...view,
    problems: () => {
      throw new Error("secret detail");
    },
  };
  const broken = createDebugServer(failing, { hosts: "addresses", logger });
  const answer = await broken.inject("/debug/problems");
  expect([answer.statusCode, answer.body.includes("secret")]).toEqual([500, false]);
  await broken.close();
});

describe("every page", () => {
  it.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("refuses %s", async (method) => {
    for (const path of ["/", "/debug/status", "/nowhere"]) {
      const response = await fetch(`${origin}${path}`, { method });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    }
  });

  it("answers HEAD without a body", async () => {
    const response = await fetch(`${origin}/debug/status`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it("refuses a Host header that DNS may have rebound, before it does anything", async () => {
    for (const host of ["evil.example", `evil.example:${new URL(origin).port}`, "127.0.0.1:1"]) {
      const answer = await server.current.inject({ path: "/debug/status", headers: { host } });
      expect([answer.statusCode, answer.body.includes("shop")]).toEqual([403, false]);
    }
  });

  it("can be read by no other page: no CORS, no framing, no sniffing, no cache", async () => {
    for (const path of ["/", "/debug/status", "/nowhere"]) {
      const { headers } = await fetch(`${origin}${path}`, { headers: { origin: "https://evil.example" } });
      expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });
});
