import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import type { RawObject } from "../../src/core/kube-client.ts";
import type { ObjectStatus } from "../../src/core/object-status.ts";
import { leaseTimes } from "../../src/status/leader.ts";
import { readLease } from "../../src/status/lease.ts";
import { eventually } from "../support/envoy.ts";
import { type FakeApiServer, type LoggedRequest, startFakeApiServer } from "../support/fake-api-server.ts";
import { controllerName, putService, putShop } from "./support/api-objects.ts";
import { type ControllerProcess, controlPlaneNamespace, startController } from "./support/controller-process.ts";

const routes = 1_000;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface World {
  readonly server: FakeApiServer;
  readonly old: ControllerProcess;
  readonly next: ControllerProcess;
}

/** Two replicas, the first of which leads, with a status written for each of a thousand routes. */
async function startWorld(): Promise<World> {
  const server = await startFakeApiServer();
  cleanups.push(() => server.stop());
  putShop(server, routes);
  const old = await startReplica(server, "old");
  await eventually("the first leader", () => leaderOf(server) === "old");
  const next = await startReplica(server, "next");
  await eventually("all first statuses", () => rightStatuses(server, "True") === routes, 60);
  await eventually("the second replica", () => next.isReady());
  // Eight writes at a time take long enough to be interrupted.
  server.fail(isStatusWrite, { delayMs: 20 });
  return { server, old, next };
}

async function startReplica(server: FakeApiServer, name: string): Promise<ControllerProcess> {
  const replica = await startController(server.url, name);
  cleanups.push(() => replica.stop());
  return replica;
}

function leaderOf(server: FakeApiServer): string | undefined {
  const lease = server.get("Lease", `${controlPlaneNamespace}/gatehouse`);
  return lease === undefined ? undefined : readLease(lease).leader?.identity;
}

const isStatusWrite = ({ method, path }: LoggedRequest): boolean => method === "PATCH" && path.endsWith("/status");

/** How many routes tell of their generation whether their Service is there. */
function rightStatuses(server: FakeApiServer, resolved: "True" | "False"): number {
  return server.list("HTTPRoute").filter((route) => isRight(route, resolved)).length;
}

function isRight({ metadata, ...route }: RawObject, resolved: "True" | "False"): boolean {
  const { parents = [] } = (route["status"] ?? {}) as ObjectStatus; // as the control plane has written it
  const conditions = parents.find((parent) => parent.controllerName === controllerName)?.conditions;
  const told = conditions?.find(({ type }) => type === "ResolvedRefs");
  return told?.status === resolved && told.observedGeneration === metadata.generation;
}

/** Has every status change, and waits until the leader is in the middle of writing them. */
async function beginUpdates({ server, old }: World): Promise<void> {
  const before = server.requests.length;
  server.remove("Service", "shop/echo");
  const written = () => server.requests.slice(before).filter((each) => each.user === old.name && isStatusWrite(each));
  await eventually("a third of the writes", () => written().length >= routes / 3);
  expect(written().length).toBeLessThan(routes);
}

/** When the Lease ended that a replica had, on the server's clock: others may lead from then on. */
function endOfLease({ server }: World, { name }: ControllerProcess, until: number): number {
  const renewals = server.requests.filter(
    ({ user, path, method, status = 0, at }) =>
      user === name && path.includes("/leases") && method !== "GET" && status < 300 && at < until,
  );
  return (renewals.at(-1)?.at ?? 0) + leaseTimes.duration;
}

/** What a replica has written after a time, and what it tried to write in vain. */
function writesAfter({ server }: World, { name }: ControllerProcess, time: number) {
  const late = server.requests.filter(({ user, method, at }) => user === name && method !== "GET" && at > time);
  return {
    taken: late.filter(({ status = 0 }) => status < 300),
    refused: late.filter(({ status = 0 }) => status >= 300),
  };
}

async function untilLed({ server, next }: World, since: number): Promise<number> {
  await eventually("the new leader", () => leaderOf(server) === next.name, 40);
  return Math.round(performance.now() - since);
}

async function killedLeader(): Promise<void> {
  const world = await startWorld();
  await beginUpdates(world);
  const killed = performance.now();
  world.old.signal("SIGKILL");
  const left = routes - rightStatuses(world.server, "False");
  const ledMs = await untilLed(world, killed);
  await eventually("all statuses", () => rightStatuses(world.server, "False") === routes, 60);
  const rightMs = Math.round(performance.now() - killed);
  const late = writesAfter(world, world.old, endOfLease(world, world.old, killed));
  console.log(
    `fault 9: leader killed with ${left} of ${routes} statuses to write: new leader after ${ledMs} ms, all right after ${rightMs} ms, ${late.taken.length} writes of the old one after its Lease`,
  );
  expect(ledMs).toBeLessThanOrEqual(20_000);
  expect(rightMs).toBeLessThanOrEqual(30_000);
  expect(late.taken).toEqual([]);
}

async function stoppedLeader(): Promise<void> {
  const world = await startWorld();
  const { server, old } = world;
  await beginUpdates(world);
  const stopped = performance.now();
  old.signal("SIGSTOP");
  const ledMs = await untilLed(world, stopped);
  await eventually("all statuses", () => rightStatuses(server, "False") === routes, 60);
  const rightMs = Math.round(performance.now() - stopped);
  // The old one goes on while the new one writes what is right by now.
  putService(server);
  await eventually("the new leader's writes", () => rightStatuses(server, "True") >= routes / 3);
  const continued = performance.now();
  old.signal("SIGCONT");
  await eventually("the old leader's notice", () => /"isLeader":false/.test(old.log()));
  await eventually("all statuses again", () => rightStatuses(server, "True") === routes, 60);
  // Everything that the old one has heard of meanwhile is translated, and would be written by now.
  await sleep(4_000);
  expect(await old.isReady()).toBe(true);
  const late = writesAfter(world, old, endOfLease(world, old, continued));
  console.log(
    `fault 9: leader stopped past its Lease: new leader after ${ledMs} ms, all right after ${rightMs} ms; let go on: ${late.taken.length} writes taken, ${late.refused.length} refused`,
  );
  expect(ledMs).toBeLessThanOrEqual(20_000);
  expect(rightMs).toBeLessThanOrEqual(30_000);
  expect(late.taken).toEqual([]);
  // It asks for the Lease again, by what it knew, and is told that it is another's.
  expect(late.refused.filter(({ path }) => !path.includes("/leases"))).toEqual([]);
  expect(rightStatuses(server, "True")).toBe(routes);
}

it("fault 9: the leader killed among 1,000 status updates: a new one within 20 s, all statuses right within 30 s, no write of the old one after its Lease", async () => {
  await Promise.all([killedLeader(), stoppedLeader()]);
});
