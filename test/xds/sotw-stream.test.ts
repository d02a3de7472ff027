import { afterEach, describe, expect, it } from "vitest";
import type { ResourceType } from "../../src/core/xds-resource.ts";
import type { Answer } from "./fake-envoy.ts";
import { resource } from "./resources.ts";
import { describeStream, service, settle } from "./stream.case.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

describeStream("sotw", {});

describe("the state-of-the-world variant", () => {
  let world: World;
  afterEach(() => world.stop());
  const start = async (options: Partial<WorldOptions> = {}) => {
    world = await startWorld({ transport: "sotw", ...options });
    return world;
  };

  it("W1: naming nothing first means everything, and so does `*`", async () => {
    const { connect, set } = await start();
    for (const type of wildcards) set(resource(type, "a"));
    for (const resource_names of [[], ["*"]]) {
      const client = connect();
      for (const type of wildcards) {
        client.request(type, { resource_names });
        expect(held(await client.take(type))).toEqual(["a"]);
      }
    }
  });

  it("W2: once something was named, naming nothing means nothing", async () => {
    const { connect, set, flush } = await start();
    set(resource("cluster", "A"), resource("cluster", "B"));
    const client = connect();
    client.request("cluster", {});
    let last = await client.next("cluster");
    expect(held(last)).toEqual(["A", "B"]);
    const ask = (...resource_names: readonly string[]) =>
      client.request("cluster", { resource_names, response_nonce: last.nonce, version_info: last.version });
    ask("*", "A");
    await flush(client);
    expect(client.unread()).toEqual([]);
    set(resource("cluster", "B", "2"));
    last = await client.next("cluster");
    expect(held(last)).toEqual(["A", "B"]);
    ask("A");
    await flush(client);
    set(resource("cluster", "B", "3"));
    await flush(client);
    expect(client.unread()).toEqual([]);
    set(resource("cluster", "A", "2"));
    last = await client.next("cluster");
    expect(held(last)).toEqual(["A"]);
    ask();
    await flush(client);
    set(resource("cluster", "A", "3"));
    await flush(client);
    expect(client.unread()).toEqual([]);
  });

  it("W3: an empty first request for endpoints, tables or secrets asks for nothing", async () => {
    const { connect, set, flush } = await start();
    for (const type of named) set(resource(type, "a"));
    const client = connect();
    for (const type of named) client.subscribe(type);
    set(...named.map((type) => resource(type, "a", "2")));
    await flush(client);
    expect(client.unread()).toEqual([]);
  });

  it("W4: listeners, clusters and scopes come whole every time, and empty when there are none", async () => {
    const { connect, set, remove } = await start();
    const client = connect();
    for (const type of wildcards) {
      client.subscribe(type);
      expect(held(await client.take(type))).toEqual([]);
    }
    for (const type of wildcards) {
      set(resource(type, "a"), resource(type, "b"));
      expect(held(await client.take(type))).toEqual(["a", "b"]);
      set(resource(type, "a", "2"));
      expect(held(await client.take(type))).toEqual(["a", "b"]);
      remove(type, "a", "b");
      expect(held(await client.take(type))).toEqual([]);
    }
  });

  it("W5: of endpoints, tables and secrets only what is new or changed comes, and new names at an old version too", async () => {
    const { connect, set } = await start();
    for (const type of named) set(resource(type, "a"), resource(type, "b"));
    const client = connect();
    for (const type of named) {
      client.subscribe(type, "a");
      const first = await client.take(type);
      expect(held(first)).toEqual(["a"]);
      client.subscribe(type, "b");
      const second = await client.take(type);
      expect([held(second), second.version]).toEqual([["b"], first.version]);
      set(resource(type, "a", "2"));
      expect(held(await client.take(type))).toEqual(["a"]);
    }
  });

  it("W6: an acknowledgement with the same names gets no response", async () => {
    const { connect, set, flush } = await start();
    set(resource("cluster", "a"));
    const client = connect();
    client.subscribe("cluster");
    const answer = await client.take("cluster");
    client.ack(answer);
    client.ack(answer);
    await flush(client);
    expect(client.unread()).toEqual([]);
  });

  it("W7: only error_detail refuses, whatever version_info says", async () => {
    const { connect, set, flush, server } = await start();
    set(resource("endpoint", "a"));
    const client = connect();
    client.subscribe("endpoint", "a");
    const first = await client.next("endpoint");
    client.request("endpoint", { resource_names: ["a"], response_nonce: first.nonce, version_info: "something else" });
    await flush(client);
    expect([server.nacks.length, client.unread().length]).toEqual([0, 0]);
    set(resource("endpoint", "a", "2"));
    const second = await client.next("endpoint");
    const refusal = {
      error_detail: { code: 0, message: "" },
      response_nonce: second.nonce,
      version_info: second.version,
    };
    client.request("endpoint", { resource_names: ["a"], ...refusal });
    await flush(client);
    expect(server.nacks).toEqual(["endpoint"]);
  });

  it("W8: a stale nonce gets no response", async () => {
    const { connect, set, flush } = await start();
    set(resource("endpoint", "a"), resource("endpoint", "b"));
    const client = connect();
    client.subscribe("endpoint", "a");
    const first = await client.take("endpoint");
    set(resource("endpoint", "a", "2"));
    const second = await client.take("endpoint");
    for (const response_nonce of [first.nonce, "", "made up"]) {
      client.request("endpoint", { resource_names: ["a", "b"], response_nonce, version_info: first.version });
    }
    await flush(client);
    expect(client.unread()).toEqual([]);
    client.request("endpoint", { resource_names: ["a", "b"], response_nonce: second.nonce });
    expect(held(await client.take("endpoint"))).toEqual(["b"]);
  });

  it("W9: one response is outstanding at a time, so changed names are seen under constant updates", async () => {
    const { connect, set, server } = await start();
    set(resource("endpoint", "a"), resource("endpoint", "b"));
    const client = connect();
    client.subscribe("endpoint", "a");
    for (let round = 0; round < 4; round += 1) {
      const answer = await client.next("endpoint");
      const sent = server.sent("endpoint");
      for (let update = 0; update < 5; update += 1) {
        set(resource("endpoint", "a", `${round}-${update}`));
        await Promise.resolve();
      }
      expect(server.sent("endpoint")).toBe(sent);
      if (round === 3) client.subscribe("endpoint", "b");
      client.ack(answer);
    }
    expect(held(await client.next("endpoint"))).toContain("b");
  });

  it("W10: names that were added while a response was in flight are served after its acknowledgement", async () => {
    const { connect, set, flush } = await start();
    set(resource("endpoint", "a"), resource("endpoint", "b"));
    const client = connect();
    client.subscribe("endpoint", "a");
    const first = await client.take("endpoint");
    set(resource("endpoint", "a", "2"));
    const second = await client.next("endpoint");
    // Sent before the second response was seen.
    client.request("endpoint", {
      resource_names: ["a", "b"],
      response_nonce: first.nonce,
      version_info: first.version,
    });
    await flush(client);
    expect(client.unread()).toEqual([]);
    client.ack(second, { resource_names: ["a", "b"] });
    expect(held(await client.take("endpoint"))).toEqual(["b"]);
  });

  it("W11: a name that does not exist is no error, and is sent when it appears", async () => {
    const { connect, set, flush } = await start();
    const client = connect();
    client.subscribe("route", "later");
    await flush(client);
    expect(client.unread()).toEqual([]);
    set(resource("route", "later"));
    expect(held(await client.take("route"))).toEqual(["later"]);
  });

  it("W12: a name that is asked for twice comes once", async () => {
    const { connect, set } = await start();
    set(resource("endpoint", "a"), resource("cluster", "c"));
    const client = connect();
    client.request("endpoint", { resource_names: ["a", "a"] });
    // The fake client refuses a response that holds a name twice.
    expect(held(await client.take("endpoint"))).toEqual(["a"]);
    client.request("cluster", { resource_names: ["*", "c", "c"] });
    expect(held(await client.take("cluster"))).toEqual(["c"]);
  });

  it("W13: the version changes with the content and only with it, on every server alike", async () => {
    const { connect, set } = await start();
    set(resource("cluster", "a"), resource("cluster", "b"));
    const client = connect();
    client.subscribe("cluster");
    const one = await client.take("cluster");
    set(resource("cluster", "a", "2"));
    const two = await client.take("cluster");
    set(resource("cluster", "a"));
    const three = await client.take("cluster");
    expect(two.version).not.toBe(one.version);
    expect(three.version).toBe(one.version);
    const other = await startWorld({ transport: "sotw" });
    other.set(resource("cluster", "b"));
    await Promise.resolve();
    other.set(resource("cluster", "a"));
    const elsewhere = other.connect();
    elsewhere.subscribe("cluster");
    expect((await elsewhere.take("cluster")).version).toBe(one.version);
    await other.stop();
  });

  it("W14: a client that holds the current version of everything gets nothing, names are always answered", async () => {
    const { connect, set, flush } = await start();
    set(...service("x"), resource("listener", "l"), resource("route", "r", "x"));
    const client = connect();
    await settle(client, ["x"], ["r"]);
    await flush(client);
    await client.reconnect({ keepVersions: true });
    client.resubscribe("cluster");
    client.resubscribe("listener");
    client.resubscribe("endpoint", "x");
    client.resubscribe("route", "r");
    expect(held(await client.take("endpoint"))).toEqual(["x"]);
    expect(held(await client.take("route"))).toEqual(["r"]);
    await flush(client);
    expect(client.unread()).toEqual([]);
    set(resource("cluster", "y"));
    expect(held(await client.take("cluster"))).toEqual(["x", "y"]);
    await client.reconnect({ keepVersions: true });
    set(resource("cluster", "z"));
    client.resubscribe("cluster");
    expect(held(await client.take("cluster"))).toEqual(["x", "y", "z"]);
  });

  it("W15: what was unsubscribed while it waited is not sent", async () => {
    const { connect, set, flush } = await start();
    set(resource("endpoint", "a"), resource("endpoint", "b"));
    const client = connect();
    client.subscribe("endpoint", "a", "b");
    const first = await client.next("endpoint");
    set(resource("endpoint", "b", "2"));
    client.ack(first, { resource_names: ["a"] });
    await flush(client);
    expect(client.unread()).toEqual([]);
  });

  it("W16: a cluster that goes and comes back gets its endpoints, although an ignored answer was in between", async () => {
    const { connect, set, remove } = await start();
    set(...service("x"));
    const client = connect();
    client.subscribe("listener");
    await client.take("listener");
    client.subscribe("cluster");
    await client.take("cluster");
    client.subscribe("endpoint", "x");
    await client.take("endpoint");
    remove("cluster", "x");
    await client.take("cluster");
    client.unsubscribe("endpoint", "x");
    set(resource("cluster", "x"));
    await client.take("cluster");
    client.subscribe("endpoint", "x");
    expect(held(await client.take("endpoint"))).toEqual(["x"]);
  });

  it("R3: a refused complete response repeats what was acknowledged, with one change at a time", async () => {
    const { connect, set, flush, gateway, server } = await start();
    set(resource("listener", "old"));
    const client = connect();
    client.subscribe("listener");
    await client.take("listener");
    set(resource("listener", "good"), resource("listener", "bad"));
    client.nack(await client.next("listener"), "one of them is bad");
    for (let round = 0; round < 2; round += 1) {
      const answer = await client.next("listener");
      expect(held(answer)).toContain("old");
      if (answer.resources.has("bad")) client.nack(answer, "bad");
      else client.ack(answer);
    }
    await flush(client);
    expect(client.unread()).toEqual([]);
    expect([...server.state(gateway).refusals.keys()]).toEqual(["listener/bad"]);
    set(resource("listener", "old", "2"));
    expect(held(await client.take("listener"))).toEqual(["good", "old"]);
  });

  it("R3: a refused first complete response leaves out what it names, and takes no other away", async () => {
    const { connect, set, flush, gateway, server } = await start();
    set(resource("listener", "good"), resource("listener", "bad"));
    const client = connect();
    client.subscribe("listener");
    client.nack(await client.next("listener"), "Error adding/updating listener(s) bad: no filter chains");
    // Envoy may have applied nothing at all: what is good goes again, all of it.
    expect(held(await client.take("listener"))).toEqual(["good"]);
    await flush(client);
    expect(client.unread()).toEqual([]);
    expect([...server.state(gateway).refusals.keys()]).toEqual(["listener/bad"]);
    set(resource("listener", "good", "2"));
    expect(held(await client.take("listener"))).toEqual(["good"]);
    set(resource("listener", "bad", "better"));
    expect(held(await client.take("listener"))).toEqual(["bad", "good"]);
  });
});

const wildcards = ["cluster", "listener", "scope"] as const satisfies readonly ResourceType[];
const named = ["endpoint", "secret", "route"] as const satisfies readonly ResourceType[];

function held({ resources }: Answer): readonly string[] {
  return [...resources.keys()].sort();
}
