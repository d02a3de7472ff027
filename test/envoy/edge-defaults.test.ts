import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import {
  type EdgeDefault,
  type EdgeSettings,
  edgeDefaults,
  edgeSettings,
} from "../../src/translate/envoy/edge-defaults.ts";
import { printListener } from "../../src/translate/envoy/listener.ts";
import type { RouteRule } from "../../src/translate/route-nodes.ts";
import { type Backend, type EchoedRequest, startBackend } from "../support/backend.ts";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { type ClientRequest, type ClientResponse, header, openHttp1, type Protocol, send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { httpsListener, httpsPort, httpsResources } from "./hostname-world.ts";
import { aHost, aListener, httpPort, routeTable } from "./one-listener.ts";
import { printClusters, printTable, startProxy, type TestProxy } from "./proxy.ts";
import { to } from "./route-cases.ts";

/** Waiting times that a test can wait for, and limits that it can reach. */
const short: EdgeSettings = {
  ...edgeSettings,
  streamIdleTimeoutMs: 300,
  requestHeadersTimeoutMs: 300,
  handshakeTimeoutMs: 300,
  idleConnectionTimeoutMs: 300,
  trustedHops: 1,
  tlsMinimumVersion: "TLSv1_3",
  maxConnections: 3,
  backendConnections: 1,
  backendPendingRequests: 1,
};

const rules: Readonly<Record<string, Partial<RouteRule>>> = {
  simple: { backends: [to("a")] },
  retry: { backends: [to("a")], retry: { codes: [503], attempts: 1, backoffMs: 5 } },
};

let byDefault: TestProxy;
let impatient: TestProxy;
let a: Backend;
let slow: Backend;
let authority: CertificateAuthority;
let afterTheDefaultTimeout: Promise<ClientResponse>;

beforeAll(async () => {
  a = await startBackend({ name: "a" });
  slow = await startBackend({ name: "slow" });
  authority = await createCertificateAuthority();
  byDefault = await start(edgeSettings);
  slow.behaviour.delayMs = 16_000;
  afterTheDefaultTimeout = ask(byDefault, { host: "slow.test", timeoutMs: 25_000 });
  impatient = await start(short);
});

afterEach(() => {
  Object.assign(a.behaviour, { delayMs: 0, failures: 0, failStatus: 503 });
  a.forget();
});

afterAll(async () => {
  await Promise.all([byDefault.stop(), impatient.stop()]);
  await Promise.all([a.stop(), slow.stop()]);
});

async function start(settings: EdgeSettings): Promise<TestProxy> {
  const proxy = await startProxy({ settings });
  const certificate = await issueCertificate(authority, { names: ["abc.example.com"], keyKind: "rsa" });
  const hosts = Object.entries(rules).map(([name, rule]) => aHost(`${name}.test`, rule));
  hosts.push(aHost("slow.test", { backends: [to("slow")] }));
  const secure = httpsResources(proxy.address, "plain", certificate).filter(({ type }) => type !== "listener");
  await proxy.apply(
    ...printClusters({ a, slow }, "http1", settings),
    ...printTable("plain", routeTable, hosts),
    ...secure,
    aListener(proxy.address, "plain", settings),
    printListener(httpsListener(proxy.address), () => "plain", { settings }),
  );
  return proxy;
}

function ask(proxy: TestProxy, request: ClientRequest, protocol: Protocol = "http1"): Promise<ClientResponse> {
  return send({ address: proxy.address, port: httpPort }, { host: "simple.test", ...request }, protocol);
}

/** What the backend saw. */
async function seen(proxy: TestProxy, request: ClientRequest): Promise<EchoedRequest> {
  const response = await ask(proxy, request);
  expect(response.status).toBe(200);
  return JSON.parse(response.body) as EchoedRequest; // the backend's answer
}

/** The client's address, as the proxy logs it. */
async function loggedClient(proxy: TestProxy, mark: string): Promise<string> {
  const line = await proxy.envoy.accessLogLine((text) => text.includes(mark));
  return String((JSON.parse(line) as Record<string, unknown>)["client"]); // one object a line
}

/** Opens a connection, sends bytes and waits for its end; tells what came. */
function untilClosed(proxy: TestProxy, port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: proxy.address, port }, () => socket.write(bytes));
    let text = "";
    socket.setTimeout(8000, () => socket.destroy(new Error("still open")));
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

async function listenerDump(proxy: TestProxy): Promise<string> {
  return proxy.envoy.get("/config_dump?resource=dynamic_listeners");
}

/** The settings frame of the proxy and the window of the connection. */
function http2Settings(): Promise<{
  streams: number | undefined;
  stream: number | undefined;
  connection: number | undefined;
}> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://${byDefault.address}:${httpPort}`);
    session.once("error", reject);
    session.once("remoteSettings", ({ maxConcurrentStreams, initialWindowSize }) => {
      // The window update of the connection follows the settings in the same flight.
      setTimeout(() => {
        resolve({
          streams: maxConcurrentStreams,
          stream: initialWindowSize,
          connection: session.state.remoteWindowSize,
        });
        session.destroy();
      }, 100);
    });
  });
}

const many = (count: number, request: ClientRequest): Promise<readonly number[]> =>
  Promise.all(Array.from({ length: count }, async () => (await ask(byDefault, request)).status));

/** A test for each row of the table. */
const tests: Readonly<Record<EdgeDefault, () => Promise<void>>> = {
  routeTimeoutMs: async () => {
    expect((await afterTheDefaultTimeout).status).toBe(200);
  },
  streamIdleTimeoutMs: async () => {
    expect(await listenerDump(byDefault)).toContain('"stream_idle_timeout": "300s"');
    expect((await ask(impatient, { host: "slow.test" })).status).toBe(504);
  },
  requestHeadersTimeoutMs: async () => {
    expect(await listenerDump(byDefault)).toContain('"request_headers_timeout": "10s"');
    const answer = await untilClosed(impatient, httpPort, "GET / HTTP/1.1\r\nHost: simple.test\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  },
  handshakeTimeoutMs: async () => {
    const dump = await listenerDump(byDefault);
    expect(dump).toContain('"listener_filters_timeout": "10s"');
    expect(dump).toContain('"transport_socket_connect_timeout": "10s"');
    expect(await untilClosed(impatient, httpsPort, "")).toBe("");
  },
  idleConnectionTimeoutMs: async () => {
    expect(await listenerDump(byDefault)).toContain('"idle_timeout": "3600s"');
    expect(await untilClosed(impatient, httpPort, "")).toBe("");
  },
  trustedHops: async () => {
    const headers = [
      ["x-forwarded-for", "203.0.113.7"],
      ["x-forwarded-proto", "https"],
      ["x-forwarded-host", "forged.example"],
      ["x-forwarded-port", "99"],
      ["forwarded", "for=203.0.113.7"],
      ["x-real-ip", "203.0.113.7"],
    ] as const;
    const echoed = await seen(byDefault, { path: "/no-hops", headers });
    // For a client on its own machine, Envoy appends that machine's address.
    expect(echoed.headers["x-forwarded-for"]).toMatch(/^203\.0\.113\.7, ?[0-9a-f.:]+$/);
    expect(echoed.headers["x-forwarded-proto"]).toBe("http");
    for (const name of ["x-forwarded-host", "x-forwarded-port", "forwarded", "x-real-ip"]) {
      expect(echoed.headers[name], name).toBeUndefined();
    }
    expect(await loggedClient(byDefault, "/no-hops")).toMatch(/^127\./);

    const trusted = await seen(impatient, { path: "/one-hop", headers });
    expect(trusted.headers["x-forwarded-host"]).toBe("forged.example");
    expect(trusted.headers["x-forwarded-proto"]).toBe("https");
    expect(await loggedClient(impatient, "/one-hop")).toMatch(/^203\.0\.113\.7/);
  },
  believesEnvoyHeaders: async () => {
    a.behaviour.delayMs = 200;
    const headers = [["x-envoy-upstream-rq-timeout-ms", "20"]] as const;
    expect((await ask(byDefault, { headers })).status).toBe(200);
    // A client at a private address is one that Envoy itself would obey.
    const believing = await start({ ...edgeSettings, believesEnvoyHeaders: true });
    try {
      expect((await ask(believing, { headers })).status).toBe(504);
    } finally {
      await believing.stop();
    }
  },
  tlsMinimumVersion: async () => {
    const tls = { serverName: "abc.example.com", authority: authority.certificatePem };
    const withVersion = (proxy: TestProxy, version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3") => {
      const target = {
        address: proxy.address,
        port: httpsPort,
        tls: { ...tls, minVersion: version, maxVersion: version },
      };
      return send(target, { host: "abc.example.com" }).then(({ status }) => status);
    };
    expect(await withVersion(byDefault, "TLSv1.2")).toBe(200);
    expect(await withVersion(byDefault, "TLSv1.3")).toBe(200);
    await expect(withVersion(byDefault, "TLSv1.1")).rejects.toThrow(/alert protocol version/);
    await expect(withVersion(impatient, "TLSv1.2")).rejects.toThrow(/alert protocol version/);
  },
  normalizePath: async () => {
    expect((await seen(byDefault, { path: "/a/./x/../b?q=/../" })).path).toBe("/a/b?q=/../");
    expect((await seen(byDefault, { path: "/a/%2e%2e/b" })).path).toBe("/b");
  },
  mergeSlashes: async () => {
    expect((await seen(byDefault, { path: "//a///b//?q=//" })).path).toBe("/a/b/?q=//");
  },
  escapedSlashes: async () => {
    for (const path of ["/a%2Fb", "/a%2fb", "/a%5Cb"]) {
      const response = await ask(byDefault, { path });
      expect(response.status, path).toBe(307);
      expect(header(response, "location"), path).toBe("/a/b");
    }
  },
  underscoresInHeaders: async () => {
    const headers = [["x_user", "root"]] as const;
    expect((await ask(byDefault, { headers })).status).toBe(400);
    const overHttp2 = await ask(byDefault, { headers }, "http2").catch(() => undefined);
    expect([undefined, 400]).toContain(overHttp2?.status);
    expect(a.count()).toBe(0);
  },
  maxRequestHeadersKiB: async () => {
    const sized = (kib: number) => ({ headers: [["x-long", "x".repeat(kib * 1024)]] as const });
    // The backend's own limit is below ours: what it says does not matter here, only who says it.
    const passed = await ask(byDefault, sized(55));
    expect(header(passed, "x-envoy-upstream-service-time")).toBeDefined();
    const refused = await ask(byDefault, sized(61));
    expect([refused.status, header(refused, "x-envoy-upstream-service-time")]).toEqual([431, undefined]);
  },
  maxRequestHeaders: async () => {
    const counted = (count: number) => Array.from({ length: count }, (_, index) => [`x-${index}`, "1"] as const);
    expect((await ask(byDefault, { headers: counted(90) })).status).toBe(200);
    expect((await ask(byDefault, { headers: counted(110) })).status).toBe(431);
  },
  http2MaxConcurrentStreams: async () => {
    expect((await http2Settings()).streams).toBe(100);
  },
  http2StreamWindowBytes: async () => {
    expect((await http2Settings()).stream).toBe(65_536);
  },
  http2ConnectionWindowBytes: async () => {
    expect((await http2Settings()).connection).toBe(1_048_576);
  },
  connectionBufferBytes: async () => {
    expect(await listenerDump(byDefault)).toContain('"per_connection_buffer_limit_bytes": 65536');
    Object.assign(a.behaviour, { failures: 1 });
    const body = "x".repeat(300_000);
    expect((await ask(byDefault, { host: "retry.test", method: "POST", body })).status).toBe(503);
    expect(a.count()).toBe(1);
  },
  maxConnections: async () => {
    const target = { address: impatient.address, port: httpPort };
    const kept = await Promise.all([openHttp1(target), openHttp1(target), openHttp1(target)]);
    await eventually("three connections count", async () => {
      const stats = await impatient.envoy.stats("^http\\.http-8080\\.downstream_cx_active$");
      return stats.get("http.http-8080.downstream_cx_active") === 3;
    });
    await expect(ask(impatient, {})).rejects.toThrow();
    for (const connection of kept) connection.close();
    await eventually("a connection is free", async () => (await ask(impatient, {})).status === 200);
  },
  connectTimeoutMs: async () => {
    const dump = await byDefault.envoy.get("/config_dump?resource=dynamic_active_clusters");
    expect(dump).toContain('"connect_timeout": "5s"');
  },
  backendConnections: async () => {
    expect(await byDefault.envoy.get("/clusters")).toContain("a::default_priority::max_connections::4096");
    a.behaviour.delayMs = 200;
    expect(new Set(await many(40, {}))).toEqual(new Set([200]));
    const three = await Promise.all(
      [ask(impatient, {}), ask(impatient, {}), ask(impatient, {})].map((asked) => asked.catch(() => undefined)),
    );
    expect(three.some((response) => response?.status === 503)).toBe(true);
  },
  backendPendingRequests: async () => {
    expect(await byDefault.envoy.get("/clusters")).toContain("a::default_priority::max_pending_requests::16384");
  },
  backendRequests: async () => {
    expect(await byDefault.envoy.get("/clusters")).toContain("a::default_priority::max_requests::20480");
  },
  retryBudgetPercent: async () => {
    const dump = await byDefault.envoy.get("/config_dump?resource=dynamic_active_clusters");
    expect(JSON.parse(dump).configs[0].cluster.circuit_breakers.thresholds[0].retry_budget).toEqual({
      budget_percent: { value: 20 },
      min_retry_concurrency: 50,
    });
  },
  minRetryConcurrency: async () => {
    Object.assign(a.behaviour, { failures: 30, delayMs: 100 });
    expect(new Set(await many(30, { host: "retry.test" }))).toEqual(new Set([200]));
    expect(a.count()).toBe(60);
  },
  listenerConnections: async () => {
    expect(await listenerDump(byDefault)).toContain('"max_connections": "40000"');
  },
  maxHeapMiB: async () => {
    expect(await byDefault.envoy.get("/config_dump")).toContain('"max_heap_size_bytes": "4294967296"');
  },
  acceptsPerEvent: async () => {
    expect(await listenerDump(byDefault)).toContain('"max_connections_to_accept_per_socket_event": 1');
  },
  requestsPerCycle: async () => {
    const runtime = JSON.parse(await byDefault.envoy.get("/runtime"));
    expect(runtime.entries["http.max_requests_per_io_cycle"].final_value).toBe("1");
  },
};

const rows = Object.keys(edgeDefaults) as EdgeDefault[]; // keys of a literal table

it.each(rows.filter((row) => row !== "routeTimeoutMs"))("%s", (row) => tests[row]());

it("routeTimeoutMs", () => tests.routeTimeoutMs());
