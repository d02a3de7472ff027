import { afterEach, describe, expect, it } from "vitest";
import type { Answer, FakeEnvoy } from "./fake-envoy.ts";
import { forwarder, resource, tableOf } from "./resources.ts";
import { service, settle } from "./stream.case.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

describe("what nobody knows of a client, as after a reconnect", () => {
  let world: World;
  afterEach(() => world.stop());
  const start = async (options: Partial<WorldOptions> = {}) => {
    world = await startWorld({ transport: "delta", patienceMs: 5_000, ...options });
    return world;
  };

  it("O6: what leads to a cluster that was still warming waits until its endpoints are asked for and there", async () => {
    const { connect, set, flush } = await start();
    set(...service("x"), forwarder("l", "x"), forwarder("free", "elsewhere"), tableOf("t", "x"), tableOf("empty"));
    const client = await connectWarming(connect());
    client.resubscribe("listener");
    client.resubscribe("route", "t", "empty");
    expect(names(await client.take("listener"))).toEqual(["free"]);
    expect(names(await client.take("route"))).toEqual(["empty"]);
    client.resubscribe("endpoint", "x");
    const endpoints = await client.next("endpoint");
    await flush(client);
    expect(client.unread()).toEqual([]);
    client.ack(endpoints);
    expect(names(await client.take("listener"))).toEqual(["l"]);
    expect(names(await client.take("route"))).toEqual(["t"]);
  });

  it("O6: a client that asks for the endpoints of its clusters with what it has waits for nothing", async () => {
    const { connect, set } = await start();
    set(...service("x"));
    const client = connect();
    await settle(client, ["x"], []);
    await client.reconnect({ keepVersions: true });
    set(forwarder("l", "x"));
    client.resubscribe("cluster");
    client.resubscribe("endpoint", "x");
    client.resubscribe("listener");
    expect(names(await client.take("listener"))).toEqual(["l"]);
    expect(client.received.map(({ type }) => type)).toEqual(["listener"]);
  });

  it("O6: endpoints that are never asked for, or are gone, hold nothing back for ever", async () => {
    const { connect, set, remove } = await start({ patienceMs: 50 });
    set(...service("x"), ...service("y"), forwarder("l", "x"), forwarder("m", "y"));
    const client = await connectWarming(connect());
    remove("endpoint", "y");
    client.resubscribe("listener");
    const listed = names(await client.take("listener"));
    if (listed.length === 1) listed.push(...names(await client.take("listener")));
    expect(listed.sort()).toEqual(["l", "m"]);
  });

  it("R3: what one stream left in doubt is removed two streams later, though the one between cleared nothing up", async () => {
    const { connect, set, remove } = await start();
    set(resource("cluster", "gone"), resource("cluster", "kept"));
    const client = connect();
    client.subscribe("cluster");
    await client.next("cluster");
    remove("cluster", "gone");
    await client.reconnect({ keepVersions: false });
    client.subscribe("cluster");
    await client.next("cluster");
    await client.reconnect({ keepVersions: false });
    client.subscribe("cluster");
    expect(names(await client.take("cluster"))).toEqual(["kept"]);
    expect((await client.take("cluster")).removed).toEqual(["gone"]);
  });

  it("R3: state of the world: who refused the first answer loses what it had, once the table holds nothing", async () => {
    const { connect, set, remove } = await start({ transport: "sotw" });
    set(resource("cluster", "gone"));
    const client = connect();
    client.subscribe("cluster");
    await client.take("cluster");
    remove("cluster", "gone");
    set(resource("cluster", "bad"));
    await client.reconnect({ keepVersions: true });
    client.resubscribe("cluster");
    const first = await client.next("cluster");
    expect(names(first)).toEqual(["bad"]);
    remove("cluster", "bad");
    client.nack(first, "no");
    expect(names(await client.take("cluster"))).toEqual([]);
  });

  it("O6: no cluster goes that a listener may name of which nobody knows which form the client has", async () => {
    const { connect, set, remove, flush } = await start();
    set(...service("x"), ...service("y"));
    const client = connect();
    await settle(client, ["x", "y"], []);
    set(resource("listener", "bad"), forwarder("l", "x"));
    client.nack(await client.next("listener"), "no");
    const trial = await client.next("listener");
    expect(names(trial)).toEqual(["bad"]);
    set(forwarder("l", "y"));
    remove("cluster", "x");
    client.nack(trial, "no");
    const newer = await client.next("listener");
    expect(names(newer)).toEqual(["l"]);
    client.nack(newer, "no");
    await flush(client);
    expect(client.unread()).toEqual([]);
    set(forwarder("l", "y", "mended"));
    await client.take("listener");
    expect((await client.take("cluster")).removed).toEqual(["x"]);
  });
});

/** Connects again as an Envoy does that has clusters and waits for their endpoints. */
async function connectWarming(client: FakeEnvoy): Promise<FakeEnvoy> {
  client.subscribe("cluster");
  await client.take("cluster");
  await client.reconnect({ keepVersions: true });
  client.resubscribe("cluster");
  return client;
}

function names({ resources }: Answer): string[] {
  return [...resources.keys()];
}
