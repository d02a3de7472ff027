import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { gateway, gatewayUpdate, putGateway, putRoute, routeKey, routeUpdate, StatusWorld } from "./status-world.ts";

let server: FakeApiServer;

beforeEach(async () => {
  server = await startFakeApiServer();
});

afterEach(() => server.stop());

const routes = Array.from({ length: 300 }, (_, index) => `route-${index}`);
const routeStatus = /httproutes\/[^/]+\/status$/;

function startLeader(): StatusWorld {
  for (const name of routes) putRoute(server, name);
  const world = new StatusWorld(server);
  world.observe();
  world.writer.lead(true);
  for (const name of routes) world.writer.update(routeKey(name), routeUpdate(name));
  return world;
}

describe("a right that is missing for the statuses of a kind", () => {
  const forbidden = {
    status: 403,
    reason: "Forbidden",
    message:
      'httproutes.gateway.networking.k8s.io "route-1" is forbidden: User "system:serviceaccount:gatehouse-system:gatehouse" ' +
      'cannot patch resource "httproutes/status" in API group "gateway.networking.k8s.io" in the namespace "shop"',
  };

  it("costs a few requests and not one for each object, holds no other kind up, and is over for all when it is given", async () => {
    putGateway(server);
    const allow = server.fail(routeStatus, forbidden);
    const world = startLeader();
    await world.pass(60_000, 500);
    const asked = world.writes(routeStatus).length;
    expect(asked).toBeGreaterThan(8);
    expect(asked).toBeLessThan(100);
    world.writer.update(gateway, gatewayUpdate({ programming: "programmed" }));
    await world.pass(500);
    expect(world.statusOf(gateway).conditions).toHaveLength(2);
    allow();
    await world.pass(31_000, 500);
    expect(world.writes(routeStatus).length - asked).toBe(300);
    for (const name of routes) expect(world.statusOf(routeKey(name)).parents).toHaveLength(1);
  });

  it("in one namespace is no matter for another", async () => {
    server.fail(routeStatus, forbidden);
    const world = startLeader();
    await world.pass(5_000, 500);
    server.put("HTTPRoute", { metadata: { namespace: "elsewhere", name: "r" }, spec: {} });
    world.observe();
    const object = objectKey("HTTPRoute", namespacedName("elsewhere", "r"));
    world.writer.update(object, { ...routeUpdate("r"), object });
    await world.settle();
    expect(world.writes(/elsewhere/)).toHaveLength(1);
  });

  it("is told apart from one object that somebody's policy refuses", async () => {
    const denied = { status: 403, reason: "Forbidden", message: 'admission webhook "x" denied the request: no' };
    server.fail(/route-7\/status$/, denied);
    const world = startLeader();
    await world.pass(5_000, 500);
    expect(routes.filter((name) => world.statusOf(routeKey(name)).parents === undefined)).toEqual(["route-7"]);
  });
});
