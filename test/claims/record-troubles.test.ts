import { afterEach, expect, it } from "vitest";
import { recordPace } from "../../src/claims/record-writer.ts";
import { hostnameRecordKey, recordName } from "../../src/core/ownership.ts";
import type { FakeApiServer } from "../support/fake-api-server.ts";
import { createServer, replica, stopWorlds } from "./keeper-worlds.ts";

const hour = 3_600_000;

afterEach(stopWorlds);

function unusedSince(server: FakeApiServer, hostname: string): unknown {
  const record = server.get("HostnameRecord", recordName(hostnameRecordKey(hostname)));
  return Reflect.get(Object(record?.["status"]), "unusedSince");
}

it("ends a claim an hour after its last route, whoever leads then", async () => {
  const server = await createServer();
  const world = replica(server);
  world.translation.route("shop/web", "shop.example.com");
  await world.start();
  world.translation.remove("shop/web");
  await world.settle();
  expect(unusedSince(server, "shop.example.com")).toBe("2026-02-02T02:02:02Z");
  await world.pass(hour / 2);
  await world.keeper.stop();
  const next = replica(server);
  next.scheduler.freeze(hour / 2);
  await next.start();
  await next.pass(hour / 2 - 1_000);
  expect(next.stored()).toEqual(["shop.example.com shop"]);
  await next.pass(1_000);
  expect(next.stored()).toEqual([]);
  expect(next.translation.holder("shop.example.com")).toBeUndefined();
  expect(next.writes).toEqual(["delete written"]);
});

it("takes the mark away when it is wanted again", async () => {
  const server = await createServer();
  const world = replica(server);
  world.translation.route("shop/web", "shop.example.com");
  await world.start();
  world.translation.remove("shop/web");
  await world.settle();
  await world.pass(hour - 1_000);
  world.translation.route("shop/other", "shop.example.com");
  await world.settle();
  expect(unusedSince(server, "shop.example.com")).toBeUndefined();
  await world.pass(2 * hour);
  expect(world.stored()).toEqual(["shop.example.com shop"]);
  expect(world.writes).toEqual(["create written", "mark written", "mark written"]);
});

it("keeps a hostname from others until its record has ended", async () => {
  const server = await createServer();
  const world = replica(server);
  world.translation.route("shop/web", "shop.example.com");
  await world.start();
  world.translation.remove("shop/web");
  world.translation.route("evil/web", "shop.example.com");
  await world.settle();
  await world.pass(hour - 1_000);
  expect(world.translation.holder("shop.example.com")).toBe("shop");
  await world.pass(1_000);
  expect(world.stored()).toEqual(["shop.example.com evil"]);
  expect(world.translation.holder("shop.example.com")).toBe("evil");
});

it("does not end a record before everything was translated", async () => {
  const server = await createServer();
  const world = replica(server);
  world.translation.route("shop/web", "shop.example.com");
  await world.start();
  await world.keeper.stop();
  const next = replica(server);
  next.watch();
  next.keeper.lead(true);
  await next.keeper.idle();
  expect(next.sent("PATCH")).toEqual([]);
});

it("tells why a record cannot be made, tries again later, and takes that back", async () => {
  const server = await createServer();
  const world = replica(server);
  const end = server.fail(({ method }) => method === "POST", { status: 403, reason: "Forbidden" });
  world.translation.route("shop/web", "shop.example.com");
  await world.start();
  expect(world.translation.problem("shop.example.com")).toBe("the control plane may not create HostnameRecords");
  expect(world.translation.holder("shop.example.com")).toBeUndefined();
  await world.pass(recordPace.retry.first);
  await world.pass(1_000);
  const attempts = world.sent("POST").length;
  expect(attempts).toBeGreaterThan(1);
  expect(attempts).toBeLessThan(5);
  expect(world.translation.problem("shop.example.com")).not.toBeUndefined();
  end();
  await world.pass(60_000);
  await world.pass(100);
  expect(world.translation.holder("shop.example.com")).toBe("shop");
  expect(world.translation.problem("shop.example.com")).toBeUndefined();
  expect(world.log).toEqual(["a HostnameRecord could not be written"]);
});

it("says so where a record of that name is about something else", async () => {
  const server = await createServer();
  const name = recordName(hostnameRecordKey("shop.example.com"));
  const spec = {
    hostname: "other.example.com",
    namespace: "x",
    since: "2025-01-01T00:00:00Z",
    object: "HTTPRoute/x/y",
  };
  server.put("HostnameRecord", { metadata: { name }, spec });
  const world = replica(server);
  world.translation.route("shop/web", "shop.example.com");
  await world.start();
  expect(world.translation.problem("shop.example.com")).toBe("a HostnameRecord of that name is about something else");
});

it("holds claims in memory while the CustomResourceDefinition is missing, and records them when it comes", async () => {
  const server = await createServer({ absent: ["HostnameRecord"] });
  const world = replica(server);
  world.absent = true;
  world.translation.route("shop/web", "shop.example.com");
  world.flush();
  expect(world.translation.holder("shop.example.com")).toBe("shop");
  await world.start();
  await world.pass(60_000);
  expect(world.log).toEqual(["the kind is not served: who holds which hostname is kept in memory only"]);
  expect(world.sent()).toEqual([]);
  server.installCrd("HostnameRecord");
  world.absent = false;
  await world.pass(10_000);
  expect(world.stored()).toEqual(["shop.example.com shop"]);
});

it("finds out by itself that the kind is not served", async () => {
  const server = await createServer({ absent: ["HostnameRecord"] });
  const world = replica(server);
  world.translation.route("a/web", "api.example.com", "2026-01-01T00:00:00Z");
  world.translation.route("b/web", "*.example.com", "2026-01-02T00:00:00Z");
  await world.start();
  expect(world.translation.holder("api.example.com")).toBe("a");
  expect(world.translation.holder("*.example.com")).toBe("b");
  expect(world.log).toEqual(["the kind is not served: who holds which hostname is kept in memory only"]);
});

it("ends in memory what nothing wants, an hour later", async () => {
  const server = await createServer({ absent: ["HostnameRecord"] });
  const world = replica(server);
  world.absent = true;
  world.translation.route("shop/web", "shop.example.com");
  await world.start();
  world.translation.remove("shop/web");
  await world.settle();
  await world.pass(hour - 1_000);
  expect(world.translation.holder("shop.example.com")).toBe("shop");
  await world.pass(1_000);
  expect(world.translation.holder("shop.example.com")).toBeUndefined();
});

it("keeps what is wanted when the definition is deleted with all records", async () => {
  const server = await createServer();
  const world = replica(server);
  world.translation.route("shop/web", "shop.example.com");
  await world.start();
  server.removeCrd("HostnameRecord");
  world.absent = true;
  await world.settle();
  expect(world.translation.holder("shop.example.com")).toBe("shop");
});

it("makes nobody wait for a namespace with thousands of hostnames, beyond what is in flight", async () => {
  const server = await createServer();
  const world = replica(server);
  for (let each = 0; each < 2_000; each += 1) world.translation.route(`flood/r${each}`, `h${each}.flood.example`);
  world.flush();
  world.keeper.lead(true);
  world.translation.route("quiet/web", "quiet.example.com", "2026-01-09T00:00:00Z");
  world.flush();
  await world.keeper.idle();
  const order = world.sent("POST").map(({ body }) => JSON.stringify(body).includes("quiet.example.com"));
  expect(order.length).toBe(2_001);
  expect(order.indexOf(true)).toBeLessThanOrEqual(recordPace.concurrency + 1);
});
