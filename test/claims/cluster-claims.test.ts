import { afterEach, expect, it } from "vitest";
import { createClusterClaims } from "../../src/app/cluster-claims.ts";
import { ControlPlane } from "../../src/app/control-plane.ts";
import { Translator } from "../../src/app/translator.ts";
import { parseObjectKey } from "../../src/core/keys.ts";
import { systemScheduler } from "../../src/core/scheduler.ts";
import { createLogger } from "../../src/logger.ts";
import { createMetrics } from "../../src/metrics.ts";
import { KubeStatusWriter } from "../../src/status/kube-writer.ts";
import { createClusterSource } from "../../src/watch/cluster-source.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { kubeApiOf, until } from "../support/cluster-world.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";

const controllerName = "gatehouse.dev/gateway-controller";
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** The parts of a replica that have to do with claims, put together as the controller does it. */
async function startReplica(server: FakeApiServer) {
  const api = kubeApiOf(server.url);
  const logger = createLogger("silent");
  const metrics = createMetrics();
  const clockwork = { client: api, now: () => new Date(), scheduler: systemScheduler, random: Math.random };
  const statusWriter = new KubeStatusWriter({ ...clockwork, controllerName, log: logger });
  const notes: string[] = [];
  const claims = createClusterClaims({
    ...clockwork,
    controllerName,
    claimHours: 1,
    metrics,
    logger,
    stored: (object) => statusWriter.stored(object),
    isAbsent: () => source.absentKinds().includes("HostnameRecord"),
    mayWrite: () => true,
    changed: () => controlPlane.claimsChanged(),
    note: ({ object, note }) => notes.push(`${parseObjectKey(object).kind}: ${note}`),
  });
  const source = createClusterSource({
    api,
    onFacts: () => {},
    onStored: (key, stored) => {
      const { kind, name } = parseObjectKey(key);
      if (kind === "HostnameRecord") claims.observe(name, stored && { ...stored, ...stored.status });
      else statusWriter.observe(key, stored);
    },
  });
  const placement = { kind: "cluster", bindAddresses: ["0.0.0.0"] } as const;
  const translator = new Translator({ controllerName, placement }, claims);
  const sink = claims.sink(translator);
  const table = new ResourceTable();
  const controlPlane = new ControlPlane({ source, translator, sink, table, statusWriter, logger, metrics });
  ends.push(async () => {
    await claims.stop();
    await controlPlane.stop();
    api.close();
  });
  await controlPlane.start();
  const lead = (isLeader: boolean) => {
    statusWriter.lead(isLeader);
    claims.lead(isLeader);
  };
  return { claims, controlPlane, translator, notes, lead };
}

async function startServer(): Promise<FakeApiServer> {
  const server = await startFakeApiServer();
  ends.push(() => server.stop());
  server.put("GatewayClass", { metadata: { name: "gatehouse" }, spec: { controllerName } });
  for (const name of ["infra", "shop", "evil"]) server.put("Namespace", { metadata: { name } });
  const allowedRoutes = { namespaces: { from: "All" } };
  server.put("Gateway", {
    metadata: { namespace: "infra", name: "shared" },
    spec: { gatewayClassName: "gatehouse", listeners: [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes }] },
  });
  return server;
}

function putRoute(server: FakeApiServer, namespace: string, hostname: string, creationTimestamp: string): void {
  server.put("HTTPRoute", {
    metadata: { namespace, name: "web", creationTimestamp },
    spec: {
      parentRefs: [{ name: "shared", namespace: "infra" }],
      hostnames: [hostname],
      rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }] }],
    },
  });
}

function holders(server: FakeApiServer): readonly string[] {
  return server.list("HostnameRecord").map(({ spec }) => `${Reflect.get(Object(spec), "namespace")}`);
}

function acceptedReason(server: FakeApiServer, namespace: string): string | undefined {
  const status = Object(server.get("HTTPRoute", `${namespace}/web`)?.["status"]);
  const conditions = status.parents?.[0]?.conditions ?? [];
  return conditions.find(({ type }: { type: string }) => type === "Accepted")?.reason;
}

it("records what is accepted, and refuses whoever comes later, though older", async () => {
  const server = await startServer();
  const replica = await startReplica(server);
  replica.lead(true);
  putRoute(server, "shop", "shop.example.com", "2026-01-02T00:00:00Z");
  await until(() => acceptedReason(server, "shop") === "Accepted");
  expect(holders(server)).toEqual(["shop"]);
  putRoute(server, "evil", "shop.example.com", "2025-01-01T00:00:00Z");
  await until(() => acceptedReason(server, "evil") === "HostnameClaimed");
  expect(acceptedReason(server, "shop")).toBe("Accepted");
  expect(holders(server)).toEqual(["shop"]);
});

it("serves after a restart what was served before, though all records are lost and nobody leads", async () => {
  const server = await startServer();
  const first = await startReplica(server);
  first.lead(true);
  putRoute(server, "shop", "shop.example.com", "2026-01-02T00:00:00Z");
  await until(() => acceptedReason(server, "shop") === "Accepted");
  putRoute(server, "evil", "shop.example.com", "2025-01-01T00:00:00Z");
  await until(() => acceptedReason(server, "evil") === "HostnameClaimed");
  first.lead(false);
  for (const { metadata } of server.list("HostnameRecord")) server.remove("HostnameRecord", metadata.name);
  const second = await startReplica(server);
  expect(second.claims.load).toEqual({ recorded: 0, unrecorded: 1, open: 0 });
  second.lead(true);
  await until(() => holders(server).length === 1);
  expect(holders(server)).toEqual(["shop"]);
  expect(acceptedReason(server, "evil")).toBe("HostnameClaimed");
});

it("gives a hostname to whom a HostnameClaim grants it, and tells that without naming the other", async () => {
  const server = await startServer();
  const replica = await startReplica(server);
  replica.lead(true);
  putRoute(server, "evil", "shop.example.com", "2026-01-01T00:00:00Z");
  await until(() => acceptedReason(server, "evil") === "Accepted");
  putRoute(server, "shop", "shop.example.com", "2026-01-02T00:00:00Z");
  await until(() => acceptedReason(server, "shop") === "HostnameClaimed");
  const spec = { hostname: "shop.example.com", namespaces: { names: ["shop"] } };
  server.put("HostnameClaim", { metadata: { name: "shop" }, spec });
  await until(
    () => acceptedReason(server, "shop") === "Accepted" && acceptedReason(server, "evil") === "HostnameClaimed",
  );
  expect(holders(server)).toEqual(["shop"]);
  expect(replica.notes).toEqual([
    'HostnameRecord: A HostnameClaim grants "shop.example.com" to another namespace than the one that held it',
    'HTTPRoute: A HostnameClaim grants "shop.example.com": this HTTPRoute has it from now on',
  ]);
});

it.each([
  ["alone", false],
  ["beside a route that wants the same", true],
])("records the hostname of a listener in a ListenerSet %s", async (_, contested) => {
  const server = await startServer();
  const allowedRoutes = { namespaces: { from: "All" } };
  server.put("Gateway", {
    metadata: { namespace: "infra", name: "shared" },
    spec: {
      gatewayClassName: "gatehouse",
      listeners: [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes }],
      allowedListeners: { namespaces: { from: "All" } },
    },
  });
  const replica = await startReplica(server);
  replica.lead(true);
  server.put("ListenerSet", {
    metadata: { namespace: "shop", name: "set", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: {
      parentRef: { name: "shared", namespace: "infra" },
      listeners: [{ name: "set", port: 80, protocol: "HTTP", hostname: "set.example.com" }],
    },
  });
  if (contested) putRoute(server, "evil", "set.example.com", "2026-01-01T00:00:00Z");
  await until(() => holders(server).length === 1);
  if (!contested) return;
  // Which of the two is read first is chance; that the other one is refused is not.
  const [winner] = holders(server);
  const isRefused = {
    route: () => acceptedReason(server, "evil") === "HostnameClaimed",
    set: () => JSON.stringify(server.get("ListenerSet", "shop/set")?.["status"] ?? {}).includes("HostnameClaimed"),
  };
  await until(winner === "shop" ? isRefused.route : isRefused.set);
  expect(winner === "shop" ? isRefused.set() : isRefused.route()).toBe(false);
});
