import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { type Kind, kindNames } from "../../src/core/keys.ts";
import { createClusterSource } from "../../src/watch/cluster-source.ts";
import { eventually } from "../support/envoy.ts";
import { startFakeApiServer } from "../support/fake-api-server.ts";
import { scaled } from "./scale.ts";
import { putRoute, putShop } from "./support/api-objects.ts";
import { startController } from "./support/controller-process.ts";
import { EndlessApi } from "./support/endless-api.ts";
import { follow, proxyCredentials } from "./support/follower.ts";
import { isList, mostAtOnce, mostInASecond, putIdle } from "./support/watched-cluster.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const objects = scaled({ short: 1_000, long: 5_000 });
const stormKinds: readonly Kind[] = kindNames;

it(`fault 8: every kind with ${objects} objects is listed anew at once: at most 10 lists a second and 2 at a time, the event loop stays free, 0 pushes`, async () => {
  const server = await startFakeApiServer();
  cleanups.push(() => server.stop());
  putShop(server, 100);
  for (const kind of stormKinds)
    for (let index = 0; index < objects; index += 1) putIdle(server, kind, `idle-${index}`);
  server.fail(isList, { delayMs: 5 });
  const controller = await startController(server.url);
  cleanups.push(() => controller.stop());
  await eventually("the replica to be Ready", () => controller.isReady(), 120);
  const follower = follow(controller.xdsPort, await proxyCredentials(server));
  cleanups.push(() => follower.stop());
  await eventually("the first configuration", () => follower.holds("route", "/route-99"), 60);
  await untilSteady(() => server.requests.filter(({ method }) => method !== "GET").length + follower.responses);
  const [pushed, first, everyWatch] = [follower.responses, server.requests.length, server.watches];
  await controller.resetLoopDelay();
  const began = performance.now();
  server.dropWatches("end");
  server.compact();
  const lists = () => server.requests.slice(first).filter(isList);
  await eventually("all watches again", () => server.watches === everyWatch && lists().length > stormKinds.length, 300);
  const seconds = (performance.now() - began) / 1000;
  const stall = await controller.loopDelay();
  const [rate, inFlight] = [mostInASecond(lists()), mostAtOnce(lists())];
  // What would be sent is sent by now.
  putRoute(server, "route-0", "/after-the-storm");
  await eventually("a change after it", () => follower.holds("route", "/after-the-storm"), 30);
  const pushes = follower.responses - pushed;
  console.log(
    `fault 8: ${stormKinds.length} kinds × ${objects} objects: ${lists().length} pages in ${seconds.toFixed(1)} s, at most ${rate} in a second and ${inFlight} at once, event loop late by ${stall.p99.toFixed(1)} ms (p99), ${stall.max.toFixed(1)} ms (most), ${pushes - 1} pushes`,
  );
  expect(rate).toBeLessThanOrEqual(10);
  expect(inFlight).toBeLessThanOrEqual(2);
  expect(stall.p99).toBeLessThanOrEqual(100);
  // The change afterwards is one response.
  expect(pushes).toBe(1);
});

it("fault 8: an event costs the same among 20,000 objects as among 500", async () => {
  const [few, many] = [await costOfEvents(500), await costOfEvents(20_000)];
  console.log(`fault 8: an event costs ${few.toFixed(1)} µs among 500 objects, ${many.toFixed(1)} µs among 20,000`);
  expect(many / few).toBeLessThan(3);
});

/** Waits until a count has not grown for two seconds. */
async function untilSteady(count: () => number): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await sleep(2_000);
  }
}

/** What one event of a route costs among so many, in microseconds of this process's work: the least of several runs. */
async function costOfEvents(routes: number): Promise<number> {
  const api = new EndlessApi(routes);
  let told = 0;
  const set = (): void => {
    told += 1;
  };
  const source = createClusterSource({ api, onStored: () => {}, onFacts: () => {} });
  cleanups.push(() => source.stop());
  await source.start({ set, delete: () => {} }, () => {});
  const runs: number[] = [];
  for (let run = 0; run < 7; run += 1) {
    const [before, events, began] = [told, 500, process.cpuUsage()];
    for (let event = 0; event < events; event += 1) api.change((run * events + event * 37) % routes);
    await eventually("the events", () => told - before === events);
    const { user, system } = process.cpuUsage(began);
    runs.push((user + system) / events);
  }
  return Math.min(...runs);
}
