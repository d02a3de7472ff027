import { describe, expect, it } from "vitest";
import { measureConvergence, mostMeasuredGateways } from "../../src/app/convergence-metrics.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import { quarantineOf } from "../../src/core/quarantine.ts";
import { createMetrics } from "../../src/metrics.ts";
import { splitTable } from "../../src/translate/envoy/table-parts.ts";
import { edge, ModelWorld, markedRoute, openGateway, routeKey, second } from "./model-world.ts";

const cart = routeKey("cart");

function route(name: string, mark: string, gateways: readonly string[] = ["edge"], hosts = [`${name}.example.com`]) {
  return markedRoute(name, { hosts, gateways, mark });
}

/** A Gateway with one route and two proxies that have everything. */
function startWorld(): ModelWorld {
  const world = new ModelWorld();
  world.apply(openGateway("edge", [80]));
  world.apply(route("cart", "first"));
  world.flush();
  for (const gateway of [edge, edge]) world.connect(gateway);
  world.settle();
  return world;
}

/** Another generation of the route, published. */
function edit(world: ModelWorld, mark: string, generation: number, gateways?: readonly string[]): void {
  world.apply(route("cart", mark, gateways), generation);
  world.flush();
}

describe("a route", () => {
  it("arrives at one proxy after the other", async () => {
    const world = startWorld();
    expect(await world.report("HTTPRoute", "shop/cart")).toEqual({
      object: { kind: "HTTPRoute", namespace: "shop", name: "cart" },
      generation: 1,
      state: "converged",
      reason: "Acknowledged",
      message: "generation 1 is acknowledged by all proxies, 2 of 2",
      gateways: [
        { gateway: { kind: "Gateway", namespace: "infra", name: "edge" }, connected: 2, acknowledged: 2, named: true },
      ],
      replicas: { answered: 1, known: 1 },
    });
    edit(world, "second", 2);
    const told = async () => (await world.report("HTTPRoute", "shop/cart")).message;
    expect(await told()).toBe("generation 2 is acknowledged by 0 of 2 proxies of infra/edge");
    world.proxies[1]?.acknowledge(world.table);
    expect(await told()).toBe("generation 2 is acknowledged by 1 of 2 proxies of infra/edge");
    world.settle();
    expect(await told()).toBe("generation 2 is acknowledged by all proxies, 2 of 2");
  });

  it("has arrived where its new generation comes to the same bytes", () => {
    const world = startWorld();
    edit(world, "first", 2);
    expect(world.counts(cart)).toEqual({
      generation: 2,
      gateways: [{ gateway: edge, connected: 2, acknowledged: 2 }],
    });
  });

  it("has arrived at proxies that are always a version behind, while others change its table all the time", () => {
    const world = startWorld();
    edit(world, "second", 2);
    for (let round = 1; round <= 200; round += 1) {
      const before = new Map([...world.table.entries(edge, "route")]);
      world.apply(route("busy", `busy-${round}`), round);
      world.flush();
      for (const { held } of world.proxies)
        for (const { resource } of before.values()) held.set(`route/${resource.name}`, resource);
      expect(world.counts(cart).gateways).toEqual([{ gateway: edge, connected: 2, acknowledged: 2 }]);
    }
    expect(world.counts(routeKey("busy")).gateways).toEqual([{ gateway: edge, connected: 2, acknowledged: 0 }]);
  });

  it("counts a proxy that connects with the versions that it had, if they are recent enough", () => {
    const world = startWorld();
    const [old] = world.proxies;
    const held = new Map(old?.held);
    edit(world, "second", 2);
    world.settle();
    world.connect(edge, held);
    world.connect(edge, world.proxies[0]?.held);
    world.connect(edge);
    expect(world.counts(cart).gateways).toEqual([{ gateway: edge, connected: 5, acknowledged: 3 }]);
  });

  it("has not arrived at a proxy of which nobody knows what it holds", () => {
    const world = startWorld();
    for (const [key, resource] of world.proxies[0]?.held ?? [])
      world.proxies[0]?.held.set(key, { ...resource, version: "" });
    expect(world.counts(cart).gateways).toEqual([{ gateway: edge, connected: 2, acknowledged: 1 }]);
  });

  it("is to be let go of by the proxies of a Gateway that it leaves", async () => {
    const world = startWorld();
    world.apply(openGateway("second", [80]));
    world.flush();
    world.connect(second).acknowledge(world.table);
    edit(world, "first", 2, ["second"]);
    world.proxies[2]?.acknowledge(world.table);
    expect(world.counts(cart).gateways).toEqual([
      { gateway: edge, connected: 2, acknowledged: 0 },
      { gateway: second, connected: 1, acknowledged: 1 },
    ]);
    world.settle();
    expect(await world.report("HTTPRoute", "shop/cart")).toMatchObject({
      state: "converged",
      gateways: [{ gateway: { name: "second" }, connected: 1, acknowledged: 1 }],
    });
  });

  it.each([
    { what: "nobody has seen", name: "shop/other", state: "pending", reason: "NotFound" },
    { what: "names no Gateway of ours", name: "shop/lost", state: "never", reason: "NotAttached" },
    { what: "names a listener that there is not", name: "shop/astray", state: "never", reason: "NotAttached" },
    { what: "has no proxy", name: "shop/early", state: "pending", reason: "NoProxies" },
  ])("that $what is $state: $reason", async ({ name, state, reason }) => {
    const world = startWorld();
    world.apply(openGateway("second", [80]));
    world.apply(route("lost", "x", ["nowhere"]));
    world.apply(route("astray", "x").replace(`"name":"edge"`, `"name":"edge","sectionName":"nothing"`));
    world.apply(route("early", "x", ["second"]));
    world.flush();
    world.settle();
    expect(await world.report("HTTPRoute", name)).toMatchObject({ state, reason });
  });

  it("never will where proxies have refused a rule of it, until it is another", async () => {
    const world = startWorld();
    const table = world.table.entry(edge, "route", "http-80")?.resource;
    const part = "httproute/shop/cart/rule/0";
    const hashes = (table && splitTable(table)?.parts.get(part)) ?? [];
    expect(hashes.length).toBeGreaterThan(0);
    const refused = {
      object: cart,
      gateway: edge,
      generation: 1,
      part,
      hashes,
      words: "no",
      since: "2026-01-01T00:00:00Z",
    };
    const quarantine = quarantineOf(refused);
    world.translator.set("Quarantine", namespacedName(undefined, quarantine.metadata.name), quarantine);
    world.flush();
    world.settle();
    expect(await world.report("HTTPRoute", "shop/cart")).toMatchObject({
      ...{ state: "never", reason: "Quarantined" },
      message: "rule 0 is quarantined, as proxies of infra/edge refuse it: no",
    });
    edit(world, "second", 2);
    world.settle();
    expect(await world.report("HTTPRoute", "shop/cart")).toMatchObject({ state: "converged", generation: 2 });
  });

  it("starts anew when what it refers to comes, though its generation stays", () => {
    const world = startWorld();
    world.apply(route("late", "x", ["second"]));
    world.flush();
    expect(world.counts(routeKey("late")).gateways).toEqual([]);
    world.apply(openGateway("second", [80]));
    world.flush();
    const proxy = world.connect(second);
    expect(world.counts(routeKey("late")).gateways).toEqual([{ gateway: second, connected: 1, acknowledged: 0 }]);
    proxy.acknowledge(world.table);
    expect(world.counts(routeKey("late")).gateways).toEqual([{ gateway: second, connected: 1, acknowledged: 1 }]);
  });
});

describe("a Gateway", () => {
  const key = objectKey("Gateway", edge);
  const counts = (world: ModelWorld) => world.counts(key).gateways.map(({ acknowledged }) => acknowledged);

  it("has arrived once proxies have its listeners, and nothing that routes do takes that back", () => {
    const world = startWorld();
    expect(counts(world)).toEqual([2]);
    edit(world, "second", 2);
    expect(counts(world)).toEqual([2]);
    world.settle();
    world.apply(openGateway("edge", [80, 8080]), 2);
    world.flush();
    expect(counts(world)).toEqual([0]);
    world.proxies[0]?.acknowledge(world.table, (type) => type === "listener");
    expect(counts(world)).toEqual([0]);
    world.proxies[0]?.acknowledge(world.table);
    expect(counts(world)).toEqual([1]);
    world.apply(openGateway("edge", [80]), 3);
    world.flush();
    expect(counts(world)).toEqual([1]);
    world.settle();
    expect(counts(world)).toEqual([2]);
  });

  it("of another class never will", async () => {
    const world = startWorld();
    world.apply(openGateway("foreign", [80]).replace(`"gatehouse"`, `"others"`));
    world.flush();
    expect(await world.report("Gateway", "infra/foreign")).toMatchObject({ state: "never", reason: "NotAccepted" });
  });
});

describe("a ListenerSet", () => {
  const listenerSet = (port: number) =>
    JSON.stringify({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "ListenerSet",
      metadata: { name: "more", namespace: "shop" },
      spec: {
        parentRef: { name: "edge", namespace: "infra" },
        listeners: [{ name: "l", port, protocol: "HTTP" }],
      },
    });
  const key = objectKey("ListenerSet", namespacedName("shop", "more"));

  it("has arrived once proxies have its listeners", async () => {
    const world = startWorld();
    world.apply(listenerSet(9090));
    world.flush();
    expect(world.counts(key).gateways).toEqual([{ gateway: edge, connected: 2, acknowledged: 0 }]);
    expect(world.counts(objectKey("Gateway", edge)).gateways).toEqual([
      { gateway: edge, connected: 2, acknowledged: 2 },
    ]);
    world.settle();
    expect(await world.report("ListenerSet", "shop/more")).toMatchObject({ state: "converged", generation: 1 });
  });

  it("that a Gateway does not admit never will, until it does", async () => {
    const world = startWorld();
    world.apply(
      openGateway("edge", [80]).replace(`"allowedListeners":{"namespaces":{"from":"All"}}`, `"addresses":[]`),
      2,
    );
    world.apply(listenerSet(9090));
    world.flush();
    world.settle();
    expect(await world.report("ListenerSet", "shop/more")).toMatchObject({ state: "never", reason: "NotAccepted" });
    world.apply(openGateway("edge", [80]), 3);
    world.flush();
    expect(world.counts(key).gateways).toEqual([{ gateway: edge, connected: 2, acknowledged: 0 }]);
    world.settle();
    expect(await world.report("ListenerSet", "shop/more")).toMatchObject({ state: "converged" });
  });
});

describe("what it costs", () => {
  it("does not grow with the routes", () => {
    const looks = (routes: number): number => {
      const world = new ModelWorld();
      world.apply(openGateway("edge", [80]));
      for (let index = 0; index < routes; index += 1) world.apply(route(`r-${index}`, "x"));
      world.apply(route("cart", "first"));
      world.flush();
      world.connect(edge).acknowledge(world.table);
      let count = 0;
      const entry = world.table.entry.bind(world.table);
      world.table.entry = (...asked) => {
        count += 1;
        return entry(...asked);
      };
      edit(world, "second", 2);
      return count;
    };
    const few = looks(10);
    expect(few).toBeGreaterThan(0);
    expect(looks(400)).toBe(few);
  });
});

describe("metrics", () => {
  const series = async (world: ModelWorld): Promise<readonly string[]> => {
    const metrics = createMetrics();
    measureConvergence(world.convergence, metrics);
    const { body } = await metrics.render();
    return body.split("\n").filter((line) => line.startsWith("gatehouse_objects_"));
  };

  it("tell by Gateway and kind how many objects have arrived, and how many are on their way", async () => {
    const world = startWorld();
    edit(world, "second", 2);
    world.apply(route("other", "x"));
    world.flush();
    expect(await series(world)).toEqual([
      `gatehouse_objects_converged{gateway="infra/edge",kind="Gateway"} 1`,
      `gatehouse_objects_converged{gateway="infra/edge",kind="HTTPRoute"} 0`,
      `gatehouse_objects_pending{gateway="infra/edge",kind="Gateway"} 0`,
      `gatehouse_objects_pending{gateway="infra/edge",kind="HTTPRoute"} 2`,
    ]);
    world.settle();
    world.translator.delete("HTTPRoute", namespacedName("shop", "other"));
    world.flush();
    world.settle();
    expect((await series(world)).filter((line) => line.includes("HTTPRoute"))).toEqual([
      `gatehouse_objects_converged{gateway="infra/edge",kind="HTTPRoute"} 1`,
      `gatehouse_objects_pending{gateway="infra/edge",kind="HTTPRoute"} 0`,
    ]);
  });

  it("say nothing of a Gateway whose proxies are all of another replica, or gone", async () => {
    const world = startWorld();
    edit(world, "second", 2);
    expect(await series(world)).toHaveLength(4);
    world.proxies = [];
    expect(await series(world)).toEqual([]);
    world.connect(edge);
    world.settle();
    expect(await series(world)).toContain(`gatehouse_objects_pending{gateway="infra/edge",kind="HTTPRoute"} 0`);
  });

  it("stay few with 5,000 routes and more Gateways than are told apart", async () => {
    const world = new ModelWorld();
    const gateways = Array.from(
      { length: mostMeasuredGateways + 50 },
      (_, index) => `edge-${String(index).padStart(3, "0")}`,
    );
    world.apply(gateways.map((name) => openGateway(name, [80])).join("\n---\n"));
    world.apply(route("r-0", "x", [gateways[0] ?? ""]));
    world.flush();
    const first = world.translator.object("HTTPRoute", namespacedName("shop", "r-0"));
    if (first === undefined) throw new Error("there is a route");
    for (let index = 1; index < 5_000; index += 1) {
      const parentRefs = (first.spec.parentRefs ?? []).map((ref) => ({
        ...ref,
        name: gateways[index % gateways.length] ?? "",
      }));
      const spec = { ...first.spec, parentRefs, hostnames: [`r-${index}.example.com`] };
      const metadata = { ...first.metadata, name: `r-${index}` };
      world.translator.set("HTTPRoute", namespacedName("shop", metadata.name), { ...first, metadata, spec });
    }
    world.flush();
    for (const name of gateways) world.connect(namespacedName("infra", name));
    const told = await series(world);
    // Converged and pending, of two kinds, by Gateway and for the others together.
    expect(told.length).toBe(2 * 2 * (mostMeasuredGateways + 1));
    const sum = told
      .filter((line) => line.includes("_pending") && line.includes("HTTPRoute"))
      .reduce((total, line) => total + Number(line.split(" ")[1]), 0);
    expect(sum).toBe(5_000);
    expect(told.filter((line) => line.includes(`gateway="other"`)).length).toBe(4);
  });
});
