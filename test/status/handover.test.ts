import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ObjectStatus } from "../../src/core/object-status.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { ManualScheduler } from "../support/manual-scheduler.ts";
import { gateway, gatewayUpdate, putGateway, StatusWorld } from "./status-world.ts";

let server: FakeApiServer;
let scheduler: ManualScheduler;
let first: StatusWorld;
let second: StatusWorld;

beforeEach(async () => {
  server = await startFakeApiServer();
  scheduler = new ManualScheduler();
  first = new StatusWorld(server, { scheduler });
  second = new StatusWorld(server, { scheduler });
});

afterEach(() => server.stop());

async function pass(milliseconds: number): Promise<void> {
  for (let gone = 0; gone < milliseconds; gone += 500) {
    await first.pass(500, 500);
    second.observe();
    await second.settle();
  }
}

/** Statuses of Programmed that were written, in their order. */
function programmedWrites(): readonly (string | undefined)[] {
  return server.requests.map(({ body }) => {
    const { status } = body as { readonly status: ObjectStatus }; // our own patch
    return status.conditions?.find(({ type }) => type === "Programmed")?.status;
  });
}

/** The only proxy is connected to the second replica; the first leads and hears of it. */
async function beginWithFirst(): Promise<void> {
  putGateway(server);
  for (const world of [first, second]) world.observe();
  second.writer.update(gateway, gatewayUpdate({ programming: "programmed" }));
  first.writer.update(gateway, gatewayUpdate({ programming: "noProxies" }));
  first.writer.lead(true);
  await first.settle();
  first.writer.update(gateway, gatewayUpdate({ programming: "programmed" }));
  await pass(2_000);
}

describe("two replicas", () => {
  it("tells in one write what a proxy of the replica acknowledged that does not lead", async () => {
    await beginWithFirst();
    expect(programmedWrites()).toEqual(["True"]);
  });

  it("takes nothing back when the leader is killed whose successor has the proxy", async () => {
    await beginWithFirst();
    await first.writer.stop();
    second.writer.lead(true);
    await pass(60_000);
    expect(programmedWrites()).toEqual(["True"]);
  });

  it("takes nothing back when the replica with the proxy leads no more, until the other has reported", async () => {
    await beginWithFirst();
    first.writer.lead(false);
    // A follower is told nothing: for a minute it has seen no proxy at all.
    first.writer.update(gateway, gatewayUpdate({ programming: "noProxies", address: "" }));
    await pass(60_000);
    first.writer.lead(true);
    await pass(20_000);
    first.writer.update(gateway, gatewayUpdate({ programming: "waiting", address: "" }));
    await pass(60_000);
    first.writer.update(gateway, gatewayUpdate({ programming: "programmed" }));
    await pass(5_000);
    expect(programmedWrites()).toEqual(["True"]);
    expect(first.statusOf(gateway).addresses).toEqual([{ type: "IPAddress", value: "10.0.0.1" }]);
  });

  it("takes nothing back when the proxy's stream moves from one replica to the other", async () => {
    await beginWithFirst();
    for (const programming of ["noProxies", "waiting", "programmed", "noProxies", "programmed"] as const) {
      first.writer.update(gateway, gatewayUpdate({ programming }));
      await pass(10_000);
    }
    expect(programmedWrites()).toEqual(["True"]);
  });

  it("takes it back once, 30 s after the last proxy went", async () => {
    await beginWithFirst();
    first.writer.update(gateway, gatewayUpdate({ programming: "noProxies" }));
    await pass(29_000);
    expect(programmedWrites()).toEqual(["True"]);
    await pass(60_000);
    expect(programmedWrites()).toEqual(["True", "False"]);
  });

  it("counts its 30 s anew when it leads again", async () => {
    await beginWithFirst();
    first.writer.update(gateway, gatewayUpdate({ programming: "noProxies" }));
    await pass(20_000);
    first.writer.lead(false);
    await pass(60_000);
    first.writer.lead(true);
    await pass(29_000);
    expect(programmedWrites()).toEqual(["True"]);
    await pass(5_000);
    expect(programmedWrites()).toEqual(["True", "False"]);
  });

  it("takes it back in time also when something else was written meanwhile", async () => {
    await beginWithFirst();
    await first.pass(0);
    first.writer.update(gateway, gatewayUpdate({ programming: "noProxies", attachedRoutes: 5 }));
    // No watch tells of that write: its answer alone counts.
    for (let seconds = 0; seconds < 40; seconds += 1) {
      scheduler.pass(1_000);
      await first.settle();
    }
    // The second write names no conditions: none of them changed.
    expect(programmedWrites()).toEqual(["True", undefined, "False"]);
  });

  it("takes back at once what a proxy refused", async () => {
    await beginWithFirst();
    first.writer.update(gateway, gatewayUpdate({ programming: "settled" }));
    await pass(1_000);
    expect(programmedWrites()).toEqual(["True", "False"]);
  });

  it("writes the same as its forerunner when both believe to lead", async () => {
    await beginWithFirst();
    for (const world of [first, second]) {
      world.writer.lead(true);
      world.writer.update(gateway, gatewayUpdate({ programming: "programmed", attachedRoutes: 7 }));
    }
    await pass(10_000);
    expect(first.changes.length + second.changes.length).toBe(2);
    expect(first.statusOf(gateway).listeners?.[0]?.attachedRoutes).toBe(7);
  });
});

describe("a new generation", () => {
  async function edit(): Promise<void> {
    putGateway(server, { listeners: ["http", "https"] });
    await pass(0);
    for (const world of [first, second]) world.observe();
  }

  it("is written once, every condition together, when it is acknowledged within a second", async () => {
    await beginWithFirst();
    await edit();
    const listeners = ["http", "https"];
    first.writer.update(gateway, gatewayUpdate({ programming: "waiting", generation: 2, listeners }));
    await pass(500);
    expect(programmedWrites()).toEqual(["True"]);
    first.writer.update(gateway, gatewayUpdate({ programming: "programmed", generation: 2, listeners }));
    await pass(5_000);
    expect(programmedWrites()).toEqual(["True", "True"]);
    const conditions = [first.statusOf(gateway), ...(first.statusOf(gateway).listeners ?? [])];
    const generations = conditions.flatMap(({ conditions = [] }) => conditions.map((each) => each.observedGeneration));
    expect(generations).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it("is written as pending after a second, and again when it is acknowledged", async () => {
    await beginWithFirst();
    await edit();
    first.writer.update(gateway, gatewayUpdate({ programming: "waiting", generation: 2 }));
    await pass(5_000);
    expect(programmedWrites()).toEqual(["True", "False"]);
    first.writer.update(gateway, gatewayUpdate({ programming: "programmed", generation: 2 }));
    await pass(5_000);
    expect(programmedWrites()).toEqual(["True", "False", "True"]);
  });
});
