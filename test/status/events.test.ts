import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Condition, conditionFalse, conditionTrue } from "../../src/core/conditions.ts";
import type { RawObject } from "../../src/core/kube-client.ts";
import { EventRecorder, eventLimits } from "../../src/status/events.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { CountingClient } from "./counting-client.ts";
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
let world: StatusWorld;
let recorder: EventRecorder;
let client: CountingClient;

beforeEach(async () => {
  server = await startFakeApiServer();
  start();
});

afterEach(async () => {
  recorder.stop();
  await server.stop();
});

/** A replica that leads from the start, as after a restart. */
function start(): void {
  world = new StatusWorld(server, { onWritten: (change) => recorder.record(change) });
  client = new CountingClient(server.clientOf("events"));
  recorder = new EventRecorder({
    client,
    controllerName: ours,
    reportingInstance: "gatehouse-0",
    now: () => new Date(Date.parse("2026-02-02T00:00:00Z") + world.scheduler.now()),
    scheduler: world.scheduler,
    random: () => 0.5,
    log: { debug: () => {} },
  });
  world.writer.lead(true);
}

function refused(reason = "NotAllowedByListeners", message = "the namespace is not allowed"): Condition {
  return conditionFalse("Accepted", 1, { reason, message });
}

async function write(name: string, condition: Condition): Promise<void> {
  world.writer.update(routeKey(name), routeUpdate(name, [condition]));
  await world.settle();
}

/** The Events that there are once every request for one is answered. */
async function events(): Promise<readonly RawObject[]> {
  await world.settle();
  await client.idle();
  return server.list("Event");
}

function eventRequests(): number {
  return server.requests.filter(({ path }) => path.includes("/events")).length;
}

describe("Events", () => {
  it("tell of a refusal on the object, and of its recovery", async () => {
    const { metadata } = putRoute(server, "cart");
    world.observe();
    await write("cart", refused());
    await write("cart", conditionTrue("Accepted", 1));
    expect(await events()).toMatchObject([
      {
        metadata: { namespace: "shop" },
        type: "Warning",
        reason: "NotAllowedByListeners",
        action: "Refuse",
        note: "Gateway infra/shared: the namespace is not allowed",
        regarding: { kind: "HTTPRoute", namespace: "shop", name: "cart", uid: metadata.uid },
        reportingController: ours,
        reportingInstance: "gatehouse-0",
      },
      { type: "Normal", reason: "Accepted", note: "Gateway infra/shared: Accepted is True" },
    ]);
  });

  it("tell nothing after a restart, nor of what was right from the start", async () => {
    putRoute(server, "cart");
    putRoute(server, "fine");
    world.observe();
    await write("cart", refused());
    await write("fine", conditionTrue("Accepted", 1));
    expect(await events()).toHaveLength(1);
    recorder.stop();
    start();
    world.observe();
    await write("cart", refused());
    await world.pass(5_000);
    expect(await events()).toHaveLength(1);
  });

  it("tell nothing that the API server did not take", async () => {
    putRoute(server, "cart");
    world.observe();
    server.fail(/status$/, { status: 422 });
    await write("cart", refused());
    expect(await events()).toEqual([]);
  });

  it("tell the recovery of a Gateway also when it waited in between, and nothing of mere waiting", async () => {
    putGateway(server);
    world.observe();
    const say = async (programming: Parameters<typeof gatewayUpdate>[0]["programming"]) => {
      world.writer.update(gateway, gatewayUpdate({ programming }));
      await world.pass(2_000);
    };
    for (const stage of ["waiting", "programmed"] as const) await say(stage);
    expect(await events()).toEqual([]);
    for (const stage of ["settled", "waiting", "programmed"] as const) await say(stage);
    const told = (await events()).map(({ type, note }) => `${type} ${note}`);
    expect(told).toEqual([
      "Warning Programmed is False",
      "Warning Listener http: Programmed is False",
      "Normal Programmed is True",
      "Normal Listener http: Programmed is True",
    ]);
  });

  it("are counted when they come again, with one request in ten minutes", async () => {
    putRoute(server, "cart");
    world.observe();
    for (let times = 0; times < 10; times += 1) {
      await write("cart", refused());
      await write("cart", conditionTrue("Accepted", 1));
    }
    await events();
    expect(eventRequests()).toBe(2);
    await world.pass(eventLimits.series, 60_000);
    const [warning] = await events();
    expect(warning).toMatchObject({ series: { count: 10, lastObservedTime: "2026-02-02T00:00:00.000000Z" } });
    expect(eventRequests()).toBe(4);
  });

  it("are new again when the API server has forgotten them", async () => {
    putRoute(server, "cart");
    world.observe();
    await write("cart", refused());
    for (const { metadata } of await events()) server.remove("Event", `shop/${metadata.name}`);
    await write("cart", conditionTrue("Accepted", 1));
    await write("cart", refused());
    await world.pass(eventLimits.series, 60_000);
    await events();
    await write("cart", conditionTrue("Accepted", 1));
    await write("cart", refused());
    const warnings = (await events()).filter(({ type }) => type === "Warning");
    expect(warnings).toHaveLength(1);
  });

  it("of one object are limited, so that it crowds out no other", async () => {
    putRoute(server, "noisy");
    putRoute(server, "quiet");
    world.observe();
    for (let times = 0; times < 100; times += 1) await write("noisy", refused(`Reason${times}`));
    await write("quiet", refused());
    const names = (await events()).map(({ regarding }) => (regarding as { readonly name: string }).name); // of ours
    expect(names.filter((name) => name === "noisy")).toHaveLength(eventLimits.burst);
    expect(names.filter((name) => name === "quiet")).toHaveLength(1);
  });

  it("hold no status up when they cannot be recorded, and lose the oldest when there are too many", async () => {
    server.fail(/\/events/, "hang", 1);
    const names = Array.from({ length: eventLimits.queue + 50 }, (_, index) => `route-${index}`);
    for (const name of names) putRoute(server, name);
    world.observe();
    for (const name of names) world.writer.update(routeKey(name), routeUpdate(name, [refused()]));
    await world.settle();
    expect(world.changes).toEqual([]);
    expect(world.statusOf(routeKey("route-1049")).parents).toHaveLength(1);
    expect(recorder.waiting).toBe(eventLimits.queue);
  });

  it("are tried a few times", async () => {
    putRoute(server, "cart");
    world.observe();
    server.fail(/\/events/, { status: 503 }, 2);
    await write("cart", refused());
    for (let times = 0; times < 5; times += 1) {
      await events();
      await world.pass(5_000, 5_000);
    }
    expect(await events()).toHaveLength(1);
    expect(eventRequests()).toBe(3);
  });

  it("of a namespace that goes are given up", async () => {
    putRoute(server, "cart");
    world.observe();
    server.fail(/\/events/, { status: 403, reason: "Forbidden" });
    await write("cart", refused());
    await world.pass(60_000, 10_000);
    await events();
    expect(eventRequests()).toBe(1);
  });
});
