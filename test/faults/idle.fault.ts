import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { Translator } from "../../src/app/translator.ts";
import { resourceTypes } from "../../src/core/xds-resource.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { type BenchObject, benchGateway, give, platformObjects, routeObject } from "../bench/world.ts";
import { createRandom, type Random } from "../decide/random.ts";
import { eventually } from "../support/envoy.ts";
import { type FakeApiServer, type LoggedRequest, startFakeApiServer } from "../support/fake-api-server.ts";
import { FakeEnvoy } from "../xds/fake-envoy.ts";
import { resource } from "../xds/resources.ts";
import { startTestServer } from "../xds/test-server.ts";
import { scaled } from "./scale.ts";
import { putShop } from "./support/api-objects.ts";
import { type ControllerProcess, startController } from "./support/controller-process.ts";
import { type Follower, follow, proxyCredentials } from "./support/follower.ts";
import { openServicePort } from "./support/service-port.ts";

const routes = 5_000;
const restarts = 20;
const writesASecond = 10;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const isStatusWrite = ({ method, path }: LoggedRequest): boolean => method !== "GET" && path.endsWith("/status");

function countStatusWrites(server: FakeApiServer, since: number): number {
  return server.requests.slice(since).filter(isStatusWrite).length;
}

function resourcesSent({ answers }: Follower): number {
  return answers.reduce((sum, { resources, removed }) => sum + resources.size + removed.length, 0);
}

/** Writes what nothing of the Gateway refers to, and what nobody reads. */
function writeNoise(server: FakeApiServer, round: number): void {
  const name = `noise-${round % 50}`;
  const label = { round: String(round) };
  switch (round % 5) {
    case 0: {
      const data = { "tls.crt": Buffer.from(String(round)).toString("base64"), "tls.key": "" };
      server.put("Secret", { metadata: { name, namespace: "shop" }, type: "kubernetes.io/tls", data });
      return;
    }
    case 1:
      server.put("Secret", { metadata: { name, namespace: "elsewhere" }, type: "Opaque", data: { a: "YQ==" } });
      return;
    case 2: {
      const regarding = { kind: "HTTPRoute", namespace: "shop", name: "route-1" };
      const event = { regarding, reason: "Noise", type: "Normal", action: "Look", note: String(round) };
      server.put("Event", { metadata: { name, namespace: "shop" }, ...event });
      return;
    }
    case 3:
      server.put("Namespace", { metadata: { name: "shop", labels: label } });
      return;
    default: {
      const route = server.get("HTTPRoute", `shop/route-${round % routes}`);
      server.put("HTTPRoute", { ...route, metadata: { ...route?.metadata, labels: label, annotations: label } });
    }
  }
}

/** Resolves once nothing was written or sent for a while. */
async function untilQuiet(server: FakeApiServer, follower: Follower): Promise<void> {
  for (let before = ""; ; ) {
    const now = `${server.requests.filter(isStatusWrite).length} ${follower.responses}`;
    if (now === before) return;
    before = now;
    await sleep(2_000);
  }
}

it("fault 24: at rest nothing is pushed and no status is written, whatever is written besides, and after restarts", async () => {
  const server = await startFakeApiServer({ bookmarkMs: 60_000 });
  cleanups.push(() => server.stop());
  putShop(server, routes);
  const service = await openServicePort();
  cleanups.push(() => service.stop());
  const start = async (name: string): Promise<ControllerProcess> => {
    const controller = await startController(server.url, name);
    cleanups.push(() => controller.stop());
    await eventually("it is ready", () => controller.isReady(), 120);
    service.lead([controller.xdsPort]);
    return controller;
  };
  let controller = await start("replica-0");
  const follower = follow(service.port, await proxyCredentials(server));
  cleanups.push(() => follower.stop());
  await eventually("the first configuration", () => follower.holds("route", "/route-4999"), 120);
  await untilQuiet(server, follower);
  const [sent, requests] = [resourcesSent(follower), server.requests.length];

  const restMs = scaled({ short: 15_000, long: 3_600_000 });
  const ends = performance.now() + restMs;
  let written = 0;
  for (; performance.now() < ends; written += 1) {
    writeNoise(server, written);
    await sleep(1_000 / writesASecond);
  }
  const atRest = { resources: resourcesSent(follower) - sent, statuses: countStatusWrites(server, requests) };

  const again = scaled({ short: 2, long: restarts });
  for (let round = 1; round <= again; round += 1) {
    service.lead([]);
    await controller.stop("SIGTERM");
    controller = await start(`replica-${round}`);
    await eventually("the proxy is back", async () => (await controller.metric(/^gatehouse_xds_streams /)) === 1, 60);
    const leads = async () => (await controller.metric(/^gatehouse_leader /)) === 1;
    await eventually("it leads", leads, 60);
    await untilQuiet(server, follower);
  }
  const inAll = { resources: resourcesSent(follower) - sent, statuses: countStatusWrites(server, requests) };
  console.log(
    `fault 24: ${routes} routes at rest for ${restMs / 1_000} s beside ${written} writes of others: ${atRest.resources} resources pushed, ` +
      `${atRest.statuses} statuses written; after ${again} restarts: ${inAll.resources} and ${inAll.statuses}`,
  );
  expect(written).toBeGreaterThan((restMs / 1_000) * writesASecond * 0.5);
  expect(atRest).toEqual({ resources: 0, statuses: 0 });
  expect(inAll).toEqual({ resources: 0, statuses: 0 });
});

/** What a replica has made of objects that came in some order, perhaps in several rounds, with detours. */
function translate(objects: readonly BenchObject[], random: Random): ResourceTable {
  const placement = { kind: "standalone", bindAddresses: ["127.0.0.1"] } as const;
  const translator = new Translator({ controllerName: "gatehouse.dev/gateway-controller", placement });
  const table = new ResourceTable();
  const flush = () => {
    const changes = translator.flush();
    for (const gateway of changes.fleetsAdded) table.addFleet(gateway);
    for (const [gateway, list] of changes.resources) table.update(gateway, list);
  };
  const shuffled = shuffle(objects, random);
  const half = random.chance(30) ? random.below(shuffled.length) : 0;
  give(translator, shuffled.slice(0, half));
  // Some have seen earlier versions of what is there now.
  if (half > 0) {
    give(
      translator,
      Array.from({ length: 50 }, () => routeObject("hostnames", random.below(routes), 99)),
    );
    flush();
  }
  give(translator, shuffled);
  flush();
  table.markReady();
  return table;
}

function shuffle<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, place: random.below(1_000_000) }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

it("fault 24: versions are the same after each restart and on each replica, and who comes back is sent nothing", async () => {
  const random = createRandom(24);
  const objects = [
    ...platformObjects(),
    ...Array.from({ length: routes }, (_, index) => routeObject("hostnames", index)),
  ];
  const service = await openServicePort();
  cleanups.push(() => service.stop());
  const first = translate(objects, random);
  const versionsOf = (table: ResourceTable) => resourceTypes.map((type) => table.version(benchGateway, type));
  const names = (type: (typeof resourceTypes)[number]) => [...first.entries(benchGateway, type).keys()];
  const wanted = versionsOf(first);

  let table = first;
  let server = await startTestServer({ table });
  cleanups.push(() => server.stop());
  service.lead([server.port]);
  const envoy = new FakeEnvoy({ port: service.port, transport: "delta", cluster: benchGateway });
  cleanups.push(() => envoy.close());
  const ask = () => {
    for (const type of ["cluster", "listener", "scope"] as const) envoy.resubscribe(type);
    for (const type of ["endpoint", "route"] as const) envoy.resubscribe(type, ...names(type));
  };
  const isTaken = () =>
    resourceTypes.every((type) => type === "secret" || envoy.held(type).size === names(type).length);
  const takeAll = () => {
    for (const { type } of [...envoy.unread()]) void envoy.take(type);
  };
  ask();
  await eventually("the first configuration", () => {
    takeAll();
    return isTaken();
  });

  let [resources, bytes] = [0, 0];
  for (let round = 1; round <= restarts; round += 1) {
    await server.stop();
    table = translate(objects, random);
    expect(versionsOf(table)).toEqual(wanted);
    server = await startTestServer({ table });
    service.lead([server.port]);
    await envoy.reconnect({ keepVersions: true });
    ask();
    // All that the server wants to send has come before these have.
    await envoy.flush((name) =>
      table.update(benchGateway, [{ type: "secret", name, resource: resource("secret", name) }]),
    );
    resources += envoy.received.reduce((sum, answer) => sum + answer.resources.size + answer.removed.length, 0);
    bytes += resourceTypes.reduce((sum, type) => sum + (type === "secret" ? 0 : server.bytes(type)), 0);
  }
  console.log(
    `fault 24: ${routes} routes, ${restarts} restarts with objects in another order each: all versions equal, ` +
      `${resources} resources and ${bytes} bytes sent to a proxy that comes back with ${names("route").length} tables`,
  );
  expect(resources).toBe(0);
});
