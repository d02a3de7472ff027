import { afterEach, beforeEach, expect, it } from "vitest";
import { conditionFalse, conditionTrue, type StatusUpdate } from "../../src/core/conditions.ts";
import { MemoryStatusWriter } from "../../src/status/memory-writer.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { ours, putRoute, routeKey, routeUpdate, StatusWorld } from "./status-world.ts";

let server: FakeApiServer;

beforeEach(async () => {
  server = await startFakeApiServer();
});

afterEach(() => server.stop());

const refused = [conditionFalse("Accepted", 1, { reason: "HostnameClaimed", message: "" })];
const pending: StatusUpdate = { kind: "Route", object: routeKey("a"), parents: [], pending: true };

it("lets what an earlier leader told stand while an update is pending, and writes the one that follows", async () => {
  putRoute(server, "a");
  const before = new StatusWorld(server);
  before.observe();
  before.writer.update(routeKey("a"), routeUpdate("a", [conditionTrue("Accepted", 1)]));
  before.writer.lead(true);
  await before.pass(1_000);
  await before.writer.stop();
  const world = new StatusWorld(server);
  world.observe();
  world.writer.update(routeKey("a"), pending);
  world.writer.lead(true);
  await world.pass(60_000);
  expect(world.statusOf(routeKey("a")).parents).toHaveLength(1);
  expect(world.writer.stored(routeKey("a"))?.status.parents).toHaveLength(1);
  world.writer.update(routeKey("a"), routeUpdate("a", refused));
  await world.pass(1_000);
  expect(world.statusOf(routeKey("a")).parents?.[0]?.conditions?.[0]?.reason).toBe("HostnameClaimed");
  await world.writer.stop();
});

it("takes back what was told when nothing is said at all any more", async () => {
  putRoute(server, "a");
  const world = new StatusWorld(server);
  world.observe();
  world.writer.lead(true);
  world.writer.update(routeKey("a"), routeUpdate("a"));
  await world.pass(1_000);
  world.writer.update(routeKey("a"), pending);
  world.writer.update(routeKey("a"), undefined);
  await world.pass(60_000);
  expect(world.statusOf(routeKey("a")).parents ?? []).toEqual([]);
  await world.writer.stop();
});

it("keeps what was told in memory too", () => {
  const writer = new MemoryStatusWriter({ controllerName: ours, now: () => new Date(0) });
  writer.update(routeKey("a"), routeUpdate("a"));
  writer.update(routeKey("a"), pending);
  expect(writer.statuses().get(routeKey("a"))?.parents).toHaveLength(1);
});
