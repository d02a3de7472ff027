import { afterEach, describe, expect, it } from "vitest";
import type { ClusterScope } from "../../src/watch/cluster-source.ts";
import {
  type ClusterWorld,
  createClusterWorld,
  gatewayWith,
  routeWith,
  secretWith,
  until,
} from "../support/cluster-world.ts";
import type { FakeApiServerOptions } from "../support/fake-api-server.ts";

const worlds: ClusterWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

async function createWorld(
  options: FakeApiServerOptions & { readonly scope?: ClusterScope } = {},
): Promise<ClusterWorld> {
  const world = await createClusterWorld(options);
  worlds.push(world);
  return world;
}

async function settle({ server, objects }: ClusterWorld, name: string): Promise<void> {
  server.put("HTTPRoute", routeWith(name, "settle.example.com"));
  await until(() => objects.has(`HTTPRoute/one/${name}`));
}

const textOf = (world: ClusterWorld, key: string) => {
  const object = world.objects.get(key);
  return object?.kind === "Secret" ? Buffer.from(object.data?.["tls.crt"] ?? "", "base64").toString() : undefined;
};
const getsOf = ({ server }: ClusterWorld) =>
  server.requests.filter(({ path }) => path.includes("/secrets/")).map(({ path }) => path);

describe("Secrets", () => {
  it("that nobody refers to cost no transform and less than 10 MB, however many there are", async () => {
    const world = await createWorld();
    const filler = "x".repeat(3000);
    for (let index = 0; index < 10_000; index++)
      world.server.put("Secret", secretWith(`unreferenced-secret-${index}`, filler));
    world.server.put("Gateway", gatewayWith("g", ["mine"]));
    world.server.put("Secret", secretWith("mine", "certificate"));
    const before = await usedHeap();
    await world.start();
    expect([...world.objects.keys()].sort()).toEqual(["Gateway/one/g", "Secret/one/mine"]);
    expect((await usedHeap()) - before).toBeLessThan(10 * 1024 * 1024);
    world.news();
    world.server.put("Secret", secretWith("unreferenced-secret-5", "changed"));
    world.server.put("Secret", secretWith("mine", "renewed"));
    await until(() => textOf(world, "Secret/one/mine") === "renewed");
    expect(world.news()).toEqual(["set Secret/one/mine"]);
  });

  it("are fetched for a Gateway that begins to name them, and delivered before it in the same batch", async () => {
    const world = await createWorld();
    world.server.put("Secret", secretWith("a", "first"));
    world.server.put("Gateway", gatewayWith("g", ["a"]));
    world.server.put("Secret", secretWith("b", "second"));
    await world.start();
    world.server.put("Gateway", gatewayWith("g", ["b"]));
    await until(() => textOf(world, "Secret/one/b") === "second" && !world.objects.has("Secret/one/a"));
    expect(world.batches.at(-2)).toEqual(["set Secret/one/b", "delete Secret/one/a", "set Gateway/one/g"]);
    world.server.remove("Gateway", "one/g");
    await until(() => world.objects.size === 0);
    expect(world.batches.at(-2)).toEqual(["delete Secret/one/b", "delete Gateway/one/g"]);
  });

  it("that are missing do not keep a Gateway waiting, are asked for once, and come when they appear", async () => {
    const world = await createWorld();
    await world.start();
    world.server.put("Gateway", gatewayWith("g", ["late"]));
    await until(() => world.objects.has("Gateway/one/g"));
    world.server.put("Gateway", { ...gatewayWith("g", ["late"]), status: { conditions: [] } });
    await settle(world, "s");
    expect(getsOf(world)).toEqual(["/api/v1/namespaces/one/secrets/late"]);
    world.server.put("Secret", secretWith("late", "here"));
    await until(() => textOf(world, "Secret/one/late") === "here");
    world.server.remove("Secret", "one/late");
    await until(() => !world.objects.has("Secret/one/late"));
  });

  it("that cannot be fetched in time come later, after the Gateway", async () => {
    const world = await createWorld();
    world.server.put("Secret", secretWith("slow", "slow"));
    await world.start();
    world.server.fail(/\/secrets\/slow$/, "hang", 1);
    world.server.put("Gateway", gatewayWith("g", ["slow"]));
    await until(() => world.objects.has("Gateway/one/g"));
    expect(world.objects.has("Secret/one/slow")).toBe(false);
    await until(() => textOf(world, "Secret/one/slow") === "slow");
    expect(getsOf(world)).toHaveLength(2);
  });

  it("of another type are there with their type, change, and may come back with the right one", async () => {
    const world = await createWorld();
    world.server.put("Secret", secretWith("s", "opaque", "Opaque"));
    world.server.put("Secret", secretWith("unreferenced", "opaque", "Opaque"));
    world.server.put("Gateway", gatewayWith("g", ["s"]));
    await world.start();
    expect(world.objects.get("Secret/one/s")).toMatchObject({ type: "Opaque" });
    expect(getsOf(world)).toEqual(["/api/v1/namespaces/one/secrets/s"]);
    world.server.put("Secret", secretWith("s", "changed", "Opaque"));
    await until(() => textOf(world, "Secret/one/s") === "changed");
    world.server.remove("Secret", "one/s");
    world.server.put("Secret", secretWith("s", "tls"));
    await until(() => textOf(world, "Secret/one/s") === "tls");
    await settle(world, "t");
    expect(world.objects.get("Secret/one/s")).toMatchObject({ type: "kubernetes.io/tls" });
    const metadata = world.server.requests.filter(
      ({ path, query }) => path === "/api/v1/secrets" && query["fieldSelector"] === "type!=kubernetes.io/tls",
    );
    expect(metadata.every(({ accept }) => accept.includes("PartialObjectMetadata"))).toBe(true);
  });

  it("that have gone while nobody could tell are let go of", async () => {
    const world = await createWorld();
    world.server.put("Secret", secretWith("tls", "tls"));
    world.server.put("Secret", secretWith("opaque", "opaque", "Opaque"));
    world.server.put("Gateway", gatewayWith("g", ["tls", "opaque"]));
    await world.start();
    await world.server.pause();
    world.server.remove("Secret", "one/tls");
    world.server.remove("Secret", "one/opaque");
    world.server.compact();
    await world.server.resume();
    await until(() => !world.objects.has("Secret/one/tls") && !world.objects.has("Secret/one/opaque"));
  });

  it("outside the namespaces or the label are never asked for", async () => {
    const world = await createWorld({ scope: { namespaces: ["one"], secretSelector: "for=gateways" } });
    const labelled = {
      metadata: { name: "yes", namespace: "one", labels: { for: "gateways" } },
      type: "kubernetes.io/tls",
      data: {},
    };
    world.server.put("Secret", labelled);
    world.server.put("Secret", secretWith("no", "unlabelled"));
    await world.start();
    world.server.put("Gateway", gatewayWith("g", ["yes", "no", "two/other"]));
    await until(() => world.objects.has("Gateway/one/g"));
    expect(getsOf(world)).toEqual(["/api/v1/namespaces/one/secrets/yes"]);
    expect([...world.objects.keys()].sort()).toEqual(["Gateway/one/g", "Secret/one/yes"]);
  });
});

/** What is in use once everything is let go of that can be. */
async function usedHeap(): Promise<number> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().heapUsed;
}
