import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { conditionFalse, conditionTrue } from "../../src/core/conditions.ts";
import type { ObjectStatus, StoredCondition } from "../../src/core/object-status.ts";
import { readStored } from "../../src/status/answer.ts";
import { mergeStatus } from "../../src/status/merge.ts";
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

const context = { controllerName: ours, now: new Date("2026-01-01T00:00:00Z") };
const refused = conditionFalse("Accepted", 1, { reason: "NotAllowedByListeners", message: "no" });

function written(name: string): ObjectStatus {
  return mergeStatus(undefined, routeUpdate(name), context) ?? {};
}

function startLeader(options: ConstructorParameters<typeof StatusWorld>[1] = {}): StatusWorld {
  const world = new StatusWorld(server, options);
  world.observe();
  world.writer.lead(true);
  return world;
}

/** Another controller writes its own entry of the route, as it saw the others when it read. */
function theirEntry(round: number): NonNullable<ObjectStatus["parents"]>[number] {
  const condition: StoredCondition = { ...conditionTrue("Accepted", 1), lastTransitionTime: "2026-01-01T00:00:00Z" };
  const conditions = [{ ...condition, message: `round ${round}` }];
  return { parentRef: { name: "edge" }, controllerName: "example.com/other", conditions };
}

describe("counts", () => {
  it("writes nothing and reads nothing after a restart with 5,000 correct statuses", async () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `route-${index}`);
    for (const name of names) putRoute(server, name, written(name));
    const world = new StatusWorld(server);
    world.observe();
    for (const name of names) world.writer.update(routeKey(name), routeUpdate(name));
    world.writer.lead(true);
    await world.pass(60_000, 30_000);
    expect(server.requests).toEqual([]);
    expect(world.outcomes.filter((outcome) => outcome === "unchanged")).toHaveLength(5_000);
    world.writer.update(routeKey("route-7"), routeUpdate("route-7", [refused]));
    await world.settle();
    expect(world.writes()).toHaveLength(1);
  });

  it("writes once for each new route and at most once a second on its Gateway", async () => {
    putGateway(server);
    const world = startLeader();
    for (let index = 0; index < 300; index += 1) {
      putRoute(server, `route-${index}`);
      world.observe();
      world.writer.update(routeKey(`route-${index}`), routeUpdate(`route-${index}`));
      world.writer.update(gateway, gatewayUpdate({ programming: "programmed", attachedRoutes: index + 1 }));
      await world.pass(10, 10);
    }
    await world.pass(5_000);
    expect(world.writes(/httproutes/)).toHaveLength(300);
    expect(new Set(world.writes(/httproutes/).map(({ path }) => path)).size).toBe(300);
    // 3 s of changes: at once, after each second, and the last.
    expect(world.writes(/gateways/)).toHaveLength(4);
    expect(world.statusOf(gateway).listeners?.[0]?.attachedRoutes).toBe(300);
    expect(server.requests.filter(({ method }) => method === "GET")).toEqual([]);
  });

  it("has at most eight writes in flight, and writes the latest value of each object only", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `route-${index}`);
    for (const name of names) putRoute(server, name);
    const world = startLeader();
    const heal = server.fail(/status$/, "hang");
    for (const name of names) world.writer.update(routeKey(name), routeUpdate(name));
    world.scheduler.runDue();
    expect(world.writer.load).toMatchObject({ busy: 8, queued: 12 });
    heal();
  });

  it("leaves a status alone that waits for the translation of a newer generation", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    server.put("HTTPRoute", { metadata: { namespace: "shop", name: "cart" }, spec: { hostnames: ["new.example"] } });
    world.observe();
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(3_000);
    expect(world.writes()).toEqual([]);
    world.writer.update(routeKey("cart"), routeUpdate("cart", [conditionTrue("Accepted", 2)]));
    await world.settle();
    expect(world.statusOf(routeKey("cart")).parents?.[0]?.conditions?.[0]?.observedGeneration).toBe(2);
  });

  it("says nothing of an old object about one of the same name that took its place", async () => {
    server.put("HTTPRoute", { metadata: { namespace: "shop", name: "cart", generation: 5 }, spec: {} });
    const world = startLeader();
    world.writer.update(routeKey("cart"), routeUpdate("cart", [conditionTrue("Accepted", 5)]));
    server.remove("HTTPRoute", "shop/cart");
    putRoute(server, "cart");
    world.observe();
    await world.settle();
    expect(world.writes()).toEqual([]);
  });

  it("writes at once to an object that took the place of one whose writes failed", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    const heal = server.fail(/status$/, { status: 500 });
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(5_000, 500);
    heal();
    server.remove("HTTPRoute", "shop/cart");
    world.observe();
    putRoute(server, "cart");
    world.observe();
    await world.settle();
    expect(world.changes).toHaveLength(1);
  });

  it("leaves an object alone that took another's place until the watch tells of it", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    server.remove("HTTPRoute", "shop/cart");
    putRoute(server, "cart");
    await world.settle();
    expect(world.outcomes).toEqual(["conflict", "conflict", "conflict"]);
    expect(world.statusOf(routeKey("cart")).parents).toBeUndefined();
  });

  it("is not misled by a watch that tells of what was there before its own write", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    const labels = { team: "x" };
    const late = server.put("HTTPRoute", {
      ...putRoute(server, "cart"),
      metadata: { namespace: "shop", name: "cart", labels },
    });
    world.observe();
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.settle();
    world.writer.observe(routeKey("cart"), readStored({ ...late, status: {} }));
    await world.pass(5_000);
    expect(world.outcomes).toEqual(["written"]);
  });

  it("drops the status of an object that is gone", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    server.remove("HTTPRoute", "shop/cart");
    world.observe();
    await world.pass(60_000, 10_000);
    expect(world.writes()).toEqual([]);
    expect(world.writer.statuses().size).toBe(0);
  });
});

describe("other controllers", () => {
  it("settles a conflict in three writes when another controller twice comes first", async () => {
    putRoute(server, "cart", { parents: [theirEntry(0)] });
    const world = startLeader();
    let round = 0;
    server.fail(({ method }) => {
      if (method !== "PATCH" || round === 2) return false;
      const { parents = [] } = world.statusOf(routeKey("cart"));
      putRoute(server, "cart", { parents: [theirEntry(++round), ...parents.slice(1)] });
      return false;
    }, "reset");
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(10_000);
    expect(world.writes()).toHaveLength(3);
    expect(world.outcomes).toEqual(["conflict", "conflict", "written"]);
    expect(world.statusOf(routeKey("cart")).parents).toEqual([
      theirEntry(2),
      { ...written("cart").parents?.[0], conditions: [expect.objectContaining({ type: "Accepted" })] },
    ]);
  });

  it("slows down when every write of it meets a conflict", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    server.fail(({ method }) => method === "PATCH", { status: 409, reason: "Conflict" });
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(60_000, 500);
    expect(world.writes().length).toBeGreaterThan(3);
    expect(world.writes().length).toBeLessThan(12);
  });

  it("does not race somebody who takes its entry away again and again", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    const fight = async (seconds: number): Promise<void> => {
      for (let times = 0; times < seconds; times += 1) {
        await world.pass(1_000, 500);
        putRoute(server, "cart", { parents: [theirEntry(times)] });
      }
    };
    await fight(5);
    // The first time it may have been a slip.
    expect(world.changes.length).toBe(2);
    await fight(595);
    expect(world.changes.length).toBe(3);
    await fight(630);
    expect(world.changes.length).toBe(4);
  });

  it("keeps foreign conditions on a Gateway and its listeners, and fields that it does not know", async () => {
    const foreign: StoredCondition = {
      ...conditionTrue("example.com/Scanned", 1),
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    const listeners = [{ name: "http", attachedRoutes: 0, supportedKinds: [], conditions: [foreign] }];
    const status = { conditions: [foreign], listeners, example: "kept" };
    putGateway(server, { status });
    const world = startLeader();
    world.writer.update(gateway, gatewayUpdate({ programming: "programmed" }));
    await world.settle();
    const after = world.statusOf(gateway);
    expect(after).toMatchObject({
      example: "kept",
      conditions: [foreign, { type: "Accepted" }, { type: "Programmed" }],
    });
    expect(after.listeners?.[0]?.conditions?.[0]).toEqual(foreign);
  });

  it("takes its entries off a route that left its Gateways, and only those", async () => {
    putRoute(server, "cart", { parents: [theirEntry(0), ...(written("cart").parents ?? [])] });
    const world = startLeader();
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.settle();
    world.writer.update(routeKey("cart"), undefined);
    await world.settle();
    expect(world.statusOf(routeKey("cart")).parents).toEqual([theirEntry(0)]);
  });

  it("takes entries away after a while that a leader before it left on a route that nobody speaks of", async () => {
    putRoute(server, "left", written("left"));
    putRoute(server, "foreign", { parents: [theirEntry(0)] });
    const world = startLeader();
    await world.pass(1_000);
    expect(world.writes()).toEqual([]);
    await world.pass(2_000);
    expect(world.statusOf(routeKey("left")).parents).toEqual([]);
    expect(world.writes()).toHaveLength(1);
  });

  it("leaves a Gateway alone that is no more ours", async () => {
    putGateway(server);
    const world = startLeader();
    world.writer.update(gateway, gatewayUpdate({ programming: "programmed" }));
    await world.pass(2_000);
    world.writer.update(gateway, undefined);
    await world.pass(5_000);
    expect(world.writes()).toHaveLength(1);
  });

  it("learns which fields the installed CRDs do not know, and tries them again with other CRDs", async () => {
    putGateway(server);
    const prune = ({ method, body }: { readonly method: string; readonly body?: unknown }) => {
      const { status } = (body ?? {}) as { readonly status?: Record<string, unknown> }; // our own patch
      if (method === "PATCH") delete status?.["attachedListenerSets"];
      return false;
    };
    const upgrade = server.fail(prune, "reset");
    const world = startLeader();
    world.writer.update(gateway, gatewayUpdate({ programming: "programmed" }));
    await world.pass(10_000, 1_000);
    expect(world.writes()).toHaveLength(1);
    upgrade();
    world.writer.schemasChanged();
    await world.pass(2_000);
    expect(world.statusOf(gateway).attachedListenerSets).toBe(0);
  });
});

describe("faults", () => {
  it("writes the latest only, once the API server is back", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    await server.pause();
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(60_000, 1_000);
    expect(world.outcomes.length).toBeGreaterThan(2);
    expect(world.outcomes.length).toBeLessThan(15);
    world.writer.update(routeKey("cart"), routeUpdate("cart", [refused]));
    await server.resume();
    await world.pass(60_000, 1_000);
    expect(world.writes()).toHaveLength(1);
    expect(world.statusOf(routeKey("cart")).parents?.[0]?.conditions?.[0]).toMatchObject({ reason: refused.reason });
  });

  it("tells of many writes that fail in a line every ten seconds at most", async () => {
    const warnings: unknown[] = [];
    const names = Array.from({ length: 100 }, (_, index) => `route-${index}`);
    for (const name of names) putRoute(server, name);
    const world = startLeader({ log: { warn: (told: unknown) => warnings.push(told), debug: () => {} } });
    server.fail(/status$/, { status: 500 });
    for (const name of names) world.writer.update(routeKey(name), routeUpdate(name));
    await world.pass(25_000, 1_000);
    expect(world.outcomes.length).toBeGreaterThan(500);
    expect(warnings).toHaveLength(2);
  });

  it("stays away for as long as the API server asks", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    server.fail(/status$/, { status: 429, retryAfter: 20 }, 1);
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(19_000, 500);
    expect(world.writes()).toHaveLength(1);
    await world.pass(2_000, 500);
    expect(world.writes()).toHaveLength(2);
  });

  it("tries again what the API server answered with nonsense", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    server.fail(/status$/, { text: "[]" }, 1);
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(2_000);
    expect(world.outcomes.slice(0, 2)).toEqual(["failed", "written"]);
  });

  it("finds its own write when only the answer to it was lost", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    const lost = written("cart");
    server.fail(
      ({ method }) => {
        if (method === "PATCH" && world.statusOf(routeKey("cart")).parents === undefined)
          putRoute(server, "cart", lost);
        return method === "PATCH";
      },
      "reset",
      1,
    );
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.settle();
    world.scheduler.pass(1_000);
    await world.settle();
    expect(world.outcomes).toEqual(["failed", "conflict", "unchanged"]);
  });

  it("begins no write when the lease is lost in the middle of writing", async () => {
    const names = Array.from({ length: 30 }, (_, index) => `route-${index}`);
    for (const name of names) putRoute(server, name);
    const world = startLeader();
    let begun: number | undefined;
    server.fail(() => {
      if (begun !== undefined || world.outcomes.length < 4) return false;
      world.writer.lead(false);
      begun = world.outcomes.length + world.writer.load.busy;
      return false;
    }, "reset");
    for (const name of names) world.writer.update(routeKey(name), routeUpdate(name));
    await world.pass(60_000, 5_000);
    expect(begun).toBeLessThan(30);
    expect(world.writes()).toHaveLength(begun ?? 0);
    world.writer.lead(true);
    await world.settle();
    expect(world.changes).toHaveLength(30);
  });

  it("neither reads nor writes after a conflict that told that another replica leads", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    server.fail(
      () => {
        world.writer.lead(false);
        return true;
      },
      { status: 409 },
      1,
    );
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(10_000, 1_000);
    expect(server.requests).toHaveLength(1);
  });

  it("writes nothing while the lease may have run out, and goes on when it has not", async () => {
    putRoute(server, "cart");
    let mayWrite = false;
    const world = startLeader({ mayWrite: () => mayWrite });
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    await world.pass(3_000);
    expect(world.writes()).toEqual([]);
    mayWrite = true;
    await world.pass(2_000);
    expect(world.writes()).toHaveLength(1);
  });

  it("begins nothing after it was stopped", async () => {
    putRoute(server, "cart");
    const world = startLeader();
    await world.writer.stop();
    world.writer.update(routeKey("cart"), routeUpdate("cart"));
    world.writer.lead(true);
    await world.pass(5_000);
    expect(world.writes()).toEqual([]);
  });
});

it("asks for the version of a kind that the API server serves", async () => {
  putRoute(server, "cart");
  const world = startLeader({ servedVersion: () => "v1beta1" });
  world.writer.update(routeKey("cart"), routeUpdate("cart"));
  await world.settle();
  expect(world.writes()[0]?.path).toBe(
    "/apis/gateway.networking.k8s.io/v1beta1/namespaces/shop/httproutes/cart/status",
  );
});
