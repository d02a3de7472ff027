import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { eventually } from "../support/envoy.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { scaled } from "./scale.ts";
import { type ApiLink, linkTo } from "./support/api-link.ts";
import { putEndpoint, putRoute, putShop } from "./support/api-objects.ts";
import { type ControllerProcess, startController } from "./support/controller-process.ts";
import { type Follower, follow, proxyCredentials } from "./support/follower.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface World {
  readonly server: FakeApiServer;
  readonly link: ApiLink;
}

async function startWorld(routes: number): Promise<World> {
  const server = await startFakeApiServer({ bookmarkMs: 60_000 });
  cleanups.push(() => server.stop());
  const link = await linkTo(server.url);
  cleanups.push(() => link.stop());
  putShop(server, routes);
  return { server, link };
}

async function startReplica(url: string, name?: string): Promise<ControllerProcess> {
  const controller = await startController(url, name);
  cleanups.push(() => controller.stop());
  return controller;
}

async function connect({ server }: World, controller: ControllerProcess): Promise<Follower> {
  const follower = follow(controller.xdsPort, await proxyCredentials(server));
  cleanups.push(() => follower.stop());
  return follower;
}

/** Waits until nothing has been sent for a while. */
async function untilQuiet(follower: Follower): Promise<void> {
  await eventually("the first configuration", () => follower.holds("listener", "http-80"));
  for (let before = -1; before !== follower.responses; ) {
    before = follower.responses;
    await sleep(1_500);
  }
}

/** The outage of one control plane; what it printed. */
async function seeOutage(before: "kept" | "lost"): Promise<void> {
  const world = await startWorld(20);
  const controller = await startReplica(world.link.url);
  const follower = await connect(world, controller);
  await untilQuiet(follower);
  const pushed = follower.responses;
  world.link.block();
  putRoute(world.server, "route-0", "/changed-meanwhile");
  putRoute(world.server, "route-new", "/new-meanwhile");
  world.server.remove("HTTPRoute", "shop/route-1");
  putEndpoint(world.server, "10.9.9.9");
  const looks = await lookUntil(scaled({ short: 22_000, long: 600_000 }), () => controller.isReady());
  expect(looks).not.toContain(false);
  expect(follower.responses - pushed).toBe(0);
  world.link.unblock(before);
  const returned = performance.now();
  const isChanged = () =>
    follower.holds("route", "/changed-meanwhile") &&
    follower.holds("route", "/new-meanwhile") &&
    !follower.holds("route", "httproute/shop/route-1/") &&
    follower.holds("endpoint", "10.9.9.9");
  await eventually("the changes", isChanged, 60);
  const tookMs = Math.round(performance.now() - returned);
  console.log(
    `fault 5: connections ${before}: Ready at ${looks.length} looks of ${looks.length}, 0 pushes in the outage, changes after ${tookMs} ms`,
  );
  expect(tookMs).toBeLessThanOrEqual(5_000);
}

/** The start of a replica while the API server is blocked. */
async function startBlocked(before: "kept" | "lost"): Promise<void> {
  const world = await startWorld(20);
  // Certificates are there from a leader of before, so a proxy would be served if anything was.
  const first = await startReplica(world.server.url, "replica-before");
  const proxy = await proxyCredentials(world.server);
  await first.stop("SIGTERM");
  world.link.block();
  const controller = await startReplica(world.link.url);
  const follower = follow(controller.xdsPort, proxy);
  cleanups.push(() => follower.stop());
  const looks = await lookUntil(scaled({ short: 16_000, long: 600_000 }), () => controller.isReady());
  expect(looks).not.toContain(true);
  expect(follower.responses).toBe(0);
  world.link.unblock(before);
  const returned = performance.now();
  await eventually("the replica to be Ready", () => controller.isReady(), 60);
  const tookMs = Math.round(performance.now() - returned);
  await untilQuiet(follower);
  const answers = follower.answers.filter(({ type }) => type === "listener" || type === "cluster");
  expect(answers.filter(({ resources }) => resources.size === 0)).toEqual([]);
  expect(answers.flatMap(({ removed }) => removed)).toEqual([]);
  console.log(
    `fault 6: connections ${before}: not Ready at ${looks.length} looks of ${looks.length}, 0 responses, Ready after ${tookMs} ms`,
  );
  expect(tookMs).toBeLessThanOrEqual(10_000);
}

async function lookUntil(milliseconds: number, look: () => Promise<boolean>): Promise<readonly boolean[]> {
  const end = performance.now() + milliseconds;
  const seen: boolean[] = [];
  while (performance.now() < end) {
    seen.push(await look());
    await sleep(500);
  }
  return seen;
}

it("fault 5: an API server that takes connections and answers nothing: Ready throughout, 0 pushes, changes within 5 s of its return", async () => {
  await Promise.all([seeOutage("kept"), seeOutage("lost")]);
});

it("fault 6: a start while the API server is blocked: not Ready, 0 responses, Ready within 10 s of its return, never an empty answer", async () => {
  await Promise.all([startBlocked("kept"), startBlocked("lost")]);
});

it("fault 5: a replica that is told to stop while nothing is answered ends in good order, within the 30 s that a pod is given", async () => {
  const world = await startWorld(20);
  const controller = await startReplica(world.link.url);
  const follower = await connect(world, controller);
  await untilQuiet(follower);
  world.link.block();
  // Something is asked that never gets an answer: the leader renews its Lease every five seconds.
  await sleep(6_000);
  const told = performance.now();
  await controller.stop("SIGTERM");
  const tookMs = Math.round(performance.now() - told);
  console.log(`fault 5: told to stop in an outage: ended after ${tookMs} ms`);
  expect(controller.log()).toContain('"msg":"stopped"');
  expect(tookMs).toBeLessThan(25_000);
});
