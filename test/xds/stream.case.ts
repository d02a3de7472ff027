import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import { eventually } from "../support/envoy.ts";
import { describe as describeAnswers, type FakeEnvoy, type Transport } from "./fake-envoy.ts";
import { resource } from "./resources.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

/** Rules that do not apply to a variant, with the reason. */
export type Inapplicable = Readonly<Partial<Record<RuleId, string>>>;

type RuleId = `${"S" | "O" | "N" | "R"}${number}`;

/** The contract that both protocol variants keep, by the ids of the protocol's rules. */
export function describeStream(transport: Transport, inapplicable: Inapplicable): void {
  describe(`an ADS stream, ${transport}`, () => {
    let world: World;
    afterEach(() => world.stop());
    const start = async (options: Partial<WorldOptions> = {}) => {
      world = await startWorld({ transport, ...options });
      return world;
    };
    const rule = (id: RuleId, sentence: string, body: () => Promise<void>) => {
      if (inapplicable[id] === undefined) it(`${id}: ${sentence}`, body);
    };

    rule("S1", "the variant is served, and both work on one table", async () => {
      const { connect, set } = await start();
      set(resource("cluster", "a"));
      const [here, there] = [connect(), connect({ transport: transport === "delta" ? "sotw" : "delta", nodeId: "2" })];
      for (const client of [here, there]) client.subscribe("cluster");
      const [one, two] = [await here.take("cluster"), await there.take("cluster")];
      expect(one.resources.get("a")?.bytes).toEqual(resource("cluster", "a").bytes);
      expect(two.resources.get("a")?.bytes).toEqual(one.resources.get("a")?.bytes);
    });

    rule("S2", "a request without a type_url ends the stream", async () => {
      const { connect } = await start();
      const client = connect();
      client.request(undefined, {});
      expect((await client.ended).code).toBe(status.INVALID_ARGUMENT);
    });

    rule("S3", "a first request without a node id ends the stream, and nothing is sent", async () => {
      const { connect, set } = await start();
      set(resource("cluster", "a"));
      const nameless = connect({ nodeId: "" });
      nameless.subscribe("cluster");
      expect((await nameless.ended).code).toBe(status.INVALID_ARGUMENT);
      expect(nameless.received).toEqual([]);
    });

    rule("S4", "later requests need no node", async () => {
      const { connect, set } = await start();
      set(resource("cluster", "a"), resource("listener", "l"));
      const client = connect();
      client.subscribe("cluster");
      client.subscribe("listener");
      await client.take("cluster");
      expect([...(await client.take("listener")).resources.keys()]).toEqual(["l"]);
    });

    rule("S5", "the same node may be told again, another one ends the stream", async () => {
      const { connect, set, gateway, server } = await start();
      set(resource("cluster", "a"));
      for (const node of [{ id: "other" }, { cluster: "other/gateway" }, { metadata: { fields: { a: {} } } }]) {
        const client = connect();
        client.subscribe("cluster");
        await client.take("cluster");
        client.nodeFlip("listener", {});
        await client.take("listener");
        client.nodeFlip("listener", node);
        expect((await client.ended).code).toBe(status.INVALID_ARGUMENT);
      }
      await eventually("the streams are gone", () => server.streams().length === 0);
      expect(world.server.state(gateway).proxies).toBe(0);
    });

    rule("S6", "a type that is not served gets neither an answer nor an error", async () => {
      const { connect, flush, set } = await start();
      set(resource("cluster", "a"));
      const client = connect();
      client.request(undefined, { type_url: "type.googleapis.com/envoy.service.runtime.v3.Runtime" });
      await flush(client);
      expect(client.received).toEqual([]);
      client.subscribe("cluster");
      await client.take("cluster");
    });

    rule("S7", "types do not mix: one type's nonce acknowledges nothing of another", async () => {
      const { connect, flush, set } = await start();
      set(resource("endpoint", "a"), resource("secret", "s"));
      const client = connect();
      client.subscribe("endpoint", "a");
      const endpoints = await client.next("endpoint");
      client.subscribe("secret", "s");
      const secrets = await client.next("secret");
      client.request("endpoint", { response_nonce: secrets.nonce, ...names(transport, ["a"]) });
      set(resource("endpoint", "a", "2"));
      client.ack(secrets);
      await flush(client);
      expect(client.unread()).toEqual([]);
      client.ack(endpoints);
      await client.take("endpoint");
    });

    rule("S8", "nonces are unique, and a nonce of another stream says nothing", async () => {
      const { connect, set } = await start();
      const client = connect();
      const nonces = new Set<string>();
      client.subscribe("cluster");
      nonces.add((await client.take("cluster")).nonce);
      for (let round = 0; round < 5; round += 1) {
        set(resource("cluster", "a", String(round)));
        nonces.add((await client.take("cluster")).nonce);
      }
      expect(nonces.size).toBe(6);
      await client.reconnect({ keepVersions: false });
      client.request("cluster", { response_nonce: [...nonces][5], version_info: "old" });
      const again = await client.take("cluster");
      expect([...again.resources.keys()]).toEqual(["a"]);
      expect(nonces.has(again.nonce)).toBe(false);
    });

    rule("S9", "nothing is sent before the table is ready", async () => {
      const { connect, set, table, server } = await start({ unready: true });
      set(resource("cluster", "a", "early"));
      const client = connect();
      client.subscribe("cluster");
      client.subscribe("listener");
      await eventually("the server has both requests", () => server.streams()[0]?.types.length === 2);
      set(resource("cluster", "a", "ready"));
      table.markReady();
      const first = await client.take("cluster");
      expect(first.resources.get("a")?.bytes).toEqual(resource("cluster", "a", "ready").bytes);
      expect((await client.take("listener")).resources.size).toBe(0);
      expect(client.received.length).toBe(2);
    });

    rule(
      "S10",
      "an unknown Gateway is held open without an answer, a known empty one gets an empty answer",
      async () => {
        const { connect, table, gateway, server } = await start({ unknown: true });
        const client = connect();
        for (const type of ["cluster", "listener", "scope"] as const) client.subscribe(type);
        await eventually("the server has the requests", () => server.streams()[0]?.types.length === 3);
        expect(server.sent()).toBe(0);
        expect(server.log.filter(({ level }) => level === "warn").map(({ fields }) => fields)).toMatchObject([
          { gateway },
        ]);
        table.addFleet(gateway);
        for (const type of ["cluster", "listener", "scope"] as const) {
          const answer = await client.take(type);
          expect(answer.resources.size + answer.removed.length).toBe(0);
        }
      },
    );

    rule(
      "S10",
      "a Gateway that goes takes nothing from its proxies, and serves them again when it is back",
      async () => {
        const { connect, flush, table, gateway, set, server } = await start();
        set(resource("cluster", "a"));
        const client = connect();
        client.subscribe("cluster");
        await client.take("cluster");
        table.removeFleet(gateway);
        table.update(gateway, [{ type: "cluster", name: "a", resource: undefined }]);
        await eventually("the server has noticed", () => !table.knows(gateway));
        client.subscribe("listener");
        await eventually("the server has the request", () => server.streams()[0]?.types.length === 2);
        set(resource("cluster", "a"), resource("cluster", "b"));
        table.addFleet(gateway);
        const answer = await client.take("cluster");
        await client.take("listener");
        await flush(client);
        expect(answer.removed).toEqual([]);
        expect(answer.resources.has("b")).toBe(true);
        expect(client.unread()).toEqual([]);
      },
    );

    rule(
      "O1",
      "what is new comes clusters, endpoints, secrets, listeners, scopes, routes; what goes, in reverse",
      async () => {
        const { connect, set, remove, flush } = await start();
        const client = connect();
        set(resource("route", "x", "before"));
        for (const type of ["cluster", "listener", "scope"] as const) {
          client.subscribe(type);
          await client.take(type);
        }
        for (const type of ["endpoint", "secret", "route"] as const) client.subscribe(type, "x");
        await client.take("route");
        if (transport === "delta") for (const type of ["endpoint", "secret"] as const) await client.take(type);
        await flush(client);
        client.received = [];
        set(...everyType("x"));
        const additions = ["cluster", "endpoint", "secret", "listener", "scope", "route"] as const;
        for (const type of additions) await client.take(type);
        expect(client.received.map(({ type }) => type)).toEqual(additions);
        client.received = [];
        for (const type of additions) remove(type, "x");
        // State of the world cannot say that an endpoint, a secret or a table is gone.
        const removals =
          transport === "delta"
            ? (["listener", "scope", "route", "cluster", "endpoint", "secret"] as const)
            : (["listener", "scope", "cluster"] as const);
        for (const type of removals) await client.take(type);
        expect(client.received.map(({ type }) => type)).toEqual(removals);
      },
    );

    rule(
      "O2",
      "a route moves to a new cluster: cluster, its endpoints, the route, then the old cluster goes",
      async () => {
        const { connect, set, remove, flush } = await start();
        set(...service("x"), resource("listener", "l"), resource("route", "r", "x"));
        const client = connect();
        await settle(client, ["x"], ["r"]);

        set(...service("y"), resource("route", "r", "y"));
        remove("cluster", "x");
        remove("endpoint", "x");
        const clusters = await client.next("cluster");
        expect(clusters.resources.has("y")).toBe(true);
        expect(clusters.removed).toEqual([]);
        await flush(client);
        expect(describeAnswers(client.unread())).toBe("");

        // Envoy acknowledges the cluster when it is warm; either way the route waits for the endpoints.
        client.ack(clusters);
        client.subscribe("endpoint", "y");
        const endpoints = await client.next("endpoint");
        expect([...endpoints.resources.keys()]).toEqual(["y"]);
        await flush(client);
        expect(describeAnswers(client.unread())).toBe("");

        client.ack(endpoints);
        const routes = await client.next("route");
        expect([...routes.resources.keys()]).toEqual(["r"]);
        await flush(client);
        expect(describeAnswers(client.unread())).toBe("");

        client.ack(routes);
        const removal = await client.take("cluster");
        if (transport === "delta") expect([...removal.removed, ...removal.resources.keys()]).toEqual(["x"]);
        else expect([...removal.resources.keys()]).toEqual(["y"]);
      },
    );

    rule("O2", "endpoints are answered while their cluster is not acknowledged, as Envoy waits for them", async () => {
      const { connect, set } = await start();
      set(...service("x"), resource("listener", "l"));
      const client = connect();
      client.subscribe("cluster");
      const clusters = await client.next("cluster");
      client.subscribe("endpoint", "x");
      client.subscribe("secret", "ca");
      set(resource("secret", "ca"));
      await client.take("endpoint");
      expect((await client.take("secret")).resources.has("ca") || transport === "delta").toBe(true);
      client.ack(clusters);
      client.subscribe("listener");
      await client.take("listener");
    });

    rule("O3", "a cluster is removed by a second response, after the first held old and new together", async () => {
      const { connect, set, remove } = await start();
      set(...service("x"), resource("listener", "l"), resource("route", "r", "x"));
      const client = connect();
      await settle(client, ["x"], ["r"]);
      set(...service("y"), resource("route", "r", "y"));
      remove("cluster", "x");
      const both = await client.take("cluster");
      expect([...both.resources.keys()].sort()).toEqual(["x", "y"]);
      client.subscribe("endpoint", "y");
      await client.take("endpoint");
      await client.take("route");
      expect([...(await client.take("cluster")).resources.keys()]).toEqual(["y"]);
    });

    rule("O4", "the endpoints of a changed cluster are sent again, behind it, although they are the same", async () => {
      const { connect, set, flush } = await start();
      set(...service("x"), ...service("z"));
      const client = connect();
      await settle(client, ["x", "z"], []);
      set(resource("cluster", "x", "2"));
      const clusters = await client.next("cluster");
      // Before the acknowledgement: Envoy gives it once the endpoints are there.
      const endpoints = await client.take("endpoint");
      expect([...endpoints.resources.keys()]).toEqual(["x"]);
      expect(client.received.indexOf(endpoints)).toBeGreaterThan(client.received.indexOf(clusters));
      client.ack(clusters);
      await flush(client);
      expect(client.unread()).toEqual([]);
    });

    rule(
      "O4",
      "endpoints asked for before the clusters, as after a reconnect, are sent again behind them",
      async () => {
        const { connect, set } = await start();
        set(...service("x"));
        const client = connect();
        client.subscribe("endpoint", "x");
        await client.take("endpoint");
        client.subscribe("cluster");
        await client.next("cluster");
        expect([...(await client.take("endpoint")).resources.keys()]).toEqual(["x"]);
      },
    );

    rule(
      "O5",
      "a cluster without endpoints gets an explicit empty answer, at first and when the last one leaves",
      async () => {
        const { connect, set } = await start();
        const empty = resource("endpoint", "x", "");
        set(resource("cluster", "x"), empty);
        const client = connect();
        client.subscribe("cluster");
        await client.take("cluster");
        client.subscribe("endpoint", "x");
        expect((await client.take("endpoint")).resources.get("x")?.bytes).toEqual(empty.bytes);
        set(resource("endpoint", "x", "zone"));
        await client.take("endpoint");
        set(empty);
        const last = await client.take("endpoint");
        expect(last.resources.get("x")?.bytes).toEqual(empty.bytes);
        expect(last.removed).toEqual([]);
      },
    );

    rule("O7", "a change of endpoints alone sends endpoints alone, whatever else waits", async () => {
      const { connect, set, flush, server } = await start();
      set(...service("x"), resource("listener", "l"), resource("route", "r", "x"));
      const client = connect();
      await settle(client, ["x"], ["r"]);
      set(resource("cluster", "new"), resource("endpoint", "new"), resource("route", "r", "new"));
      const clusters = await client.next("cluster");
      const sent = server.sent();
      for (let round = 0; round < 3; round += 1) {
        set(resource("endpoint", "x", `zone-${round}`));
        expect([...(await client.take("endpoint")).resources.keys()]).toEqual(["x"]);
      }
      expect(server.sent() - sent).toBe(3);
      client.ack(clusters);
      client.subscribe("endpoint", "new");
      await client.take("endpoint");
      await client.take("route");
      await flush(client);
      expect(client.unread()).toEqual([]);
    });

    rule("O9", "steady change of one type starves no other", async () => {
      const { connect, set } = await start();
      set(...service("x"), resource("listener", "l"), resource("route", "r", "x"));
      const client = connect();
      await settle(client, ["x"], ["r"]);
      set(resource("cluster", "other-0"));
      let clusters = await client.next("cluster");
      set(resource("route", "r", "y"), ...service("y"));
      for (let round = 1; round <= 4; round += 1) {
        set(resource("cluster", `other-${round}`));
        client.ack(clusters);
        clusters = await client.next("cluster");
        if (clusters.resources.has("y")) client.subscribe("endpoint", "y");
        if (client.unread().some(({ type }) => type === "endpoint")) await client.take("endpoint");
      }
      // A response with a newer cluster is under way all the time, and the route that came before it is sent.
      await client.take("route");
    });

    rule("O10", "while a response is in flight, many changes collapse into the newest", async () => {
      const { connect, set, server } = await start();
      set(resource("listener", "l"));
      const client = connect();
      client.subscribe("listener");
      const first = await client.next("listener");
      for (let round = 0; round < 20; round += 1) {
        set(resource("listener", "l", `version-${round}`));
        await Promise.resolve();
      }
      client.ack(first);
      const second = await client.take("listener");
      expect(second.resources.get("l")?.bytes).toEqual(resource("listener", "l", "version-19").bytes);
      expect(server.sent("listener")).toBe(2);
    });

    rule(
      "N1",
      "refused content is not sent again until it differs, and the words are kept without control characters",
      async () => {
        const { connect, set, flush, gateway, server } = await start();
        set(resource("endpoint", "x"));
        const client = connect();
        client.subscribe("endpoint", "x");
        await client.take("endpoint");
        set(resource("endpoint", "x", "bad"));
        client.nack(await client.next("endpoint"), `no\u0000 \u001b[31mgood\n${"é".repeat(2000)}`);
        await flush(client);
        expect(client.unread()).toEqual([]);
        const words = await eventually("the refusal is told", () => server.state(gateway).refusals.get("endpoint/x"));
        expect(words).toMatch(/^no +\[31mgood é+$/);
        expect(Buffer.byteLength(words)).toBeLessThanOrEqual(1024);
        expect(server.nacks).toEqual(["endpoint"]);
        const [report] = server.streams();
        expect(report?.types.find(({ type }) => type === "endpoint")?.lastNack).toMatchObject({
          resources: ["x"],
          text: words,
        });

        set(resource("endpoint", "x", "good"));
        await client.take("endpoint");
        set(resource("endpoint", "x", "bad"));
        await flush(client);
        expect(client.unread()).toEqual([]);
        set(resource("endpoint", "x", "good"));
        await eventually("the refusal is gone", () => server.state(gateway).refusals.size === 0);
      },
    );

    rule("N7", "what exists is answered at once, whatever other types wait for", async () => {
      const { connect, set } = await start();
      set(...service("x"), resource("listener", "l"), resource("route", "r", "x"), resource("secret", "s"));
      const client = connect();
      client.subscribe("secret", "s");
      client.subscribe("route", "r");
      client.subscribe("listener");
      client.subscribe("endpoint", "x");
      for (const type of ["secret", "route", "listener", "endpoint"] as const) await client.next(type);
    });

    rule(
      "R3",
      "a refused response with several resources is sent again one by one, and only the bad one is refused",
      async () => {
        const { connect, set, flush, gateway, server } = await start();
        set(...["a", "b", "c"].map((name) => resource("route", name)));
        const client = connect();
        client.subscribe("route", "a", "b", "c");
        client.nack(await client.next("route"), "one of them");
        const alone = new Map<string, number>();
        for (let round = 0; round < 3; round += 1) {
          const answer = await client.next("route");
          const [name] = answer.resources.keys();
          expect(answer.resources.size).toBe(1);
          alone.set(name ?? "", (alone.get(name ?? "") ?? 0) + 1);
          if (name === "b") client.nack(answer, "b is bad");
          else client.ack(answer);
        }
        await flush(client);
        expect(client.unread()).toEqual([]);
        expect([...alone].sort()).toEqual([["a", 1], ["b", 1], ["c", 1]]); // biome-ignore format: a table
        await eventually("the refusal is told", () => server.state(gateway).refusals.size === 1);
        expect([...server.state(gateway).refusals]).toEqual([["route/b", "b is bad"]]);
      },
    );

    rule(
      "R3",
      "resources in doubt are sent across a reconnect, even at the version that the client reports",
      async () => {
        const { connect, set, flush } = await start();
        set(resource("route", "a", "good"), resource("route", "b", "good"));
        const client = connect();
        client.subscribe("route", "a", "b");
        await client.take("route");
        set(resource("route", "a", "bad"), resource("route", "b", "better"));
        client.nack(await client.next("route"), "refused");
        await client.next("route");
        // Back to what was acknowledged first: which of the two runs is anybody's guess.
        set(resource("route", "a", "good"), resource("route", "b", "good"));
        await client.reconnect({ keepVersions: true });
        client.resubscribe("route", "a", "b");
        const again = [await client.take("route"), await client.take("route")];
        expect(again.map(({ resources }) => resources.size)).toEqual([1, 1]);
        expect(again.flatMap(({ resources }) => [...resources.keys()]).sort()).toEqual(["a", "b"]);
        await flush(client);
        await client.reconnect({ keepVersions: true });
        client.resubscribe("route", "a", "b");
        await flush(client);
        expect(client.unread().length).toBe(transport === "delta" ? 0 : 1);
      },
    );

    rule("R4", "a refused table is replaced by its substitute, once, until the content differs", async () => {
      const { connect, set, flush } = await start({ substitute: stub });
      set(resource("route", "r", "bad"));
      const client = connect();
      client.subscribe("route", "r");
      client.nack(await client.next("route"), "refused");
      const substitute = await client.take("route");
      expect(substitute.resources.get("r")?.bytes).toEqual(resource("route", "r", "stub").bytes);
      await flush(client);
      expect(client.unread()).toEqual([]);
      set(resource("route", "r", "good"));
      expect((await client.take("route")).resources.get("r")?.bytes).toEqual(resource("route", "r", "good").bytes);
    });

    rule("R4", "another proxy gets the substitute of what its fleet refused at once", async () => {
      const { connect, set, flush } = await start({ substitute: stub });
      set(resource("route", "r", "bad"));
      const client = connect();
      client.subscribe("route", "r");
      client.nack(await client.next("route"), "refused");
      await client.take("route");
      const other = connect({ nodeId: "proxy-1" });
      other.subscribe("route", "r");
      expect((await other.take("route")).resources.get("r")?.bytes).toEqual(resource("route", "r", "stub").bytes);
      await flush(other);
      expect(other.unread()).toEqual([]);
    });

    rule("R5", "a proxy is ready when every first table is acknowledged, and not before", async () => {
      const { connect, set, gateway, server } = await start();
      set(...service("x"), resource("listener", "l"), resource("scope", "s"), resource("route", "r", "x"));
      const client = connect();
      const isReady = async () => {
        await world.flush(client);
        return server.streams()[0]?.firstConfigAcknowledged;
      };
      client.subscribe("cluster");
      await client.take("cluster");
      client.subscribe("endpoint", "x");
      await client.take("endpoint");
      client.subscribe("listener");
      await client.take("listener");
      expect(await isReady()).toBe(false);
      client.subscribe("scope");
      await client.take("scope");
      expect(await isReady()).toBe(false);
      client.subscribe("route", "r");
      const routes = await client.next("route");
      expect(await isReady()).toBe(false);
      client.ack(routes);
      await eventually("the proxy is ready", () => server.state(gateway).readyProxies === 1);
      expect(await isReady()).toBe(true);
    });

    rule("R6", "scopes are answered empty at once when there are none", async () => {
      const { connect, set } = await start();
      set(resource("listener", "l"));
      const client = connect();
      client.subscribe("scope");
      expect((await client.take("scope")).resources.size).toBe(0);
    });
  });
}

/** A cluster with endpoints. */
export function service(name: string): readonly XdsResource[] {
  return [resource("cluster", name), resource("endpoint", name)];
}

/** One resource of each type under one name. */
export function everyType(name: string): readonly XdsResource[] {
  return (["cluster", "endpoint", "secret", "listener", "scope", "route"] as const).map((type) => resource(type, name));
}

/** Subscribes as Envoy does and acknowledges everything. */
export async function settle(client: FakeEnvoy, clusters: readonly string[], routes: readonly string[]): Promise<void> {
  client.subscribe("cluster");
  await client.take("cluster");
  client.subscribe("endpoint", ...clusters);
  await client.take("endpoint");
  client.subscribe("listener");
  await client.take("listener");
  if (routes.length === 0) return;
  client.subscribe("route", ...routes);
  await client.take("route");
}

/** Names as a request of the variant lists them. */
export function names(transport: Transport, list: readonly string[]): Readonly<Record<string, unknown>> {
  return transport === "delta" ? {} : { resource_names: list };
}

function stub(refused: XdsResource): XdsResource | undefined {
  return refused.type === "route" ? resource("route", refused.name, "stub") : undefined;
}
