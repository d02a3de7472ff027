import { afterEach, describe, expect, it } from "vitest";
import { type Kind, routeKinds } from "../../src/core/keys.ts";
import { type ClusterWorld, createClusterWorld, until } from "../support/cluster-world.ts";
import type { FakeApiServerOptions } from "../support/fake-api-server.ts";

const worlds: ClusterWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

async function createWorld(options: FakeApiServerOptions = {}): Promise<ClusterWorld> {
  const world = await createClusterWorld(options);
  worlds.push(world);
  return world;
}

/** The least that the API accepts of a route or a BackendTLSPolicy. */
function objectOf(kind: Kind): object {
  const metadata = { name: "o", namespace: "one" };
  const rules = [{ backendRefs: [{ name: "b", port: 80 }] }];
  if (kind === "TLSRoute") return { metadata, spec: { hostnames: ["a.example.com"], rules } };
  if (kind !== "BackendTLSPolicy") return { metadata, spec: { rules } };
  const targetRefs = [{ group: "", kind: "Service", name: "b" }];
  return {
    metadata,
    spec: { targetRefs, validation: { hostname: "b.example.com", wellKnownCACertificates: "System" } },
  };
}

describe("routes and policies of a cluster", () => {
  it.each([...routeKinds, "BackendTLSPolicy"] as const)("tell the stored status of each %s", async (kind) => {
    const world = await createWorld();
    world.server.put(kind, { ...objectOf(kind), status: { conditions: [] } });
    await world.start();
    expect(world.objects.get(`${kind}/one/o`)).toMatchObject({ kind, apiVersion: "gateway.networking.k8s.io/v1" });
    expect(world.stored.get(`${kind}/one/o`)).toMatchObject({ generation: 1, status: { conditions: [] } });
    world.server.remove(kind, "one/o");
    await until(() => !world.stored.has(`${kind}/one/o`) && !world.objects.has(`${kind}/one/o`));
  });

  it("served in no version that is read, as older bundles have them, are as good as absent until it is served", async () => {
    const world = await createWorld({ absent: ["UDPRoute"] });
    world.server.installCrd("TCPRoute", ["v1alpha2"]);
    world.server.installCrd("TLSRoute", ["v1alpha2", "v1alpha3"]);
    world.server.put("TLSRoute", objectOf("TLSRoute"));
    world.server.put("GRPCRoute", objectOf("GRPCRoute"));
    await world.start();
    expect([...world.objects.keys()]).toEqual(["GRPCRoute/one/o"]);
    expect(world.source.absentKinds()).toEqual(["TCPRoute", "TLSRoute", "UDPRoute"]);
    expect(world.source.problems()).toEqual([]);
    world.server.installCrd("TLSRoute", ["v1", "v1alpha3"]);
    await until(() => world.objects.has("TLSRoute/one/o"));
    expect(world.source.absentKinds()).toEqual(["TCPRoute", "UDPRoute"]);
  });
});
