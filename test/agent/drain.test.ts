import { setTimeout as after } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Agent, startAgent } from "../../src/agent/agent.ts";
import { drainTokenHeader } from "../../src/agent/agent-server.ts";
import { proxyPorts } from "../../src/core/fleet.ts";
import { everyHost } from "../../src/core/hostname.ts";
import { createLogger } from "../../src/logger.ts";
import { aHost, aListener, aRule, httpPort, routeTable } from "../envoy/one-listener.ts";
import { printClusters, printTable, startProxy, type TestProxy } from "../envoy/proxy.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { eventually } from "../support/envoy.ts";

const token = "a-token-of-the-pod";
const cluster = "apps/shop/80";
let proxy: TestProxy;
let backend: Backend;
let agent: Agent;

beforeAll(async () => {
  [proxy, backend] = await Promise.all([startProxy({ pod: true }), startBackend({ name: "shop" })]);
  const noFilters = { mirrors: [] };
  const rule = aRule({ backends: [{ kind: "cluster", cluster, weight: 1, filters: noFilters }] });
  await proxy.apply(
    ...printClusters({ [cluster]: backend }),
    aListener(proxy.address, "plain"),
    ...printTable("plain", routeTable, [aHost(everyHost, rule)]),
  );
  agent = await startAgent({
    address: { host: "127.0.0.1", port: 0 },
    envoyAdmin: { host: proxy.address, port: proxyPorts.admin },
    token,
    times: { quietMs: 300, mostMs: 20_000, pollMs: 20 },
    logger: createLogger("silent"),
  });
});

afterAll(async () => {
  await proxy?.stop();
  await backend?.stop();
  await agent?.stop();
});

function ask(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${agent.port}${path}`, { headers });
}

async function answers(path: string, port: number): Promise<number> {
  const response = await fetch(`http://${proxy.address}:${port}${path}`);
  await response.text();
  return response.status;
}

describe("a proxy in a pod", () => {
  it("tells readiness and metrics on ports of their own, and nothing else of the admin page", async () => {
    expect(await answers("/ready", proxyPorts.readiness)).toBe(200);
    expect(await answers("/stats/prometheus", proxyPorts.metrics)).toBe(200);
    for (const path of ["/config_dump", "/quitquitquit", "/ready/../config_dump", "/stats", "/"]) {
      expect(await answers(path, proxyPorts.readiness)).toBe(404);
      expect(await answers(path, proxyPorts.metrics)).toBe(404);
    }
    const posted = await fetch(`http://${proxy.address}:${proxyPorts.readiness}/ready`, { method: "POST" });
    expect(posted.status).toBe(404);
  });

  it("counts its requests and leaves most other statistics out", async () => {
    const metrics = await (await fetch(`http://${proxy.address}:${proxyPorts.metrics}/stats/prometheus`)).text();
    expect(metrics).toContain("envoy_http_downstream_rq_total");
    expect(metrics).toContain("envoy_server_live");
    expect(metrics).not.toContain("envoy_cluster_circuit_breakers");
  });
});

describe("the agent of a pod", () => {
  it("drains for nobody who does not know the token", async () => {
    expect((await ask("/drain")).status).toBe(403);
    expect((await ask("/drain", { [drainTokenHeader]: "another" })).status).toBe(403);
    expect(await answers("/ready", proxyPorts.readiness)).toBe(200);
  });

  it("makes the proxy not ready and waits for the request that is under way, while new ones are still answered", async () => {
    backend.behaviour.delayMs = 1_500;
    const slow = fetch(`http://${proxy.address}:${httpPort}/slow`);
    await eventually("the slow request is under way", () => backend.count(({ path }) => path === "/slow") === 1);
    backend.behaviour.delayMs = 0;
    let drained = false;
    const drain = ask("/drain", { [drainTokenHeader]: token }).then((response) => {
      drained = true;
      return response.status;
    });
    await eventually("the proxy is not ready", async () => (await answers("/ready", proxyPorts.readiness)) === 503);
    const during = await fetch(`http://${proxy.address}:${httpPort}/new`);
    expect([during.status, during.headers.get("connection")]).toEqual([200, "close"]);
    await after(400);
    expect(drained).toBe(false);
    await slow;
    expect(await drain).toBe(200);
  });
});
