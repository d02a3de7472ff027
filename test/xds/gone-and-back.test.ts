import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../support/envoy.ts";
import type { Answer, FakeEnvoy } from "./fake-envoy.ts";
import { forwarder, resource } from "./resources.ts";
import { service } from "./stream.case.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

describe("what was on its way when it went, and what comes back", () => {
  let world: World;
  afterEach(() => world.stop());
  const start = async (options: WorldOptions) => {
    world = await startWorld({ patienceMs: 5_000, ...options });
    return world;
  };

  it.each(["delta", "sotw"] as const)(
    "S10, %s: a cluster that was on its way when its Gateway went holds up no listener once that is back",
    async (transport) => {
      const { connect, set, remove, table, gateway } = await start({ transport });
      set(...service("x"));
      const client = connect();
      client.subscribe("cluster");
      const clusters = await client.next("cluster");
      table.removeFleet(gateway);
      remove("cluster", "x");
      remove("endpoint", "x");
      await Promise.resolve();
      table.addFleet(gateway);
      set(resource("listener", "l"));
      client.ack(clusters);
      client.subscribe("endpoint", "x");
      client.subscribe("listener");
      expect(names(await client.take("listener"))).toEqual(["l"]);
    },
  );

  it("S10: a listener that was on its way when its Gateway went goes before another may take its address", async () => {
    const { connect, set, remove, table, gateway } = await start({ transport: "delta" });
    set(resource("listener", "old"));
    const client = connect();
    for (const type of ["cluster", "scope"] as const) {
      client.subscribe(type);
      await client.take(type);
    }
    client.subscribe("listener");
    const listeners = await client.next("listener");
    table.removeFleet(gateway);
    remove("listener", "old");
    set(resource("listener", "new"));
    await Promise.resolve();
    table.addFleet(gateway);
    await Promise.resolve();
    client.ack(listeners);
    expect((await client.take("listener")).removed).toEqual(["old"]);
    expect(names(await client.take("listener"))).toEqual(["new"]);
  });

  it("S10: of what was refused and went with its Gateway nothing is kept", async () => {
    const { connect, set, remove, table, gateway, server } = await start({ transport: "delta" });
    set(resource("cluster", "bad"));
    const client = connect();
    client.subscribe("cluster");
    client.nack(await client.next("cluster"), "no");
    const kept = () => server.streams()[0]?.types[0]?.kept;
    await eventually("the server knows of the refusal", () => server.streams()[0]?.types[0]?.inFlight === false);
    expect(kept()).toBeGreaterThan(0);
    table.removeFleet(gateway);
    await Promise.resolve();
    remove("cluster", "bad");
    await Promise.resolve();
    table.addFleet(gateway);
    await Promise.resolve();
    expect(kept()).toBe(0);
  });

  it("O6: what leads to a cluster that is there again waits until a client that still has it asks for its endpoints", async () => {
    const { connect, set, remove } = await start({ transport: "delta" });
    set(...service("x"), forwarder("free", "elsewhere"));
    const client = connect();
    client.subscribe("cluster");
    await client.take("cluster");
    await client.reconnect({ keepVersions: true });
    remove("cluster", "x");
    remove("endpoint", "x");
    client.resubscribe("cluster");
    client.resubscribe("listener");
    expect(names(await client.take("listener"))).toEqual(["free"]);
    set(...service("x"), forwarder("l", "x"));
    client.resubscribe("endpoint", "x");
    await expectListenerWithEndpoints(world, client);
  });

  it("O6: endpoints that go and come back while their cluster is on its way are waited for", async () => {
    const { connect, set, remove } = await start({ transport: "delta" });
    set(...service("x"));
    const client = connect();
    client.subscribe("cluster");
    const clusters = await client.next("cluster");
    remove("cluster", "x");
    remove("endpoint", "x");
    await Promise.resolve();
    set(...service("x"), forwarder("l", "x"), forwarder("free", "elsewhere"));
    client.subscribe("listener");
    expect(names(await client.take("listener"))).toEqual(["free"]);
    client.ack(clusters);
    client.subscribe("endpoint", "x");
    await expectListenerWithEndpoints(world, client);
  });

  it("O6: endpoints that a client has had no time to ask for are waited for, though it was waited in vain for others", async () => {
    const { connect, set } = await start({ transport: "delta", patienceMs: 500 });
    set(resource("cluster", "x", "bad"), ...service("unasked"), forwarder("m", "unasked"));
    set(resource("endpoint", "x"));
    const client = connect();
    client.subscribe("cluster");
    client.nack(await client.next("cluster"), "Error adding/updating cluster(s) x: it is bad");
    expect(names(await client.take("cluster"))).toEqual(["unasked"]);
    client.subscribe("listener");
    // By now nobody waits for the endpoints of the other one.
    expect(names(await client.take("listener"))).toEqual(["m"]);
    set(resource("cluster", "x", "mended"), forwarder("l", "x"));
    expect(names(await client.take("cluster"))).toEqual(["x"]);
    client.subscribe("endpoint", "x");
    await expectListenerWithEndpoints(world, client);
  });

  it("O6: endpoints of a cluster that a client has yet to acknowledge are waited for, though it was waited in vain for others", async () => {
    const { connect, set } = await start({ transport: "delta", patienceMs: 500 });
    set(...service("unasked"));
    const client = connect();
    client.subscribe("cluster");
    await client.take("cluster");
    await client.reconnect({ keepVersions: true });
    set(...service("x"), forwarder("m", "unasked"), forwarder("l", "x"));
    client.resubscribe("cluster");
    const clusters = await client.next("cluster");
    expect(names(clusters)).toEqual(["x"]);
    client.resubscribe("listener");
    // By now nobody waits for the endpoints of the other one.
    expect(names(await client.take("listener"))).toEqual(["m"]);
    client.ack(clusters);
    client.subscribe("endpoint", "x");
    await expectListenerWithEndpoints(world, client);
  });
});

/** The listener that leads to a cluster comes with the acknowledgement of its endpoints, and no sooner. */
async function expectListenerWithEndpoints({ flush }: World, client: FakeEnvoy): Promise<void> {
  const endpoints = await client.next("endpoint");
  await flush(client);
  expect(client.unread()).toEqual([]);
  client.ack(endpoints);
  expect(names(await client.take("listener"))).toEqual(["l"]);
}

function names({ resources }: Answer): string[] {
  return [...resources.keys()];
}
