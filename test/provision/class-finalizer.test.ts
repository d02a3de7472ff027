import { afterEach, describe, expect, it } from "vitest";
import { ClassFinalizer, gatewayExistsFinalizer } from "../../src/provision/class-finalizer.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { ManualScheduler } from "./provision-world.ts";

const servers: FakeApiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(finalizers: readonly string[] = []) {
  const server = await startFakeApiServer();
  servers.push(server);
  const scheduler = new ManualScheduler();
  const refusals: string[] = [];
  const finalizer = new ClassFinalizer({
    client: server.client,
    scheduler,
    random: () => 0,
    onRefused: (name, message) => refusals.push(`${name}: ${message}`),
  });
  server.put("GatewayClass", { metadata: { name: "ours", finalizers }, spec: { controllerName: "a/b" } });
  const see = () => finalizer.observe("ours", server.get("GatewayClass", "ours"));
  see();
  return {
    server,
    scheduler,
    finalizer,
    refusals,
    see,
    finalizers: () => server.get("GatewayClass", "ours")?.metadata.finalizers,
  };
}

describe("the finalizer of a class", () => {
  it("is set while Gateways use it and taken when none does, beside those of others, with one write each", async () => {
    const { server, finalizer, finalizers, see } = await start(["other/finalizer"]);
    finalizer.lead(true);
    finalizer.setUse("ours", true);
    await finalizer.idle();
    expect(finalizers()).toEqual(["other/finalizer", gatewayExistsFinalizer]);
    see();
    finalizer.setUse("ours", true);
    await finalizer.idle();
    expect(server.requests).toHaveLength(1);
    finalizer.setUse("ours", false);
    await finalizer.idle();
    expect(finalizers()).toEqual(["other/finalizer"]);
    expect(server.requests).toHaveLength(2);
  });

  it("keeps a class that is in use from being deleted, and lets it go with the last Gateway", async () => {
    const { server, finalizer, see } = await start();
    finalizer.lead(true);
    finalizer.setUse("ours", true);
    await finalizer.idle();
    server.remove("GatewayClass", "ours");
    see();
    await finalizer.idle();
    expect(server.get("GatewayClass", "ours")?.metadata.deletionTimestamp).toBeDefined();
    finalizer.setUse("ours", false);
    await finalizer.idle();
    expect(server.get("GatewayClass", "ours")).toBeUndefined();
  });

  it("is written by the leader only, and never on a class that is none of ours or is being deleted", async () => {
    const { server, finalizer, see } = await start(["other/finalizer"]);
    finalizer.setUse("ours", true);
    await finalizer.idle();
    finalizer.setUse("ours", undefined);
    finalizer.lead(true);
    await finalizer.idle();
    server.remove("GatewayClass", "ours");
    see();
    finalizer.setUse("ours", true);
    await finalizer.idle();
    expect(server.requests).toEqual([]);
  });

  it("is written with the version that was read: on a conflict the class is read again", async () => {
    const { server, finalizer, finalizers } = await start();
    server.put("GatewayClass", {
      ...server.get("GatewayClass", "ours"),
      metadata: { name: "ours", finalizers: ["new/one"] },
    });
    finalizer.setUse("ours", true);
    finalizer.lead(true);
    await finalizer.idle();
    expect(finalizers()).toEqual(["new/one", gatewayExistsFinalizer]);
    expect(server.requests.map(({ method }) => method)).toEqual(["PATCH", "GET", "PATCH"]);
  });

  it("is tried again later when it is refused, and given up when the class is gone", async () => {
    const { server, scheduler, finalizer, finalizers, refusals } = await start();
    server.fail("gatewayclasses", { status: 403, reason: "Forbidden", message: "not allowed" }, 2);
    finalizer.lead(true);
    finalizer.setUse("ours", true);
    await finalizer.idle();
    expect(refusals).toEqual(["ours: not allowed"]);
    scheduler.advance(500);
    await finalizer.idle();
    scheduler.advance(999);
    await finalizer.idle();
    expect(finalizers() ?? []).toEqual([]);
    scheduler.advance(1);
    await finalizer.idle();
    expect(finalizers()).toEqual([gatewayExistsFinalizer]);
    server.put("GatewayClass", { metadata: { name: "ours", finalizers: [] }, spec: { controllerName: "a/b" } });
    server.remove("GatewayClass", "ours");
    const before = server.requests.length;
    finalizer.setUse("ours", false);
    await finalizer.idle();
    expect(server.requests.length).toBe(before + 1);
    expect(scheduler.untilNext).toBeUndefined();
  });
});
