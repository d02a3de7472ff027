import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { HttpCors } from "../../src/core/gateway-api.ts";
import type { RouteRule, RuleFilters } from "../../src/translate/route-nodes.ts";
import { type Backend, type EchoedRequest, startBackend } from "../support/backend.ts";
import { type ClientRequest, type ClientResponse, header, openHttp1, send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { aHost, aListener, httpPort, routeTable } from "./one-listener.ts";
import { printClusters, printTable, startProxy, type TestProxy } from "./proxy.ts";
import { invalid, to } from "./route-cases.ts";

/** Rules whose effect takes more than one request, or more than the request, to see. */
describe.each(["plain", "scoped"] as const)("routes in a %s table on a real Envoy", (mode) => {
  let proxy: TestProxy;
  let a: Backend;
  let b: Backend;
  let h2: Backend;

  beforeAll(async () => {
    proxy = await startProxy();
    [a, b] = [await startBackend({ name: "a" }), await startBackend({ name: "b" })];
    h2 = await startBackend({ name: "h2", http2: true });
    const refusing = await startBackend({ name: "refusing" });
    await refusing.stop();
    const hosts = Object.entries(rules).map(([name, rule]) => aHost(`${name}.test`, rule));
    const posts = aHost("cors-method.test", rules["cors-listed"] ?? {}, { method: "POST" });
    const clusters = [...printClusters({ a, b, refusing, empty: undefined }), ...printClusters({ h2 }, "http2")];
    const table = printTable(mode, routeTable, [...hosts, posts]);
    await proxy.apply(...clusters, ...table, aListener(proxy.address, mode));
  });

  afterEach(() => {
    for (const backend of [a, b, h2]) {
      Object.assign(backend.behaviour, { status: 200, headers: {}, delayMs: 0, failures: 0, failStatus: 503 });
      backend.forget();
    }
  });

  afterAll(async () => {
    await proxy.stop();
    await Promise.all([a.stop(), b.stop(), h2.stop()]);
  });

  const ask = (name: string, request: ClientRequest = {}): Promise<ClientResponse> =>
    send({ address: proxy.address, port: httpPort }, { host: `${name}.test`, ...request });

  /** Asks many times on a few connections and counts the answers by status and backend. */
  async function spread(name: string, times: number): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const target = { address: proxy.address, port: httpPort };
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        const connection = await openHttp1(target);
        for (let count = 0; count < times / 4; count += 1) {
          const response = await connection.send({ host: `${name}.test` });
          const key = header(response, "x-backend") ?? String(response.status);
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        connection.close();
      }),
    );
    return counts;
  }

  // The chance that a right proxy fails one of these (5 standard deviations) is below one in a million.
  const about = (share: number, times: number) => {
    const deviation = 5 * Math.sqrt(times * share * (1 - share));
    return { low: times * share - deviation, high: times * share + deviation };
  };
  function expectAbout(count: number | undefined, share: number, times: number): void {
    const { low, high } = about(share, times);
    expect(count ?? 0).toBeGreaterThan(low);
    expect(count ?? 0).toBeLessThan(high);
  }

  it("spreads requests by weight, and answers 500 for the share of an invalid backend", async () => {
    const counts = await spread("weights", 1200);
    expectAbout(counts.get("a"), 3 / 6, 1200);
    expectAbout(counts.get("b"), 2 / 6, 1200);
    expectAbout(counts.get("500"), 1 / 6, 1200);
    expect([...counts.keys()].sort()).toEqual(["500", "a", "b"]);
  });

  it("keeps the weights where backends need routes of their own", async () => {
    const counts = await spread("own-routes", 2000);
    expectAbout(counts.get("a"), 5 / 10, 2000);
    expectAbout(counts.get("b"), 2 / 10, 2000);
    expectAbout(counts.get("500"), 1 / 10, 2000);
    expectAbout(counts.get("302"), 2 / 10, 2000);
    expect([...counts.keys()].sort()).toEqual(["302", "500", "a", "b"]);
    expect(new Set(a.requests.map(({ path }) => path))).toEqual(new Set(["/for-a"]));
    expect(new Set(b.requests.map(({ path }) => path))).toEqual(new Set(["/for-b"]));
  });

  it("reaches HTTP/2 backends", async () => {
    const response = await ask("h2");
    expect(JSON.parse(response.body)).toMatchObject({ backend: "h2", httpVersion: "2.0", host: "h2.test" });
  });

  it("passes WebSockets through", async () => {
    const connection = await openHttp1({ address: proxy.address, port: httpPort });
    const upgrade = [
      ["Connection", "Upgrade"],
      ["Upgrade", "websocket"],
    ] as const;
    const response = await connection.send({ host: "simple.test", headers: upgrade });
    expect(response.status).toBe(101);
    const echoed = new Promise((resolve) => connection.socket.once("data", (chunk) => resolve(chunk.toString())));
    connection.socket.write("ping");
    expect(await echoed).toBe("ping");
    connection.close();
  });

  it("tells namespace, route, rule and backend in the access log", async () => {
    await ask("simple", { path: "/logged?x=1", headers: [["user-agent", "the-log-test"]] });
    const line = await proxy.envoy.accessLogLine((text) => text.includes("the-log-test"));
    expect(JSON.parse(line)).toMatchObject({
      method: "GET",
      authority: "simple.test",
      path: "/logged?x=1",
      status: 200,
      namespace: "apps",
      route: "route",
      rule: "0",
      route_name: "httproute/apps/route/rule/0",
      backend: "a",
    });
  });

  it("logs the path that was asked for, not the one that it was rewritten to", async () => {
    await ask("mirrored-path", { path: "/asked", headers: [["user-agent", "the-path-test"]] });
    const line = await proxy.envoy.accessLogLine((text) => text.includes("the-path-test"));
    expect(JSON.parse(line)).toMatchObject({ path: "/asked" });
    expect(a.requests[0]?.path).toBe("/rewritten");
  });

  describe("mirrors", () => {
    it("copies every request, body and all, with the Host that the request has, and ignores the answer", async () => {
      b.behaviour.status = 503;
      b.behaviour.delayMs = 200;
      const response = await ask("mirror", { method: "POST", path: "/m?x=1", body: "hello" });
      expect(response.status).toBe(200);
      expect(header(response, "x-backend")).toBe("a");
      await eventually("the copy arrives", () => b.count() === 1);
      expect(b.requests[0]).toMatchObject({ method: "POST", path: "/m?x=1", host: "mirror.test", body: "hello" });
    });

    it("copies nothing at 0 percent and does not need the mirror to exist", async () => {
      await Promise.all(Array.from({ length: 20 }, () => ask("mirror-none")));
      expect((await ask("mirror-missing")).status).toBe(200);
      expect(b.count()).toBe(0);
    });

    it("copies a fraction of the requests of every backend alike", async () => {
      const counts = await spread("mirror-weighted", 1600);
      expectAbout(counts.get("a"), 1 / 2, 1600);
      const copies = h2.requests.length;
      expectAbout(copies, 1 / 4, 1600);
      const ofA = h2.requests.filter(({ headers }) => headers["x-to"] === "a").length;
      expectAbout(ofA, 1 / 2, copies);
    });

    it("copies a fraction of one backend's requests", async () => {
      const counts = await spread("mirror-own", 1600);
      expectAbout(counts.get("a"), 1 / 2, 1600);
      expectAbout(counts.get("b"), 1 / 2, 1600);
      expect(h2.requests.every(({ headers }) => headers["x-to"] === "b")).toBe(true);
      expectAbout(h2.count(), 1 / 2, counts.get("b") ?? 0);
    });
  });

  describe("timeouts", () => {
    it("waits for ever when none is asked for, and when it is zero", async () => {
      a.behaviour.delayMs = 700;
      expect((await ask("simple")).status).toBe(200);
    });

    it("ends a request after its timeout with 504", async () => {
      a.behaviour.delayMs = 2000;
      expect((await ask("timeout-request")).status).toBe(504);
    });

    it("ends a try after the backend's timeout, without any retry", async () => {
      a.behaviour.delayMs = 2000;
      expect((await ask("timeout-backend")).status).toBe(504);
      expect(a.count()).toBe(1);
      a.behaviour.delayMs = 0;
      expect((await ask("timeout-backend")).status).toBe(200);
    });

    it("retries a try that took too long, until the request's own timeout", async () => {
      a.behaviour.delayMs = 2000;
      expect((await ask("timeout-both")).status).toBe(504);
      expect(a.count()).toBe(3);
    });

    it("does not let a client change them", async () => {
      a.behaviour.delayMs = 300;
      const headers = [
        ["x-envoy-upstream-rq-timeout-ms", "10"],
        ["x-envoy-max-retries", "5"],
      ] as const;
      expect((await ask("simple", { headers })).status).toBe(200);
      Object.assign(a.behaviour, { delayMs: 0, failures: 1 });
      expect((await ask("simple", { headers: [["x-envoy-retry-on", "5xx"]] })).status).toBe(503);
    });
  });

  describe("retries", () => {
    it("tries again on the codes that are named", async () => {
      Object.assign(a.behaviour, { failures: 2, failStatus: 503 });
      expect((await ask("retry")).status).toBe(200);
      expect(a.count()).toBe(3);
    });

    it("passes the last answer on when the attempts are used up", async () => {
      Object.assign(a.behaviour, { failures: 9, failStatus: 503 });
      expect((await ask("retry")).status).toBe(503);
      expect(a.count()).toBe(3);
    });

    it("does not try again on other codes", async () => {
      Object.assign(a.behaviour, { failures: 1, failStatus: 500 });
      expect((await ask("retry")).status).toBe(500);
      expect(a.count()).toBe(1);
    });

    it("repeats the body", async () => {
      Object.assign(a.behaviour, { failures: 1, failStatus: 503 });
      const body = "x".repeat(40_000);
      expect((await ask("retry", { method: "POST", body })).status).toBe(200);
      expect(a.requests.map((request) => request.body.length)).toEqual([40_000, 40_000]);
    });

    it("does not ask twice for what a backend had begun when it hung up, with or without codes", async () => {
      Object.assign(a.behaviour, { failures: 1, failStatus: 0 });
      expect((await ask("retry", { method: "POST", body: "pay" })).status).toBe(503);
      Object.assign(a.behaviour, { failures: 1, failStatus: 0 });
      expect((await ask("retry-connection", { method: "POST", body: "pay" })).status).toBe(503);
      expect(a.count()).toBe(2);
    });

    it("tries again when a backend hangs up where tries have a time limit", async () => {
      Object.assign(a.behaviour, { failures: 1, failStatus: 0 });
      expect((await ask("timeout-both")).status).toBe(200);
      expect(a.count()).toBe(2);
    });

    it("answers 503 when no connection can be made, after all attempts", async () => {
      expect((await ask("retry-refused", { headers: [["user-agent", "refused-test"]] })).status).toBe(503);
      const line = await proxy.envoy.accessLogLine((text) => text.includes("refused-test"));
      expect(JSON.parse(line)).toMatchObject({ attempts: 3 });
    });

    it("does nothing at 0 attempts", async () => {
      Object.assign(a.behaviour, { failures: 1, failStatus: 503 });
      expect((await ask("retry-none")).status).toBe(503);
      expect(a.count()).toBe(1);
    });
  });

  describe("CORS", () => {
    const preflight = (name: string, origin: string, more: readonly (readonly [string, string])[] = []) =>
      ask(name, {
        method: "OPTIONS",
        headers: [["origin", origin], ["access-control-request-method", "PUT"], ...more],
      });
    const allow = (response: ClientResponse, what: string) => header(response, `access-control-${what}`);

    it("answers a preflight itself with what is allowed", async () => {
      const response = await preflight("cors-listed", "https://app.example.com");
      expect([200, 204]).toContain(response.status);
      expect(allow(response, "allow-origin")).toBe("https://app.example.com");
      expect(allow(response, "allow-methods")).toBe("PUT, DELETE");
      expect(allow(response, "allow-headers")).toBe("x-one, x-two");
      expect(allow(response, "max-age")).toBe("600");
      expect(allow(response, "allow-credentials")).toBe("true");
      expect(a.count()).toBe(0);
    });

    it("adds what is exposed to the answer of a request", async () => {
      const response = await ask("cors-listed", { headers: [["origin", "https://app.example.com"]] });
      expect(response.status).toBe(200);
      expect(allow(response, "allow-origin")).toBe("https://app.example.com");
      expect(allow(response, "expose-headers")).toBe("x-seen");
      expect(allow(response, "allow-credentials")).toBe("true");
    });

    it("says nothing to an origin that is not allowed, and keeps its preflight from the backend", async () => {
      for (const origin of ["https://evil.example", "http://app.example.com", "https://app.example.com:8443"]) {
        const response = await preflight("cors-listed", origin);
        expect([200, 204, 403]).toContain(response.status);
        expect(allow(response, "allow-origin"), origin).toBeUndefined();
        expect(allow(response, "allow-methods"), origin).toBeUndefined();
      }
      expect(a.count()).toBe(0);
      const request = await ask("cors-listed", { headers: [["origin", "https://evil.example"]] });
      expect(request.status).toBe(200);
      expect(allow(request, "allow-origin")).toBeUndefined();
    });

    it.each([
      ["https://x.wild.example", true],
      ["https://x.y.wild.example", true],
      ["https://x.wild.example:443", true],
      ["https://wild.example", false],
      ["https://xwild.example", false],
      ["http://x.wild.example", false],
      ["https://x.wild.example:8443", false],
      ["https://x.wild.example.evil.test", false],
      ["https://evil.test/.wild.example", false],
      ["http://anything.at.all:7000", true],
      ["http://anything.at.all", false],
      ["http://user@evil.test:7000", false],
    ])("matches the wildcard origin %s: %s", async (origin, allowed) => {
      const response = await preflight("cors-wild", origin);
      expect(allow(response, "allow-origin")).toBe(allowed ? origin : undefined);
    });

    it("allows all with *", async () => {
      const response = await preflight("cors-star", "https://any.example", [
        ["access-control-request-headers", "x-a, x-b"],
      ]);
      expect(allow(response, "allow-origin")).toMatch(/^(\*|https:\/\/any\.example)$/);
      expect(allow(response, "allow-methods")).toMatch(/^(\*|PUT)$/);
      expect(allow(response, "allow-headers")).toMatch(/^(\*|x-a, x-b)$/);
      expect(allow(response, "max-age")).toBe("5");
      expect(allow(response, "allow-credentials")).toBeUndefined();
      const request = await ask("cors-star", { headers: [["origin", "https://any.example"]] });
      expect(allow(request, "expose-headers")).toBe("*");
    });

    it("never says * where credentials are allowed: it says what was asked for", async () => {
      const asked = await preflight("cors-star-credentials", "https://any.example", [
        ["access-control-request-headers", "x-a, x-b"],
      ]);
      expect(allow(asked, "allow-origin")).toBe("https://any.example");
      expect(allow(asked, "allow-methods")).toBe("PUT");
      expect(allow(asked, "allow-headers")).toBe("x-a, x-b");
      expect(allow(asked, "allow-credentials")).toBe("true");
      const without = await preflight("cors-star-credentials", "https://any.example");
      expect(allow(without, "allow-headers")).toBeUndefined();
      const request = await ask("cors-star-credentials", { headers: [["origin", "https://any.example"]] });
      expect(allow(request, "expose-headers")).not.toBe("*");
    });

    it("allows no origin where none is listed", async () => {
      const response = await preflight("cors-empty", "https://any.example");
      expect(allow(response, "allow-origin")).toBeUndefined();
    });

    it("answers the preflight of a rule that matches another method", async () => {
      const headers = [
        ["origin", "https://app.example.com"],
        ["access-control-request-method", "POST"],
      ] as const;
      const response = await ask("cors-method", { method: "OPTIONS", headers });
      expect(allow(response, "allow-origin")).toBe("https://app.example.com");
      const put = [headers[0], ["access-control-request-method", "PUT"]] as const;
      expect((await ask("cors-method", { method: "OPTIONS", headers: put })).status).toBe(404);
    });

    it("works as a backend's own filter", async () => {
      const response = await preflight("cors-backend", "https://app.example.com");
      expect(allow(response, "allow-origin")).toBe("https://app.example.com");
    });
  });

  it("puts the answering backend's name into what it saw", async () => {
    // The other tests read these: a backend that echoed nothing would make them pass for the wrong reason.
    const echoed = JSON.parse((await ask("simple", { path: "/p" })).body) as EchoedRequest;
    expect(echoed).toMatchObject({ backend: "a", path: "/p", host: "simple.test" });
  });
});

const filters = (more: Partial<RuleFilters>): RuleFilters => ({ mirrors: [], ...more });
const simple = { backends: [to("a")] };
const cors = (more: Partial<HttpCors>): Partial<RouteRule> => ({
  ...simple,
  filters: filters({ cors: { maxAge: 5, ...more } }),
});
const path = (replaceFullPath: string) => ({
  rewrite: { path: { type: "ReplaceFullPath", replaceFullPath } as const },
});
const mirror = (cluster: string, numerator = 100, denominator = 100) => ({ cluster, numerator, denominator });
const marked = (value: string) => ({ requestHeaders: { set: [{ name: "x-to", value }] } });
const listed = {
  allowOrigins: ["https://app.example.com", "https://other.example"],
  allowMethods: ["PUT", "DELETE"],
  allowHeaders: ["x-one", "x-two"],
  exposeHeaders: ["x-seen"],
  allowCredentials: true,
  maxAge: 600,
};
const stars = { allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], exposeHeaders: ["*"] };

/** One rule for each hostname `<key>.test`. */
const rules: Readonly<Record<string, Partial<RouteRule>>> = {
  simple,
  weights: { backends: [to("a", 3), to("b", 2), invalid] },
  "own-routes": {
    backends: [
      to("a", 5, path("/for-a")),
      { ...invalid, weight: 1 },
      to("b", 2, path("/for-b")),
      to("a", 2, { redirect: { statusCode: 302, hostname: "away.example" } }),
    ],
  },
  h2: { backends: [to("h2")] },
  "mirrored-path": { ...simple, filters: filters(path("/rewritten")) },
  mirror: { ...simple, filters: filters({ mirrors: [mirror("b")] }) },
  "mirror-none": { ...simple, filters: filters({ mirrors: [mirror("b", 0)] }) },
  "mirror-missing": { ...simple, filters: filters({ mirrors: [mirror("no-such-cluster")] }) },
  "mirror-weighted": {
    backends: [to("a", 50, marked("a")), to("b", 50, marked("b"))],
    filters: filters({ mirrors: [mirror("h2", 25)] }),
  },
  "mirror-own": { backends: [to("a", 1), to("b", 1, { mirrors: [mirror("h2", 1, 2)], ...marked("b") })] },
  "timeout-request": { ...simple, requestTimeoutMs: 150 },
  "timeout-backend": { ...simple, backendTimeoutMs: 150 },
  "timeout-both": {
    ...simple,
    requestTimeoutMs: 5000,
    backendTimeoutMs: 100,
    retry: { codes: [], attempts: 2, backoffMs: 10 },
  },
  retry: { ...simple, retry: { codes: [502, 503], attempts: 2, backoffMs: 10 } },
  "retry-connection": { ...simple, retry: { codes: [], attempts: 1, backoffMs: 10 } },
  "retry-refused": { backends: [to("refusing")], retry: { codes: [], attempts: 2, backoffMs: 10 } },
  "retry-none": { ...simple, retry: { codes: [503], attempts: 0 } },
  "cors-listed": cors(listed),
  "cors-wild": cors({ allowOrigins: ["https://*.wild.example", "http://*:7000"] }),
  "cors-star": cors(stars),
  "cors-star-credentials": cors({ ...stars, allowCredentials: true }),
  "cors-empty": cors({}),
  "cors-backend": { backends: [to("a", 1, { cors: listed })] },
};
