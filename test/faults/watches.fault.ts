import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import type { Kind } from "../../src/core/keys.ts";
import { systemScheduler } from "../../src/core/scheduler.ts";
import { eventually } from "../support/envoy.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { isLong, scaled } from "./scale.ts";
import { linkTo } from "./support/api-link.ts";
import { putEndpoint, putRoute, putShop } from "./support/api-objects.ts";
import { startController } from "./support/controller-process.ts";
import { follow, proxyCredentials } from "./support/follower.ts";
import {
  deliveredKinds,
  everyWatch,
  fastScheduler,
  idleName,
  isList,
  mostAtOnce,
  putIdle,
  type WatchedCluster,
  watchCluster,
} from "./support/watched-cluster.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server whose lists take a moment, so that several can be under way at once. */
async function startServer(): Promise<FakeApiServer> {
  const server = await startFakeApiServer();
  cleanups.push(() => server.stop());
  for (const kind of deliveredKinds) putIdle(server, kind, "first");
  server.fail(isList, { delayMs: 2 });
  return server;
}

/** Lists since a request, by what they are of. */
function listsSince(server: FakeApiServer, first: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { path, query } of server.requests.slice(first).filter(isList)) {
    const id = `${path} ${query["fieldSelector"] ?? ""}`;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** The server has forgotten what happened, on every watch at once; what happens in `meanwhile` nobody is told. */
function expireAll(server: FakeApiServer, meanwhile = (): void => {}): void {
  server.dropWatches("end");
  meanwhile();
  server.compact();
}

/** The same for some kinds only. */
function expireSome(server: FakeApiServer, expired: readonly Kind[], meanwhile: () => void): void {
  for (const kind of expired) server.dropWatches("end", kind);
  meanwhile();
  server.compact();
}

it("fault 7: 100 times 410 Gone on every kind at once: one relist per event and kind, at most 2 lists in flight, nothing told when nothing changed", async () => {
  const factor = 40;
  const server = await startServer();
  const cluster = await watchCluster(server.url, fastScheduler(factor));
  cleanups.push(() => cluster.stop());
  await eventually("every watch", () => server.watches === everyWatch);
  const [first, rounds] = [server.requests.length, 100];
  for (let round = 0; round < rounds; round += 1) {
    const told = cluster.told.length;
    const changes = round % 2 === 1;
    // A watch counts as one that works when it has lasted for two seconds.
    await sleep(2_500 / factor);
    expireAll(server, () => {
      if (changes) for (const kind of deliveredKinds) putIdle(server, kind, `round-${round}`);
    });
    const isSeen = () => deliveredKinds.every((kind) => cluster.has(kind, idleName(kind, `round-${round}`)));
    await eventually(`round ${round}`, () => server.watches === everyWatch && (!changes || isSeen()));
    const news = cluster.told.slice(told).filter((each) => each !== "batch");
    expect(news).toHaveLength(changes ? deliveredKinds.length : 0);
    if (!changes) expect(cluster.told.slice(told)).toEqual([]);
  }
  const lists = listsSince(server, first);
  const inFlight = mostAtOnce(server.requests.slice(first).filter(isList));
  console.log(
    `fault 7: ${rounds} times 410 on ${lists.size} watches: ${[...lists.values()].reduce((sum, each) => sum + each)} lists, at most ${inFlight} at once`,
  );
  expect(lists.size).toBe(everyWatch);
  expect(new Set(lists.values())).toEqual(new Set([rounds]));
  expect(inFlight).toBeLessThanOrEqual(2);
});

it("fault 7: what a 410 hid is seen within 2 s, of whatever kind, and when every kind expires at once as soon as 10 lists a second allow", async () => {
  const server = await startServer();
  const cluster = await watchCluster(server.url, systemScheduler);
  cleanups.push(() => cluster.stop());
  const halves = [0, 1].map((rest) => deliveredKinds.filter((_, index) => index % 2 === rest));
  const took = { half: [] as number[], all: [] as number[] };
  for (let round = 0; round < scaled({ short: 3, long: 50 }); round += 1) {
    for (const expired of [...halves, deliveredKinds]) {
      await eventually("every watch", () => server.watches === everyWatch);
      await sleep(2_500);
      const [began, name] = [performance.now(), `round-${round}-${expired.length}`];
      const put = () => {
        for (const kind of expired) putIdle(server, kind, name);
      };
      if (expired === deliveredKinds) expireAll(server, put);
      else expireSome(server, expired, put);
      await eventually("all of it", () => expired.every((kind) => cluster.has(kind, idleName(kind, name))));
      took[expired === deliveredKinds ? "all" : "half"].push(performance.now() - began);
    }
  }
  const [half, all] = [took.half, took.all].map((each) => each.map((milliseconds) => Math.round(milliseconds)));
  console.log(
    `fault 7: what 410 hid is seen after ${half?.join(", ")} ms, of every kind at once after ${all?.join(", ")} ms`,
  );
  expect(Math.max(...took.half)).toBeLessThanOrEqual(2_000);
  expect(Math.max(...took.all)).toBeLessThanOrEqual(Math.ceil(everyWatch / 10) * 1_000);
});

it("fault 7: a connection that dies without a word hides nothing for longer than 95 s", async () => {
  const factor = isLong ? 1 : 10;
  await Promise.all([seeSilentDrop(factor, "history kept"), seeSilentDrop(factor, "history lost too")]);
});

async function seeSilentDrop(factor: number, history: "history kept" | "history lost too"): Promise<void> {
  const server = await startServer();
  const link = await linkTo(server.url);
  cleanups.push(() => link.stop());
  const cluster: WatchedCluster = await watchCluster(link.url, fastScheduler(factor));
  cleanups.push(() => cluster.stop());
  await eventually("every watch", () => server.watches === everyWatch);
  const first = server.requests.length;
  link.loseConnections();
  for (const kind of deliveredKinds) putIdle(server, kind, "missed");
  if (history !== "history kept") server.compact();
  const began = performance.now();
  const isSeen = () => deliveredKinds.every((kind) => cluster.has(kind, idleName(kind, "missed")));
  await eventually("what was missed", isSeen, 200);
  const seconds = ((performance.now() - began) * factor) / 1000;
  const asked = server.requests.slice(first).filter(isList);
  // A watch that was silent is worth one small question, whether the server has gone back to an earlier state.
  const lists = asked.filter(({ query }) => query["limit"] !== "1").length;
  expect(asked.length - lists).toBeLessThanOrEqual(everyWatch);
  console.log(
    `fault 7: connections lost without a word, ${history}: all seen after ${seconds.toFixed(1)} s, ${lists} lists`,
  );
  expect(seconds).toBeLessThanOrEqual(95);
  expect(lists).toBe(history === "history kept" ? 0 : everyWatch);
}

it("fault 7: proxies are sent what a 410 hid within 2 s, and nothing when it hid nothing", async () => {
  const server = await startServer();
  putShop(server, 20);
  const controller = await startController(server.url);
  cleanups.push(() => controller.stop());
  const follower = follow(controller.xdsPort, await proxyCredentials(server));
  cleanups.push(() => follower.stop());
  await eventually("the first configuration", () => follower.holds("route", "/route-19"));
  await sleep(2_500);
  const [before, everyWatch] = [follower.responses, server.watches];
  for (let round = 0; round < scaled({ short: 2, long: 100 }); round += 1) {
    expireAll(server);
    await eventually("every watch again", () => server.watches === everyWatch);
    // A watch counts as one that works when it has lasted for two seconds.
    await sleep(2_500);
  }
  expect(follower.responses - before).toBe(0);
  const took: number[] = [];
  for (const round of [1, 2, 3]) {
    await sleep(2_500);
    const began = performance.now();
    server.dropWatches("end", "HTTPRoute");
    server.dropWatches("end", "EndpointSlice");
    putRoute(server, "route-3", `/round-${round}`);
    putEndpoint(server, `10.7.7.${round}`);
    server.compact();
    await eventually(
      "it",
      () => follower.holds("route", `/round-${round}`) && follower.holds("endpoint", `10.7.7.${round}`),
    );
    took.push(Math.round(performance.now() - began));
  }
  console.log(`fault 7: 0 pushes after 410 on everything; what 410 hid is sent after ${took.join(", ")} ms`);
  expect(Math.max(...took)).toBeLessThanOrEqual(2_000);
});
