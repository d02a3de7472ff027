import { afterEach, describe, expect, it } from "vitest";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import { eventually } from "../support/envoy.ts";
import type { Answer } from "./fake-envoy.ts";
import { resource } from "./resources.ts";
import { describeStream, service, settle } from "./stream.case.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

describeStream("delta", {
  O3: "delta names what it removes, so additions and removals are separate responses already (O2)",
});

describe("the delta variant", () => {
  let world: World;
  afterEach(() => world.stop());
  const start = async (options: Partial<WorldOptions> = {}) => {
    world = await startWorld({ transport: "delta", ...options });
    return world;
  };

  it("D1: naming nothing first means everything, for listeners, clusters and scopes only", async () => {
    const { connect, set, flush } = await start();
    set(
      ...["cluster", "listener", "scope", "endpoint", "route"].map((type) =>
        resource(type as XdsResource["type"], "a"),
      ),
    );
    const client = connect();
    for (const type of ["cluster", "listener", "scope"] as const) {
      client.subscribe(type);
      expect(held(await client.take(type))).toEqual(["a"]);
    }
    for (const type of ["endpoint", "route"] as const) client.subscribe(type);
    await flush(client);
    expect(client.unread()).toEqual([]);
  });

  it("D1: `*` means everything, and `*` both subscribed and unsubscribed means nothing", async () => {
    const { connect, set, flush } = await start();
    set(resource("cluster", "a"), resource("route", "a"), resource("listener", "l"));
    const client = connect();
    client.request("route", { resource_names_subscribe: ["*"] });
    expect(held(await client.take("route"))).toEqual(["a"]);
    client.request("cluster", { resource_names_subscribe: ["*"], resource_names_unsubscribe: ["*"] });
    set(resource("cluster", "b"));
    await flush(client);
    expect(client.unread()).toEqual([]);
    client.subscribe("cluster", "b");
    expect(held(await client.take("cluster"))).toEqual(["b"]);
  });

  it("D2: a name joins the wildcard, stays when the wildcard ends, and its end is not a new wildcard", async () => {
    const { connect, set, flush } = await start();
    set(resource("listener", "a"), resource("listener", "b"));
    const client = connect();
    client.subscribe("listener");
    await client.take("listener");
    client.subscribe("listener", "a");
    expect(held(await client.take("listener"))).toEqual(["a"]);
    set(resource("listener", "b", "2"));
    expect(held(await client.take("listener"))).toEqual(["b"]);
    client.unsubscribe("listener", "*");
    await flush(client);
    set(resource("listener", "a", "2"), resource("listener", "b", "3"));
    expect(held(await client.take("listener"))).toEqual(["a"]);
    client.unsubscribe("listener", "a");
    await flush(client);
    set(resource("listener", "a", "3"), resource("listener", "b", "4"));
    await flush(client);
    expect(client.unread()).toEqual([]);
  });

  it("D3: every subscribed name is answered, even at a version that was sent before", async () => {
    const { connect, set } = await start();
    set(resource("endpoint", "a"));
    const client = connect();
    client.subscribe("endpoint", "a");
    const first = await client.take("endpoint");
    client.subscribe("endpoint", "a");
    const second = await client.take("endpoint");
    expect(second.resources).toEqual(first.resources);
    client.unsubscribe("endpoint", "a");
    client.subscribe("endpoint", "a");
    expect((await client.take("endpoint")).resources).toEqual(first.resources);
  });

  it("D4: superfluous names in an unsubscription are ignored, and an unsubscription gets no response", async () => {
    const { connect, set, flush } = await start();
    set(resource("endpoint", "a"), resource("cluster", "c"));
    const client = connect();
    client.subscribe("endpoint", "a");
    await client.take("endpoint");
    client.unsubscribe("endpoint", "never", "a");
    client.subscribe("cluster");
    await client.take("cluster");
    // Never named one by one, so there is nothing to tell.
    client.unsubscribe("cluster", "c", "never");
    set(resource("endpoint", "a", "2"));
    await flush(client);
    expect(client.unread()).toEqual([]);
    set(resource("cluster", "c", "2"));
    await client.take("cluster");
  });

  it("D5: a name that is unsubscribed while the wildcard covers it is answered", async () => {
    const { connect, set } = await start();
    set(resource("cluster", "a"));
    const client = connect();
    client.request("cluster", { resource_names_subscribe: ["*", "a", "missing"] });
    const first = await client.take("cluster");
    const second = first.removed.length > 0 ? first : await client.take("cluster");
    expect(second.removed).toEqual(["missing"]);
    client.unsubscribe("cluster", "a");
    expect(held(await client.take("cluster"))).toEqual(["a"]);
    client.unsubscribe("cluster", "missing");
    expect((await client.take("cluster")).removed).toEqual(["missing"]);
  });

  it("D6: a name that does not exist is answered as removed, once, and sent when it appears", async () => {
    const { connect, set, flush } = await start();
    set(resource("endpoint", "a"));
    const client = connect();
    client.subscribe("endpoint", "missing");
    expect((await client.take("endpoint")).removed).toEqual(["missing"]);
    client.subscribe("endpoint", "a");
    expect((await client.take("endpoint")).removed).toEqual([]);
    set(resource("endpoint", "a", "2"));
    expect((await client.take("endpoint")).removed).toEqual([]);
    await flush(client);
    set(resource("endpoint", "missing"));
    expect(held(await client.take("endpoint"))).toEqual(["missing"]);
  });

  it("D7: a change sends the changed resource and nothing else, however many there are", async () => {
    const { connect, set, server } = await start();
    const many = Array.from({ length: 2000 }, (_, index) => `host-${index}`);
    set(...many.map((name) => resource("scope", name)));
    const client = connect();
    client.subscribe("scope");
    expect((await client.take("scope")).resources.size).toBe(2000);
    const [sent, bytes] = [server.sent("scope"), server.bytes("scope")];
    for (let round = 0; round < 10; round += 1) {
      set(resource("scope", "host-7", `table-${round}`));
      expect(held(await client.take("scope"))).toEqual(["host-7"]);
    }
    expect(server.sent("scope") - sent).toBe(10);
    expect(server.bytes("scope") - bytes).toBeLessThan(10 * 300);
    // The same content once more is no change.
    set(resource("scope", "host-7", "table-9"), resource("scope", "last"));
    expect(held(await client.take("scope"))).toEqual(["last"]);
  });

  it("D8: what is deleted is named: by the wildcard if it was sent, by name if it is subscribed", async () => {
    const { connect, set, remove, flush } = await start();
    set(resource("listener", "a"), resource("listener", "b"), resource("secret", "s"), resource("secret", "t"));
    const client = connect();
    client.subscribe("cluster");
    await client.take("cluster");
    client.subscribe("listener");
    await client.take("listener");
    client.subscribe("secret", "s");
    await client.take("secret");
    remove("listener", "a");
    remove("secret", "s", "t");
    const listeners = await client.take("listener");
    expect([listeners.removed, held(listeners)]).toEqual([["a"], []]);
    expect((await client.take("secret")).removed).toEqual(["s"]);
    await flush(client);
    expect(client.unread()).toEqual([]);
  });

  it("D9: a request without a nonce is taken while a response is in flight", async () => {
    const { connect, set } = await start();
    set(resource("endpoint", "a"), resource("endpoint", "b"));
    const client = connect();
    client.subscribe("endpoint", "a");
    const first = await client.next("endpoint");
    client.subscribe("endpoint", "b");
    client.ack(first);
    expect(held(await client.take("endpoint"))).toEqual(["b"]);
  });

  it("D10: a stale nonce acknowledges nothing, and the subscription beside it counts", async () => {
    const { connect, set, flush } = await start();
    set(resource("endpoint", "a"), resource("endpoint", "b"));
    const client = connect();
    client.subscribe("endpoint", "a");
    const first = await client.take("endpoint");
    set(resource("endpoint", "a", "2"));
    const second = await client.next("endpoint");
    client.request("endpoint", { response_nonce: first.nonce, resource_names_subscribe: ["b"] });
    await flush(client);
    expect(client.unread()).toEqual([]);
    client.ack(second);
    expect(held(await client.take("endpoint"))).toEqual(["b"]);
  });

  it("D11: an acknowledgement and a change of the subscription may come in one request", async () => {
    const { connect, set, flush } = await start();
    set(resource("endpoint", "a"), resource("endpoint", "b"));
    const client = connect();
    client.subscribe("endpoint", "a");
    const first = await client.next("endpoint");
    client.ack(first, { resource_names_subscribe: ["b"], resource_names_unsubscribe: ["a"] });
    expect(held(await client.take("endpoint"))).toEqual(["b"]);
    set(resource("endpoint", "a", "2"));
    await flush(client);
    expect(client.unread()).toEqual([]);
  });

  it("D12: what a client says it holds is not sent again when equal, sent when different, removed when gone", async () => {
    const { connect, set, remove, flush } = await start();
    const all = ["equal", "different", "gone"].map((name) => resource("cluster", name));
    set(...all, resource("endpoint", "equal"));
    const client = connect();
    await settle(client, ["equal"], []);
    set(resource("cluster", "different", "2"));
    await flush(client);
    await client.reconnect({ keepVersions: true });
    remove("cluster", "gone");
    client.request("cluster", {
      initial_resource_versions: Object.fromEntries(all.map(({ name, version }) => [name, version])),
    });
    client.resubscribe("listener");
    expect(held(await client.take("cluster"))).toEqual(["different"]);
    expect((await client.take("cluster")).removed).toEqual(["gone"]);
    // It is knowledge and not a subscription, and it counts in the first request of a type only.
    client.request("endpoint", { initial_resource_versions: { equal: "old" } });
    client.request("cluster", { initial_resource_versions: { equal: "old" } });
    await flush(client);
    expect(client.unread().filter(({ type }) => type !== "listener")).toEqual([]);
    client.subscribe("endpoint", "equal");
    await client.take("endpoint");
  });

  it("D12: clusters that are gone stay until the routes that named them are replaced, after a reconnect too", async () => {
    const { connect, set, remove, flush } = await start();
    set(...service("x"), resource("listener", "l"), resource("route", "r", "x"));
    const client = connect();
    await settle(client, ["x"], ["r"]);
    await flush(client);
    await client.reconnect({ keepVersions: true });
    set(resource("route", "r", "y"), ...service("y"));
    remove("cluster", "x");
    client.resubscribe("cluster");
    expect(held(await client.take("cluster"))).toEqual(["y"]);
    client.resubscribe("endpoint", "x", "y");
    client.resubscribe("listener");
    client.resubscribe("route", "r");
    await client.take("endpoint");
    await client.take("route");
    expect((await client.take("cluster")).removed).toEqual(["x"]);
  });

  it("D13: a restarted server moves nothing that the client holds", async () => {
    await start();
    world.set(...service("x"), resource("listener", "l"), resource("route", "r", "x"), resource("secret", "s"));
    const client = world.connect();
    await settle(client, ["x"], ["r"]);
    await world.flush(client);
    const held = (["cluster", "endpoint", "listener", "route"] as const).map(
      (type) => [type, Object.fromEntries(client.held(type))] as const,
    );
    await client.close();
    await world.restart();
    const again = world.connect();
    for (const [type, versions] of held) {
      const named = type === "cluster" || type === "listener" ? [] : Object.keys(versions);
      again.request(type, { resource_names_subscribe: named, initial_resource_versions: versions });
    }
    await eventually("the proxy is ready", () => world.server.state(world.gateway).readyProxies === 1);
    await world.flush(again);
    expect(again.unread()).toEqual([]);
    expect(world.server.state(world.gateway).listeners.get("l")).toEqual([resource("listener", "l").version]);
  });

  it("D14: every resource tells its name and version", async () => {
    const { connect, set } = await start();
    set(resource("endpoint", "a"), resource("endpoint", "b"));
    const client = connect();
    client.subscribe("endpoint", "a", "b");
    const { resources } = await client.take("endpoint");
    expect([...resources].map(([name, { version }]) => [name, version])).toEqual(
      ["a", "b"].map((name) => [name, resource("endpoint", name).version]),
    );
  });

  it("D15: a removal that was not acknowledged is not believed: a lost one is sent again", async () => {
    const { connect, set, remove, flush } = await start();
    set(resource("secret", "a"));
    const client = connect();
    client.subscribe("secret", "a");
    await client.take("secret");
    remove("secret", "a");
    expect((await client.next("secret")).removed).toEqual(["a"]);
    await client.reconnect({ keepVersions: true });
    client.resubscribe("secret", "a");
    const again = await client.next("secret");
    expect(again.removed).toEqual(["a"]);
    client.nack(again, "I want to keep it");
    set(resource("secret", "b"));
    await flush(client);
    expect(client.unread()).toEqual([]);
    const secrets = () => world.server.streams()[0]?.types.find(({ type }) => type === "secret");
    // The one that it keeps, and four probes.
    await eventually("the last probe is acknowledged", () => secrets()?.acknowledged === 5);
  });

  it("D16: an empty wildcard is answered once, and not again", async () => {
    const { connect, flush } = await start();
    const client = connect();
    client.subscribe("listener");
    const answer = await client.take("listener");
    expect(answer.resources.size + answer.removed.length).toBe(0);
    await flush(client);
    expect(client.unread()).toEqual([]);
  });

  it("D17: a request with the versions of 100,000 resources is taken", async () => {
    const { connect, set } = await start();
    set(resource("endpoint", "a"));
    const client = connect();
    const versions = Array.from({ length: 100_000 }, (_, index) => [
      `namespace-with-a-long-name/service-${index}`,
      "0123456789abcdef",
    ]);
    client.request("endpoint", {
      resource_names_subscribe: ["a"],
      initial_resource_versions: Object.fromEntries(versions),
    });
    expect(held(await client.take("endpoint"))).toEqual(["a"]);
  });

  it("D11: names that are dropped with the acknowledgement are forgotten with it", async () => {
    const { connect, set, flush } = await start();
    set(resource("endpoint", "a"));
    const client = connect();
    client.subscribe("endpoint", "a");
    const answer = await client.next("endpoint");
    client.ack(answer, { resource_names_unsubscribe: ["a"] });
    set(resource("endpoint", "a", "2"));
    await flush(client);
    expect(client.unread()).toEqual([]);
    client.subscribe("endpoint", "a");
    expect((await client.take("endpoint")).resources.get("a")?.version).toBe(resource("endpoint", "a", "2").version);
  });

  it("R3: one bad cluster among 5,000 is found in 2·log2(n) + 2 responses, and the other 4,999 are there", async () => {
    const { connect, set, server } = await start();
    const all = Array.from({ length: 5_000 }, (_, index) => `c${index}`);
    set(...all.map((name) => resource("cluster", name)));
    const client = connect();
    client.subscribe("cluster");
    while (client.held("cluster").size < 4_999) {
      const answer = await client.next("cluster");
      if (answer.resources.has("c3141")) client.nack(answer, "something is bad");
      else client.ack(answer);
    }
    expect(server.sent("cluster")).toBeLessThanOrEqual(2 * Math.log2(5_000) + 2);
    expect(client.held("cluster").has("c3141")).toBe(false);
  });

  it("R3: a refused response of a wildcard type is narrowed down too, and the rest of the ladder follows", async () => {
    const { connect, set, flush } = await start();
    set(...service("good"), ...service("bad"), resource("listener", "l"), resource("route", "r", "good"));
    const client = connect();
    client.subscribe("cluster");
    client.nack(await client.next("cluster"), "one of them is bad");
    for (let round = 0; round < 2; round += 1) {
      const answer = await client.next("cluster");
      expect(answer.resources.size).toBe(1);
      if (answer.resources.has("bad")) client.nack(answer, "bad");
      else client.ack(answer);
    }
    client.subscribe("endpoint", "good");
    client.subscribe("listener");
    await client.take("endpoint");
    await client.take("listener");
    client.subscribe("route", "r");
    await client.take("route");
    await flush(client);
    expect(client.unread()).toEqual([]);
    await eventually("the proxy is ready", () => world.server.state(world.gateway).readyProxies === 1);
  });

  it("R3: a removal never comes in one response with an addition", async () => {
    const { connect, set, remove } = await start();
    set(resource("scope", "a"), resource("scope", "b"));
    const client = connect();
    client.subscribe("listener");
    await client.take("listener");
    client.subscribe("scope");
    await client.take("scope");
    set(resource("scope", "c"));
    remove("scope", "a", "b");
    const added = await client.take("scope");
    expect([held(added), added.removed]).toEqual([["c"], []]);
    const removed = await client.take("scope");
    expect([held(removed), [...removed.removed].sort()]).toEqual([[], ["a", "b"]]);
  });
});

function held({ resources }: Answer): readonly string[] {
  return [...resources.keys()].sort();
}
