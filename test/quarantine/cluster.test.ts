import { afterEach, expect, it } from "vitest";
import { ControlPlane } from "../../src/app/control-plane.ts";
import { createQuarantines, quarantineCulprits } from "../../src/app/quarantines.ts";
import { Translator } from "../../src/app/translator.ts";
import { InstantClaims } from "../../src/claims/instant-claims.ts";
import { namespacedName } from "../../src/core/keys.ts";
import type { RawObject } from "../../src/core/kube-client.ts";
import type { Quarantine } from "../../src/core/quarantine.ts";
import { systemScheduler } from "../../src/core/scheduler.ts";
import { createLogger } from "../../src/logger.ts";
import { createMetrics } from "../../src/metrics.ts";
import { KubeQuarantineStore } from "../../src/quarantine/kube-store.ts";
import { EventRecorder } from "../../src/status/events.ts";
import { KubeStatusWriter } from "../../src/status/kube-writer.ts";
import { splitTable } from "../../src/translate/envoy/table-parts.ts";
import { createClusterSource } from "../../src/watch/cluster-source.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { kubeApiOf, until } from "../support/cluster-world.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";

const controllerName = "gatehouse.dev/gateway-controller";
const gateway = namespacedName("infra", "shared");
const part = "httproute/shop/web/rule/0";
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startServer(): Promise<FakeApiServer> {
  const server = await startFakeApiServer();
  ends.push(() => server.stop());
  const listeners = [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } }];
  server.put("GatewayClass", { metadata: { name: "gatehouse" }, spec: { controllerName } });
  server.put("Gateway", {
    metadata: { name: "shared", namespace: "infra" },
    spec: { gatewayClassName: "gatehouse", listeners },
  });
  putRoute(server, "/a");
  return server;
}

const elsewhere = { type: "RequestRedirect", requestRedirect: { hostname: "other.example.com", statusCode: 302 } };

function putRoute(server: FakeApiServer, value: string, generation = 1): void {
  server.put("HTTPRoute", {
    metadata: { name: "web", namespace: "shop", generation },
    spec: {
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "shared", namespace: "infra" }],
      hostnames: ["shop.example.com"],
      rules: [{ matches: [{ path: { type: "PathPrefix", value } }], filters: [elsewhere] }],
    },
  });
}

/** The parts of a replica that have to do with quarantines, put together as the controller does it. */
async function startReplica(server: FakeApiServer) {
  const api = kubeApiOf(server.url);
  const logger = createLogger("silent");
  const metrics = createMetrics();
  const clockwork = { client: api, now: () => new Date(), scheduler: systemScheduler, random: Math.random };
  const events = new EventRecorder({ ...clockwork, controllerName, reportingInstance: "one", log: logger });
  const statusWriter = new KubeStatusWriter({
    ...{ ...clockwork, controllerName, log: logger },
    onWritten: (change) => events.record(change),
  });
  const source = createClusterSource({
    ...{ api, onFacts: () => {} },
    onStored: (key, stored) => statusWriter.observe(key, stored),
  });
  const placement = { kind: "cluster", bindAddresses: ["0.0.0.0"] } as const;
  const translator = new Translator({ controllerName, placement }, new InstantClaims());
  const table = new ResourceTable();
  const parts = { translator, table, logger, now: () => new Date() };
  const keeper = createQuarantines({
    ...{ ...parts, store: new KubeQuarantineStore(api) },
    changed: () => controlPlane.quarantinesChanged(),
  });
  const forms: string[] = [];
  const controlPlane: ControlPlane = new ControlPlane({
    ...{ source, translator, table, statusWriter, logger, metrics },
    sink: keeper.sink(translator),
    onPublished: (changes) => {
      keeper.look(changes.objects);
      forms.push(printed().hashes.join());
    },
  });
  const printed = () => {
    const resource = table.entries(gateway, "route").get("http-80")?.resource;
    const hashes = resource && splitTable(resource)?.parts.get(part);
    return { resource, hashes: hashes ?? [] };
  };
  ends.push(async () => {
    events.stop();
    await keeper.stop();
    await controlPlane.stop();
    api.close();
  });
  await controlPlane.start();
  const found = quarantineCulprits(keeper, parts);
  return {
    ...{ keeper, forms },
    hashes: () => printed().hashes.join(),
    refuse: () => {
      const { resource, hashes } = printed();
      if (resource === undefined) throw new Error("there is no table");
      found({ gateway, resource, part: { id: part, hashes }, words: "regex is too large" });
    },
    lead: () => {
      statusWriter.lead(true);
      keeper.lead(true);
    },
  };
}

function stored(server: FakeApiServer): readonly Quarantine["spec"][] {
  return server.list("Quarantine").map(({ spec }) => spec as Quarantine["spec"]);
}

function conditions(server: FakeApiServer): readonly string[] {
  const { status } = server.get("HTTPRoute", "shop/web") as RawObject & {
    readonly status?: { readonly parents?: readonly { readonly conditions: readonly Record<string, string>[] }[] };
  };
  return (status?.parents?.[0]?.conditions ?? []).map(({ type, status: is, reason }) => `${type} ${is} ${reason}`);
}

it("is stored by whichever replica finds it, counts on all of them, and is told by the leader", async () => {
  const server = await startServer();
  const [leader, other] = [await startReplica(server), await startReplica(server)];
  leader.lead();
  await until(() => conditions(server).includes("Accepted True Accepted"));
  const asWritten = leader.hashes();
  other.refuse();
  await until(() => other.hashes() !== asWritten && leader.hashes() !== asWritten);
  expect(leader.hashes()).toBe(other.hashes());
  expect(stored(server)).toMatchObject([
    {
      ...{ gateway: "infra/shared", object: "HTTPRoute/shop/web", generation: 1, part },
      ...{ hashes: [asWritten], words: "regex is too large" },
    },
  ]);
  await until(() => conditions(server).includes("gatehouse.dev/Programmed False RefusedByProxy"));
  expect(conditions(server)).toContain("PartiallyInvalid True UnsupportedValue");
  const told = () => server.list("Event").map(({ reason, note }) => `${reason}: ${note}`);
  await until(() => told().length >= 2);
  expect(told().sort()).toEqual([
    "RefusedByProxy: Gateway infra/shared: Rule 0: regex is too large",
    "UnsupportedValue: Gateway infra/shared: Dropped Rule 0, which answers 500: proxies refuse it",
  ]);
});

it("is known before the first flush of a replica that starts", async () => {
  const server = await startServer();
  const first = await startReplica(server);
  const asWritten = first.hashes();
  first.refuse();
  await until(() => stored(server).length === 1 && first.hashes() !== asWritten);
  const next = await startReplica(server);
  expect(next.forms).toEqual([first.hashes()]);
});

it("is found by two replicas as one, and ends with the generation that it is about", async () => {
  const server = await startServer();
  const [leader, other] = [await startReplica(server), await startReplica(server)];
  leader.lead();
  other.refuse();
  leader.refuse();
  await until(() => stored(server).length === 1);
  putRoute(server, "/b", 2);
  await until(() => stored(server).length === 0 && other.keeper.all.length === 0);
  const creates = server.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/quarantines"));
  expect(creates.map(({ status }) => status).sort()).toEqual([201, 409]);
});

it("ends with its object, and by hand", async () => {
  const server = await startServer();
  const leader = await startReplica(server);
  leader.lead();
  const asWritten = leader.hashes();
  leader.refuse();
  await until(() => stored(server).length === 1 && leader.hashes() !== asWritten);
  server.remove("Quarantine", server.list("Quarantine")[0]?.metadata.name ?? "");
  await until(() => leader.hashes() === asWritten);
  leader.refuse();
  await until(() => stored(server).length === 1);
  server.remove("HTTPRoute", "shop/web");
  await until(() => stored(server).length === 0);
});

it("counts here while it cannot be stored, and is stored when it can", async () => {
  const server = await startServer();
  const replica = await startReplica(server);
  const asWritten = replica.hashes();
  const end = server.fail(({ method, path }) => method === "POST" && path.endsWith("/quarantines"), { status: 503 });
  replica.refuse();
  await until(() => replica.hashes() !== asWritten);
  expect(stored(server)).toEqual([]);
  end();
  await until(() => stored(server).length === 1);
});
