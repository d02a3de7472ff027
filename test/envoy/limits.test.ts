import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { proxyPorts } from "../../src/core/fleet.ts";
import { type EdgeSettings, edgeSettings } from "../../src/translate/envoy/edge-defaults.ts";
import { printListener } from "../../src/translate/envoy/listener.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { type ClientResponse, header, openHttp1, send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { httpsListener, httpsPort, httpsResources } from "./hostname-world.ts";
import { aHost, aListener, httpPort, routeTable } from "./one-listener.ts";
import { printClusters, printTable, startProxy, type TestProxy } from "./proxy.ts";
import { to } from "./route-cases.ts";

/** Limits that a test can reach, each of them by itself. */
const small: EdgeSettings = {
  ...edgeSettings,
  backendConnections: 1,
  backendPendingRequests: 1,
  backendRequests: 2,
  retryBudgetPercent: 0,
  minRetryConcurrency: 1,
  listenerConnections: 3,
};

const many = { backendConnections: 100, backendPendingRequests: 100 };

let proxy: TestProxy;
let a: Backend;
let b: Backend;
let grpc: Backend;
let authority: CertificateAuthority;

beforeAll(async () => {
  a = await startBackend({ name: "a" });
  b = await startBackend({ name: "b" });
  grpc = await startBackend({ name: "grpc", http2: true });
  authority = await createCertificateAuthority();
  proxy = await start(small);
});

afterEach(() => {
  for (const { behaviour } of [a, b, grpc]) Object.assign(behaviour, { delayMs: 0, failures: 0, failStatus: 503 });
  for (const backend of [a, b, grpc]) backend.forget();
});

afterAll(async () => {
  await proxy.stop();
  await Promise.all([a.stop(), b.stop(), grpc.stop()]);
});

async function start(settings: EdgeSettings): Promise<TestProxy> {
  const started = await startProxy({ settings });
  const certificate = await issueCertificate(authority, { names: ["abc.example.com", "other.test"], keyKind: "rsa" });
  const retry = { codes: [503], attempts: 1, backoffMs: 5 };
  const hosts = [
    ...["a", "b", "grpc"].map((name) => aHost(`${name}.test`, { backends: [to(name)] })),
    aHost("retry.test", { backends: [to("b")], retry }),
  ];
  const secure = httpsResources(started.address, "plain", certificate).filter(({ type }) => type !== "listener");
  await started.apply(
    ...printClusters({ a }, "http1", settings),
    ...printClusters({ b }, "http1", { ...settings, ...many, backendRequests: 100 }),
    ...printClusters({ grpc }, "http2", { ...settings, ...many }),
    ...printTable("plain", routeTable, hosts),
    ...secure,
    // Tests that open many connections at once are not about those of a listener.
    aListener(started.address, "plain", { ...settings, listenerConnections: 50 }),
    printListener(httpsListener(started.address), () => "plain", { settings }),
  );
  return started;
}

function ask(host: string): Promise<ClientResponse> {
  return send({ address: proxy.address, port: httpPort }, { host });
}

async function counter(name: string): Promise<number> {
  return [...(await proxy.envoy.stats(`${name}$`)).values()].reduce((sum, value) => sum + value, 0);
}

const active = (backend: string) => counter(`^cluster\\.${backend}\\.upstream_rq_(active|pending_active)`);

describe("a backend that hangs", () => {
  it("keeps what it may: one request waits, the next is answered 503 at once, and other backends are not touched", async () => {
    a.behaviour.delayMs = 1500;
    const first = ask("a.test");
    await eventually("the first has the connection", async () => (await active("a")) === 1);
    const second = ask("a.test");
    await eventually("the second waits", async () => (await active("a")) === 2);
    const third = await ask("a.test");
    expect([third.status, header(third, "x-envoy-overloaded")]).toEqual([503, "true"]);
    expect((await ask("b.test")).status).toBe(200);
    // Neither of the others has been answered yet.
    expect([await active("a"), await counter("cluster\\.a\\.upstream_rq_pending_overflow")]).toEqual([2, 1]);
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  it("keeps no more requests on the connections that they share", async () => {
    grpc.behaviour.delayMs = 1000;
    const kept = [ask("grpc.test"), ask("grpc.test")];
    await eventually("both are under way", async () => (await active("grpc")) === 2);
    expect((await ask("grpc.test")).status).toBe(503);
    expect((await Promise.all(kept)).map(({ status }) => status)).toEqual([200, 200]);
  });
});

it("retries stay within their budget, however many requests fail", async () => {
  Object.assign(b.behaviour, { failures: 1000, delayMs: 100 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask("retry.test")));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  // One at a time may be tried again: without the budget each of them would have been.
  expect(b.count()).toBeLessThan(30);
  expect(await counter("cluster\\.b\\.upstream_rq_retry_overflow")).toBe(40 - b.count());
  expect(await counter("cluster\\.b\\.upstream_rq_retry")).toBeGreaterThan(0);
});

it("another limit of a backend ends no request that is under way", async () => {
  b.behaviour.delayMs = 1500;
  const under = ask("b.test");
  await eventually("it is under way", async () => (await active("b")) === 1);
  await proxy.apply(...printClusters({ b }, "http1", { ...small, ...many, backendRequests: 77 }));
  await eventually("it holds", async () =>
    (await proxy.envoy.get("/clusters")).includes("b::default_priority::max_requests::77"),
  );
  b.behaviour.delayMs = 0;
  expect([(await ask("b.test")).status, (await under).status]).toEqual([200, 200]);
});

describe("connections of clients", () => {
  const secure = (serverName: string) => ({
    address: proxy.address,
    port: httpsPort,
    tls: { serverName, authority: authority.certificatePem },
  });

  it("are counted for each listener of a port that ends TLS", async () => {
    const kept = await Promise.all([1, 2, 3].map(() => openHttp1(secure("abc.example.com"))));
    try {
      await expect(send(secure("abc.example.com"), { host: "abc.example.com" })).rejects.toThrow();
      expect(await counter("connection_limit\\.https-8443\\.limited_connections")).toBe(1);
      expect((await send(secure("other.test"), { host: "other.test" })).status).toBe(200);
      expect((await ask("b.test")).status).toBe(200);
    } finally {
      for (const connection of kept) connection.close();
    }
    await eventually("there is room again", async () => {
      return (await send(secure("abc.example.com"), { host: "abc.example.com" })).status === 200;
    });
  });
});

describe("a proxy whose heap is used up", () => {
  it("takes nothing more, and still says that it lives", async () => {
    // Less than it needs to start: it is beyond everything at once.
    const full = await startProxy({ settings: { ...edgeSettings, maxHeapMiB: 4 }, pod: true });
    try {
      await full.apply(...printTable("plain", routeTable, []), aListener(full.address, "plain"));
      await eventually("it has noticed", async () => {
        const actions = await full.envoy.stats("^overload\\.envoy\\.overload_actions\\..*\\.active$");
        return actions.size > 0 && [...actions.values()].every((value) => value === 1);
      });
      const ready = await send({ address: full.address, port: proxyPorts.readiness }, { path: "/ready", host: "x" });
      const metrics = await send(
        { address: full.address, port: proxyPorts.metrics },
        { path: "/stats/prometheus", host: "x" },
      );
      expect([ready.status, metrics.status]).toEqual([200, 200]);
      expect(metrics.body).toMatch(/envoy_overload_envoy_resource_monitors_fixed_heap_pressure\{\} \d{3,}/);
      const client = { address: full.address, port: httpPort };
      await expect(send(client, { host: "a.test", timeoutMs: 1000 })).rejects.toThrow(/no answer within/);
    } finally {
      await full.stop();
    }
  });

  it("has six actions, from taking idle streams to taking none, and room by default", async () => {
    const actions = await proxy.envoy.stats("^overload\\.envoy\\.overload_actions\\..*\\.active$");
    const names = [...actions.keys()].map((name) => name.split(".")[3]).sort();
    expect(names).toEqual([
      "disable_http_keepalive",
      "reduce_timeouts",
      "reset_high_memory_stream",
      "shrink_heap",
      "stop_accepting_connections",
      "stop_accepting_requests",
    ]);
    expect(await counter("^overload\\.envoy\\.overload_actions\\..*\\.active")).toBe(0);
    expect(await counter("^overload\\.envoy\\.resource_monitors\\.fixed_heap\\.pressure")).toBeLessThan(20);
  });
});
