import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { decodeMessage } from "../../proto/messages.ts";
import type { ResourceType, XdsResource } from "../../src/core/xds-resource.ts";
import type { Culprit, ResourceParts } from "../../src/xds/culprit.ts";
import { eventually } from "../support/envoy.ts";
import { type Answer, describe as describeAnswers, type FakeEnvoy, type Transport } from "./fake-envoy.ts";
import { forwarder, resource, tableOf } from "./resources.ts";
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
      "what is new comes clusters, endpoints, secrets, scopes, listeners, routes; what goes, in reverse",
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
        const additions = ["cluster", "endpoint", "secret", "scope", "listener", "route"] as const;
        for (const type of additions) await client.take(type);
        // A secret waits for nothing and nothing for it.
        const inOrder = (types: readonly ResourceType[]) => types.filter((type) => type !== "secret");
        expect(inOrder(client.received.map(({ type }) => type))).toEqual(inOrder(additions));
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
        const { connect, set, remove, flush } = await start({ patienceMs: 5_000 });
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

    rule("R3", "of a refused response the bad resource is found by halves, and all others move on", async () => {
      const { connect, set, flush, gateway, server } = await start();
      const all = Array.from({ length: 64 }, (_, index) => `t${index}`);
      set(...all.map((name) => resource("route", name)));
      const client = connect();
      client.subscribe("route", ...all);
      const pushes = await refuse(client, "route", { bad: "t41", flush });
      expect(pushes).toBeLessThanOrEqual(2 * Math.log2(64) + 2);
      await flush(client);
      expect(client.unread()).toEqual([]);
      expect([...client.held("route").keys()].sort()).toEqual(all.filter((name) => name !== "t41").sort());
      await eventually("the refusal is told", () => server.state(gateway).refusals.size === 1);
      expect([...server.state(gateway).refusals]).toEqual([["route/t41", "t41 is bad"]]);
    });

    rule("R3", "what Envoy names is bad at once, and the rest goes again in one response", async () => {
      const { connect, set, flush, gateway, server } = await start();
      set(resource("cluster", "old"));
      const client = connect();
      client.subscribe("cluster");
      await client.take("cluster");
      set(...["a", "b", "c", "d"].map((name) => resource("cluster", name)));
      client.nack(await client.next("cluster"), "Error adding/updating cluster(s) b: bad, e: b: no, d: bad, a is fine");
      const rest = await client.take("cluster");
      expect([...rest.resources.keys()].filter((name) => name !== "old").sort()).toEqual(["a", "c"]);
      await flush(client);
      expect(client.unread()).toEqual([]);
      await eventually("the refusals are told", () => server.state(gateway).refusals.size === 2);
      expect([...server.state(gateway).refusals.keys()].sort()).toEqual(["cluster/b", "cluster/d"]);
    });

    rule(
      "R3",
      "resources in doubt are sent across a reconnect in their groups, even at the version that the client reports",
      async () => {
        const { connect, set, flush } = await start();
        const all = ["a", "b", "c", "d"];
        set(...all.map((name) => resource("route", name, "good")));
        const client = connect();
        client.subscribe("route", ...all);
        await client.take("route");
        set(...all.map((name) => resource("route", name, name === "c" ? "bad" : "better")));
        client.nack(await client.next("route"), "refused");
        expect([...(await client.next("route")).resources.keys()]).toEqual(["a", "b"]);
        // Back to what was acknowledged first: which of the two runs is anybody's guess.
        set(...all.map((name) => resource("route", name, "good")));
        await client.reconnect({ keepVersions: true });
        client.resubscribe("route", ...all);
        expect([...(await client.take("route")).resources.keys()]).toEqual(all);
        await flush(client);
        expect(client.unread()).toEqual([]);
        await client.reconnect({ keepVersions: true });
        client.resubscribe("route", ...all);
        await flush(client);
        expect(client.unread().length).toBe(transport === "delta" ? 0 : 1);
      },
    );

    rule(
      "R4",
      "of a refused table the bad part is found, told, and held back as it was; the rest of it is new",
      async () => {
        const culprits: Culprit[] = [];
        const { connect, set, flush, gateway } = await start({
          split: splitParts,
          onCulprit: (one) => culprits.push(one),
        });
        const all = Array.from({ length: 32 }, (_, index) => `p${index}`);
        const client = connect();
        set(partsOf("r", all, "1"));
        client.subscribe("route", "r");
        await client.take("route");
        set(partsOf("r", all, "2", ["p9", "p20"]));
        const pushes = await refuseParts(client, flush);
        expect(pushes).toBeLessThanOrEqual(2 * (2 * Math.log2(32) + 2));
        expect(shownBy(client.received.at(-1))).toEqual(
          all.map((id) => (id === "p9" || id === "p20" ? `${id}=1` : `${id}=2`)),
        );
        expect(culprits.map(({ part }) => part?.id).sort()).toEqual(["p20", "p9"]);
        expect(culprits[0]).toMatchObject({ gateway, resource: { name: "r" }, words: "some part is bad" });
        expect(culprits[0]?.part?.hashes.length).toBe(1);
        await flush(client);
        expect(client.unread()).toEqual([]);

        // Another part changes: what is known to be bad is not tried again. Then it is mended.
        set(partsOf("r", [...all, "p99"], "2", ["p9", "p20"]));
        const next = await client.take("route");
        expect(shownBy(next)).toEqual([
          ...all.map((id) => (id === "p9" || id === "p20" ? `${id}=1` : `${id}=2`)),
          "p99=2",
        ]);
        set(partsOf("r", all, "3"));
        expect(shownBy(await client.take("route"))).toEqual(all.map((id) => `${id}=3`));
        await flush(client);
        expect(client.unread()).toEqual([]);
      },
    );

    rule(
      "R4",
      "a table of which no part is to blame is refused as a whole, and the client keeps what it has",
      async () => {
        const culprits: Culprit[] = [];
        const { connect, set, flush } = await start({ split: splitParts, onCulprit: (one) => culprits.push(one) });
        const client = connect();
        set(partsOf("r", ["a", "b", "c"], "1"));
        client.subscribe("route", "r");
        await client.take("route");
        set(partsOf("r", ["a", "b", "c", "whole!"], "2"));
        let pushes = 0;
        for (; ; pushes += 1) {
          await flush(client);
          if (client.unread().length === 0) break;
          const answer = await client.next("route");
          if (shownBy(answer).some((part) => part.endsWith("=2"))) client.nack(answer, "no");
          else client.ack(answer);
        }
        expect(pushes).toBeLessThanOrEqual(2 + 2 * Math.log2(4) + 2);
        expect(culprits.length).toBeGreaterThan(0);
      },
    );

    rule("N6", "a proxy that is new gets what its fleet took last, and never what it refused", async () => {
      const { connect, set, flush } = await start({ split: splitParts });
      const client = connect();
      set(partsOf("r", ["a", "b"], "1"), resource("endpoint", "e", "good"));
      client.subscribe("route", "r");
      await client.take("route");
      client.subscribe("endpoint", "e");
      await client.take("endpoint");
      set(partsOf("r", ["a", "b"], "2", ["b"]), resource("endpoint", "e", "bad"));
      client.nack(await client.next("endpoint"), "bad");
      await refuseParts(client, flush);
      await flush(client);
      for (const nodeId of ["proxy-0", "proxy-1"]) {
        if (nodeId === "proxy-0") await client.close();
        const other = connect({ nodeId });
        other.subscribe("route", "r");
        other.subscribe("endpoint", "e");
        expect(shownBy(await other.take("route"))).toEqual(["a=2", "b=1"]);
        expect((await other.take("endpoint")).resources.get("e")?.bytes).toEqual(
          resource("endpoint", "e", "good").bytes,
        );
        await flush(other);
        expect(other.unread()).toEqual([]);
      }
    });

    rule("O6", "a cluster that is late or refused holds up the tables that name it, and nobody else", async () => {
      const { connect, set, flush } = await start({ patienceMs: 5_000 });
      set(...service("x"), resource("listener", "l"), tableOf("late", "x"), tableOf("bad", "x"), tableOf("other", "x"));
      const client = connect();
      await settle(client, ["x"], ["late", "bad", "other"]);
      set(...service("new"), resource("cluster", "refused"), resource("endpoint", "refused"));
      set(tableOf("late", "x", "new"), tableOf("bad", "refused"), tableOf("other", "x", "x"));
      set({ ...tableOf("other", "x"), version: "other-2" });
      const clusters = await client.next("cluster");
      client.nack(clusters, "Error adding/updating cluster(s) refused: no");
      const others = await client.next("cluster");
      // No cluster has been acknowledged, and what needs none goes at once.
      expect([...(await client.take("route")).resources.keys()]).toEqual(["other"]);
      set(resource("endpoint", "x", "zone"));
      await client.take("endpoint");
      await flush(client);
      expect(client.unread()).toEqual([]);
      client.ack(others);
      client.subscribe("endpoint", "new");
      await client.take("endpoint");
      expect([...(await client.take("route")).resources.keys()]).toEqual(["late"]);
      await flush(client);
      expect(client.unread()).toEqual([]);
      // The table that is held up still names `x`, so it stays; what nobody names goes.
      set(resource("cluster", "refused", "good"));
      await client.take("cluster");
      client.subscribe("endpoint", "refused");
      await client.take("endpoint");
      expect([...(await client.take("route")).resources.keys()]).toEqual(["bad"]);
    });

    rule(
      "O6",
      "no cluster goes that a table names which the client keeps because a newer one was refused",
      async () => {
        const { connect, set, remove, flush } = await start({ patienceMs: 5_000 });
        set(...service("x"), ...service("y"), ...service("z"), resource("listener", "l"), tableOf("r", "x"));
        const client = connect();
        await settle(client, ["x", "y", "z"], ["r"]);
        set({ ...tableOf("r", "y"), version: "bad" });
        remove("cluster", "x", "z");
        remove("endpoint", "x", "z");
        client.nack(await client.next("route"), "no");
        const removal = await client.take("cluster");
        const left = transport === "delta" ? removal.removed : [...removal.resources.keys()].sort();
        expect(left).toEqual(transport === "delta" ? ["z"] : ["x", "y"]);
        await flush(client);
        expect(client.unread().filter(({ type }) => type === "cluster")).toEqual([]);
        set(tableOf("r", "y", "y2"));
        await client.take("route");
        const rest = await client.take("cluster");
        expect(transport === "delta" ? rest.removed : [...rest.resources.keys()]).toEqual([
          transport === "delta" ? "x" : "y",
        ]);
      },
    );

    rule("O6", "a listener that names clusters waits for those, and for what is refused it does not", async () => {
      const { connect, set, flush } = await start({ patienceMs: 5_000 });
      set(...service("x"), forwarder("l", "x"));
      const client = connect();
      await settle(client, ["x"], []);
      set(...service("late"), resource("cluster", "refused"), resource("endpoint", "refused"));
      set(forwarder("l", "late"), forwarder("other", "x"), forwarder("bold", "refused"));
      const clusters = await client.next("cluster");
      const listed = async () => [...(await client.take("listener")).resources.keys()].sort();
      expect(await listed()).toEqual(transport === "delta" ? ["other"] : ["l", "other"]);
      client.nack(clusters, "Error adding/updating cluster(s) refused: no");
      client.ack(await client.next("cluster"));
      expect(await listed()).toEqual(transport === "delta" ? ["bold"] : ["bold", "l", "other"]);
      await flush(client);
      expect(client.unread().filter(({ type }) => type === "listener")).toEqual([]);
      client.subscribe("endpoint", "late");
      await client.take("endpoint");
      expect(await listed()).toEqual(transport === "delta" ? ["l"] : ["bold", "l", "other"]);
    });

    rule(
      "O6",
      "no cluster goes that a listener names which the client keeps because a newer one was refused",
      async () => {
        const { connect, set, remove, flush } = await start({ patienceMs: 5_000 });
        set(...service("x"), ...service("y"), ...service("z"), forwarder("l", "x"));
        const client = connect();
        await settle(client, ["x", "y", "z"], []);
        set(forwarder("l", "y"));
        remove("cluster", "x", "z");
        remove("endpoint", "x", "z");
        client.nack(await client.next("listener"), "Error adding/updating listener(s) l: no");
        const removal = await client.take("cluster");
        const left = transport === "delta" ? removal.removed : [...removal.resources.keys()].sort();
        expect(left).toEqual(transport === "delta" ? ["z"] : ["x", "y"]);
        await flush(client);
        expect(client.unread().filter(({ type }) => type === "cluster")).toEqual([]);
        set(forwarder("l", "y", "good"));
        await client.take("listener");
        const rest = await client.take("cluster");
        expect(transport === "delta" ? rest.removed : [...rest.resources.keys()]).toEqual([
          transport === "delta" ? "x" : "y",
        ]);
      },
    );

    rule("O7", "1,000 changes of endpoints send no cluster, listener, scope or table", async () => {
      const { connect, set, server } = await start();
      set(...service("x"), resource("listener", "l"), resource("scope", "s"), resource("route", "r", "x"));
      const client = connect();
      await settle(client, ["x"], ["r"]);
      const types = ["cluster", "listener", "scope", "route"] as const;
      const before = types.map((type) => server.sent(type));
      for (let round = 0; round < 1_000; round += 1) {
        set(resource("endpoint", "x", `zone-${round}`));
        if (round % 10 === 0) await client.take("endpoint");
      }
      expect(types.map((type) => server.sent(type))).toEqual(before);
      expect(server.sent("endpoint")).toBeLessThanOrEqual(1_002);
    });

    rule("O10", "a client that never answers costs as many entries as there are names, whatever changes", async () => {
      const { connect, set, remove, server } = await start();
      const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
      set(...names.flatMap(service), resource("listener", "l"), resource("route", "r"));
      const client = connect();
      client.subscribe("cluster");
      client.subscribe("endpoint", ...names);
      client.subscribe("route", "r");
      for (const type of ["cluster", "endpoint"] as const) await client.next(type);
      for (let round = 0; round < 10_000; round += 1) {
        set(
          ...service(`new-${round}`),
          resource("route", "r", String(round)),
          resource("cluster", "c1", String(round)),
        );
        remove("cluster", `new-${round - 3}`);
        remove("endpoint", `new-${round - 3}`);
        await Promise.resolve();
      }
      const [stream] = server.streams();
      const kept = (stream?.types ?? []).map(({ kept }) => kept);
      expect(Math.max(...kept)).toBeLessThanOrEqual(3 * (names.length + 3));
      expect([server.sent("cluster"), server.sent("endpoint")]).toEqual([1, 1]);
    });

    rule("O8", "a client that does not answer is stuck, is sent nothing more, and is given up", async () => {
      const { connect, set, server } = await start({ stuckMs: 400 });
      set(...service("x"), resource("listener", "l"));
      const client = connect();
      await settle(client, ["x"], []);
      set(resource("listener", "l", "2"));
      await client.next("listener");
      const [stuck] = await eventually("it is stuck", () => {
        const streams = server.streams();
        return streams[0]?.stuck === true ? streams : undefined;
      });
      expect(stuck?.types.filter((type) => type.stuck).map(({ type }) => type)).toEqual(["listener"]);
      expect(server.stuck()).toBe(1);
      set(resource("cluster", "late"), resource("endpoint", "x", "zone"));
      await client.take("endpoint");
      expect((await client.ended).code).toBe(status.UNAVAILABLE);
      expect(client.unread()).toEqual([]);
      expect([server.stuck(), server.log.filter(({ level }) => level === "warn").length]).toEqual([0, 1]);
    });

    rule(
      "O8",
      "a client that waits for endpoints which it has not got is not stuck, and one that answers is free",
      async () => {
        const { connect, set, server } = await start({ stuckMs: 300 });
        set(...service("x"));
        const client = connect();
        client.subscribe("cluster");
        const clusters = await client.next("cluster");
        client.subscribe("endpoint", "x");
        const endpoints = await client.next("endpoint");
        await eventually("endpoints are what is late", () => server.streams()[0]?.stuck === true);
        expect(
          server
            .streams()[0]
            ?.types.filter(({ stuck }) => stuck)
            .map(({ type }) => type),
        ).toEqual(["endpoint"]);
        client.ack(endpoints);
        await eventually("it is free", () => server.streams()[0]?.stuck === false);
        client.ack(clusters);
        set(resource("cluster", "x", "2"));
        await client.take("cluster");
        expect(server.log.filter(({ level }) => level === "warn").length).toBe(1);
      },
    );

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

type Flush = (client: FakeEnvoy) => Promise<void>;

/** Refuses each response that holds something bad until nothing more comes; returns how many there were. */
async function refuse(
  client: FakeEnvoy,
  type: ResourceType,
  { bad, flush }: { readonly bad: string; readonly flush: Flush },
): Promise<number> {
  let pushes = 0;
  for (; pushes === 0 || client.unread().length > 0; pushes += 1) {
    const answer = await client.next(type);
    if (!answer.resources.has(bad)) client.ack(answer);
    else client.nack(answer, answer.resources.size === 1 ? `${bad} is bad` : "something is bad");
    await flush(client);
  }
  return pushes;
}

/** Refuses each table with a bad part until nothing more comes. */
async function refuseParts(client: FakeEnvoy, flush: Flush): Promise<number> {
  let pushes = 0;
  for (; pushes === 0 || client.unread().length > 0; pushes += 1) {
    const answer = await client.next("route");
    if (shownBy(answer).some((part) => part.endsWith("!"))) client.nack(answer, "some part is bad");
    else client.ack(answer);
    await flush(client);
  }
  return pushes;
}

/** A table of parts, of which some are bad. */
function partsOf(name: string, ids: readonly string[], content: string, bad: readonly string[] = []): XdsResource {
  return resource("route", name, ids.map((id) => `${id}=${content}${bad.includes(id) ? "!" : ""}`).join(";"));
}

function partsIn({ bytes }: Pick<XdsResource, "bytes">): ReadonlyMap<string, string> {
  const table = decodeMessage("envoy.config.route.v3.RouteConfiguration", bytes);
  const text = table.virtualHosts?.[0]?.routes?.[0]?.route?.cluster ?? "";
  return new Map(
    text
      .split(";")
      .filter(Boolean)
      .map((part) => [part.slice(0, part.indexOf("=")), part]),
  );
}

function shownBy(answer: Answer | undefined): readonly string[] {
  const [table] = answer?.resources.values() ?? [];
  return table === undefined ? [] : [...partsIn(table).values()];
}

function splitParts(table: XdsResource): ResourceParts | undefined {
  if (table.type !== "route") return undefined;
  const parts = partsIn(table);
  return {
    parts: new Map([...parts].map(([id, part]) => [id, [part]])),
    hold: (held, base) => {
      const before = base === undefined ? new Map<string, string>() : partsIn(base);
      const kept = [...parts].flatMap(([id, part]) => (held.has(id) ? (before.get(id) ?? []) : part));
      return resource("route", table.name, kept.join(";"));
    },
  };
}
