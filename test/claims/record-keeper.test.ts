import { afterEach, expect, it } from "vitest";
import { holdingOfChoice } from "../../src/claims/choose-holders.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import { hostnameRecordKey, recordName, recordOf } from "../../src/core/ownership.ts";
import type { FakeApiServer } from "../support/fake-api-server.ts";
import { createServer, replica, stopWorlds } from "./keeper-worlds.ts";

afterEach(stopWorlds);

function putRecord(server: FakeApiServer, hostname: string, namespace: string, name?: string): void {
  const key = hostnameRecordKey(hostname);
  const object = objectKey("HTTPRoute", namespacedName(namespace, "first"));
  const candidate = { namespace, object, createdAt: "2025-01-01T00:00:00Z" };
  const record = recordOf(holdingOfChoice({ want: { key, hostname, candidates: [] }, candidate }, candidate.createdAt));
  server.put("HostnameRecord", { metadata: { name: name ?? record.metadata.name }, spec: record.spec });
}

it("holds a first claim once its record exists: one create a hostname, by the leader only", async () => {
  const server = await createServer();
  const follower = replica(server);
  const leader = replica(server);
  for (const { translation } of [follower, leader]) translation.route("shop/web", "shop.example.com");
  await follower.start({ leads: false });
  expect(follower.translation.holder("shop.example.com")).toBeUndefined();
  expect(server.list("HostnameRecord")).toEqual([]);
  await leader.start();
  await follower.settle();
  expect(leader.translation.holder("shop.example.com")).toBe("shop");
  expect(follower.translation.holder("shop.example.com")).toBe("shop");
  expect(leader.sent().map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /apis/gatehouse.dev/v1alpha1/hostnamerecords",
  ]);
  expect(server.list("HostnameRecord")[0]?.["spec"]).toEqual({
    hostname: "shop.example.com",
    namespace: "shop",
    since: "2026-02-02T02:02:02Z",
    object: "HTTPRoute/shop/web",
  });
});

it("holds it from the answer, before the watch tells of it", async () => {
  const world = replica(await createServer());
  world.translation.route("shop/web", "shop.example.com");
  world.flush();
  world.keeper.lead(true);
  await world.keeper.idle();
  expect(world.translation.holder("shop.example.com")).toBe("shop");
});

it("writes nothing at rest, nor after a restart", async () => {
  const server = await createServer();
  const before = replica(server);
  for (const name of ["a", "b", "c"]) before.translation.route(`shop/${name}`, `${name}.example.com`);
  await before.start();
  const count = server.requests.length;
  await before.pass(10_000_000);
  await before.keeper.stop();
  const after = replica(server);
  for (const name of ["a", "b", "c"]) after.translation.route(`shop/${name}`, `${name}.example.com`);
  await after.start();
  await after.pass(10_000_000);
  expect(server.requests.length).toBe(count);
  expect(after.translation.holder("b.example.com")).toBe("shop");
});

it("lets the API server settle a race: two replicas that both think they lead make one record", async () => {
  const server = await createServer();
  const [one, two] = [replica(server), replica(server)];
  one.translation.route("shop/web", "shop.example.com");
  two.translation.route("evil/web", "shop.example.com");
  for (const world of [one, two]) {
    world.flush();
    world.keeper.lead(true);
  }
  await Promise.all([one.keeper.idle(), two.keeper.idle()]);
  one.translation.route("evil/web", "shop.example.com");
  two.translation.route("shop/web", "shop.example.com");
  for (const world of [one, two]) await world.settle();
  expect(one.stored()).toHaveLength(1);
  const winner = one.stored()[0]?.split(" ")[1];
  expect(one.translation.holder("shop.example.com")).toBe(winner);
  expect(two.translation.holder("shop.example.com")).toBe(winner);
  expect([...one.writes, ...two.writes].sort()).toEqual(["create lost", "create written"]);
  expect(server.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
});

it("goes on where a leader was lost between two records", async () => {
  const server = await createServer();
  const [one, two] = [replica(server), replica(server)];
  for (const { translation } of [one, two]) {
    translation.route("shop/a", "a.example.com", "2026-01-01T00:00:00Z");
    translation.route("shop/b", "b.example.com", "2026-01-02T00:00:00Z");
  }
  const end = server.fail(
    ({ method, body }) => method === "POST" && JSON.stringify(body).includes("b.example"),
    "reset",
  );
  await one.start();
  one.keeper.lead(false);
  end();
  await two.start();
  await one.settle();
  expect(two.stored()).toEqual(["a.example.com shop", "b.example.com shop"]);
  expect(one.translation.holder("b.example.com")).toBe("shop");
  expect(two.sent("POST").filter(({ body }) => JSON.stringify(body).includes("a.example"))).toHaveLength(1);
});

it("records the oldest first where several want the same, and what overlaps one after the other", async () => {
  const world = replica(await createServer());
  world.translation.route("late/web", "shop.example.com", "2026-01-03T00:00:00Z");
  world.translation.route("early/web", "shop.example.com", "2026-01-02T00:00:00Z");
  world.translation.route("below/web", "api.wide.example", "2026-01-03T00:00:00Z");
  world.translation.route("wide/web", "*.wide.example", "2026-01-02T00:00:00Z");
  world.translation.route("first/web", "api.other.example", "2026-01-01T00:00:00Z");
  world.translation.route("second/web", "*.other.example", "2026-01-02T00:00:00Z");
  await world.start();
  expect(world.stored()).toEqual([
    "*.other.example second",
    "*.wide.example wide",
    "api.other.example first",
    "shop.example.com early",
  ]);
});

it("holds at once what was served before, without a leader, and records it afterwards", async () => {
  const server = await createServer();
  const world = replica(server);
  world.translation.route("shop/web", "shop.example.com", "2026-01-02T00:00:00Z");
  world.translation.route("evil/web", "shop.example.com", "2025-01-01T00:00:00Z");
  world.translation.route("evil/wild", "*.example.com", "2025-01-01T00:00:00Z");
  world.served.add("HTTPRoute/shop/web");
  await world.start({ leads: false });
  expect(world.translation.holder("shop.example.com")).toBe("shop");
  expect(world.translation.holder("*.example.com")).toBeUndefined();
  world.keeper.lead(true);
  await world.settle();
  expect(world.stored()).toEqual(["*.example.com evil", "shop.example.com shop"]);
  expect(world.translation.holder("shop.example.com")).toBe("shop");
});

it("holds all that was served before, also what overlaps, in one flush", async () => {
  const world = replica(await createServer());
  world.translation.route("a/web", "api.example.com", "2026-01-01T00:00:00Z");
  world.translation.route("b/web", "*.example.com", "2026-01-02T00:00:00Z");
  for (const name of ["a", "b"]) world.served.add(`HTTPRoute/${name}/web`);
  world.flush();
  expect(world.translation.holder("api.example.com")).toBe("a");
  expect(world.translation.holder("*.example.com")).toBe("b");
});

it("makes a record anew that somebody deletes while it is wanted; it is held all the time", async () => {
  const server = await createServer();
  const world = replica(server);
  putRecord(server, "shop.example.com", "shop");
  world.translation.route("shop/web", "shop.example.com");
  await world.start();
  server.remove("HostnameRecord", recordName(hostnameRecordKey("shop.example.com")));
  world.watch();
  expect(world.translation.holder("shop.example.com")).toBe("shop");
  await world.settle();
  expect(world.translation.holder("shop.example.com")).toBe("shop");
  expect(server.list("HostnameRecord")[0]?.["spec"]).toMatchObject({
    since: "2025-01-01T00:00:00Z",
    object: "HTTPRoute/shop/first",
  });
  expect(world.sent("POST")).toHaveLength(1);
});

it("gives a record to whom a HostnameClaim grants the hostname, and says so once", async () => {
  const server = await createServer();
  const world = replica(server);
  putRecord(server, "shop.example.com", "old");
  world.translation.route("old/web", "shop.example.com");
  world.translation.route("new/web", "shop.example.com");
  await world.start();
  world.translation.grant("shop.example.com", "new");
  world.flush();
  await world.settle();
  expect(world.stored()).toEqual(["shop.example.com new"]);
  expect(world.translation.holder("shop.example.com")).toBe("new");
  expect(world.sent().map(({ method }) => method)).toEqual(["DELETE", "POST"]);
  expect(world.overridden.map(({ before, after }) => [before.namespace, after.namespace])).toEqual([["old", "new"]]);
});

it("does not take a record that others made meanwhile for one that was overridden", async () => {
  const server = await createServer();
  const world = replica(server);
  world.translation.route("slow/web", "shop.example.com");
  await world.start({ leads: false });
  putRecord(server, "shop.example.com", "fast");
  world.watch();
  world.keeper.lead(true);
  await world.settle();
  expect(world.stored()).toEqual(["shop.example.com fast"]);
  expect([...world.sent("DELETE"), ...world.sent("POST")]).toEqual([]);
});

it("takes records that were made by hand under other names, and holds on to what is left", async () => {
  const server = await createServer();
  const world = replica(server);
  putRecord(server, "shop.example.com", "shop", "by-hand");
  await world.start();
  expect(world.translation.holder("shop.example.com")).toBe("shop");
  world.translation.route("shop/web", "shop.example.com");
  await world.settle();
  server.remove("HostnameRecord", "by-hand");
  await world.settle();
  expect(world.translation.holder("shop.example.com")).toBe("shop");
  expect(world.stored()).toEqual(["shop.example.com shop"]);
});
