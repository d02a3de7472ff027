import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Condition, conditionTrue } from "../../src/core/conditions.ts";
import type { StoredCondition } from "../../src/core/object-status.ts";
import { readStored } from "../../src/status/answer.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import {
  gateway,
  gatewayUpdate,
  ours,
  putGateway,
  putRoute,
  routeKey,
  routeUpdate,
  StatusWorld,
} from "./status-world.ts";

let server: FakeApiServer;

beforeEach(async () => {
  server = await startFakeApiServer();
});

afterEach(() => server.stop());

function startLeader(): StatusWorld {
  const world = new StatusWorld(server);
  world.observe();
  world.writer.lead(true);
  return world;
}

function stored(condition: Condition): StoredCondition {
  return { ...condition, lastTransitionTime: "2026-01-01T00:00:00Z" };
}

describe("a status that tells of a generation that there never was", () => {
  const parentRef = { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "infra", name: "shared" };

  it("on a route, from a backup or by somebody's hand, is put right", async () => {
    const conditions = [stored(conditionTrue("Accepted", 57))];
    putRoute(server, "cart", { parents: [{ parentRef, controllerName: ours, conditions }] });
    const world = startLeader();
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(2_000);
    const [parent] = world.statusOf(routeKey("cart")).parents ?? [];
    expect(parent?.conditions).toMatchObject([{ type: "Accepted", observedGeneration: 1 }]);
    expect(world.writes()).toHaveLength(1);
  });

  it("on a Gateway is put right too", async () => {
    putGateway(server, { status: { conditions: [stored(conditionTrue("Programmed", 9))] } });
    const world = startLeader();
    world.writer.update(gateway, gatewayUpdate({ programming: "programmed" }));
    await world.pass(2_000);
    expect(world.statusOf(gateway).conditions).toMatchObject([
      { type: "Programmed", observedGeneration: 1 },
      { type: "Accepted", observedGeneration: 1 },
    ]);
  });
});

describe("conditions of others that leave little room", () => {
  it("stay, and as much of ours is written as the API takes", async () => {
    const foreign = ["A", "B", "C", "D", "E", "F", "G"].map((type) => stored(conditionTrue(`example.com/${type}`, 1)));
    const listeners = [{ name: "http", attachedRoutes: 0, supportedKinds: [], conditions: foreign }];
    putGateway(server, { status: { conditions: foreign, listeners } });
    const world = startLeader();
    world.writer.update(gateway, gatewayUpdate({ programming: "programmed" }));
    await world.pass(2_000);
    const { conditions, listeners: after } = world.statusOf(gateway);
    expect(conditions).toMatchObject([...foreign, { type: "Accepted" }]);
    expect(after?.[0]?.conditions).toHaveLength(8);
    // It is as it should be: no further write.
    expect(world.writes()).toHaveLength(1);
  });
});

describe("an API server whose data came from a backup", () => {
  it("has a status written again, though its versions are older than those that were known", async () => {
    const before = putRoute(server, "cart");
    const world = startLeader();
    const later = String(Number(before.metadata.resourceVersion) + 1_000_000);
    world.writer.observe(
      routeKey("cart"),
      readStored({ ...before, metadata: { ...before.metadata, resourceVersion: later } }),
    );
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(5_000);
    expect(world.statusOf(routeKey("cart")).parents).toMatchObject([{ controllerName: ours }]);
    expect(world.outcomes).toEqual(["conflict", "written"]);
  });
});
