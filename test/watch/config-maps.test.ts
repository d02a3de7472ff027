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

const bundle = (name: string, text: string) => ({ metadata: { name, namespace: "one" }, data: { "ca.crt": text } });

function policyWith(name: string, configMaps: readonly string[]): object {
  const caCertificateRefs = configMaps.map((each) => ({ group: "", kind: "ConfigMap", name: each }));
  const targetRefs = [{ group: "", kind: "Service", name: "b" }];
  const spec = { targetRefs, validation: { hostname: "b.example.com", caCertificateRefs } };
  return { metadata: { name, namespace: "one" }, spec };
}

function gatewayWithAuthorities(defaults: readonly string[], port: readonly string[] = []): object {
  const validation = (names: readonly string[]) => ({
    validation: {
      caCertificateRefs: names.map((each) => {
        const [namespace, name] = each.includes("/") ? each.split("/") : [undefined, each];
        return { group: "", kind: "ConfigMap", name, ...(namespace !== undefined && { namespace }) };
      }),
    },
  });
  const perPort = port.length === 0 ? {} : { perPort: [{ port: 443, tls: validation(port) }] };
  const { spec, ...gateway } = gatewayWith("g", []) as { readonly spec: object }; // made of both
  return { ...gateway, spec: { ...spec, tls: { frontend: { default: validation(defaults), ...perPort } } } };
}

const textOf = (world: ClusterWorld, key: string) => {
  const object = world.objects.get(key);
  return object?.kind === "ConfigMap" ? object.data?.["ca.crt"] : undefined;
};
const getsOf = ({ server }: ClusterWorld) =>
  server.requests.filter(({ path }) => path.includes("/configmaps/")).map(({ path }) => path);

describe("ConfigMaps", () => {
  it("that nobody refers to are known by their metadata only, and their changes are no news", async () => {
    const world = await createWorld();
    world.server.put("ConfigMap", bundle("stranger", "of no interest"));
    world.server.put("ConfigMap", bundle("authority", "first"));
    world.server.put("BackendTLSPolicy", policyWith("p", ["authority"]));
    await world.start();
    expect([...world.objects.keys()].sort()).toEqual(["BackendTLSPolicy/one/p", "ConfigMap/one/authority"]);
    expect(world.batches).toHaveLength(2);
    world.news();
    world.server.put("ConfigMap", bundle("stranger", "changed"));
    world.server.put("ConfigMap", bundle("authority", "second"));
    await until(() => textOf(world, "ConfigMap/one/authority") === "second");
    await settle(world, "s");
    expect(world.news()).toEqual(["set ConfigMap/one/authority", "set HTTPRoute/one/s"]);
    const lists = world.server.requests.filter(({ path }) => path === "/api/v1/configmaps");
    expect(lists.length).toBeGreaterThan(0);
    expect(lists.every(({ accept }) => accept.includes("PartialObjectMetadata"))).toBe(true);
    expect(getsOf(world).every((path) => path === "/api/v1/namespaces/one/configmaps/authority")).toBe(true);
  });

  it("are fetched for a policy that begins to name them, and delivered before it in the same batch", async () => {
    const world = await createWorld();
    world.server.put("ConfigMap", bundle("a", "first"));
    world.server.put("ConfigMap", bundle("b", "second"));
    world.server.put("BackendTLSPolicy", policyWith("p", ["a"]));
    await world.start();
    world.server.put("BackendTLSPolicy", policyWith("p", ["b"]));
    await until(() => textOf(world, "ConfigMap/one/b") === "second" && !world.objects.has("ConfigMap/one/a"));
    expect(world.batches.at(-2)).toEqual([
      "set ConfigMap/one/b",
      "delete ConfigMap/one/a",
      "set BackendTLSPolicy/one/p",
    ]);
    world.server.remove("BackendTLSPolicy", "one/p");
    await until(() => world.objects.size === 0);
  });

  it("are delivered before a Gateway that checks its clients by them, on all ports or on one, with its Secrets", async () => {
    const world = await createWorld();
    await world.start();
    world.server.put("Secret", secretWith("client", "certificate"));
    for (const name of ["all", "port"]) world.server.put("ConfigMap", bundle(name, name));
    const { spec, ...gateway } = gatewayWithAuthorities(["all", "two/other"], ["port"]) as { spec: { tls: object } }; // made above
    const backend = { clientCertificateRef: { group: "", kind: "Secret", name: "client" } };
    world.server.put("Gateway", { ...gateway, spec: { ...spec, tls: { ...spec.tls, backend } } });
    await until(() => world.objects.has("Gateway/one/g"));
    const batch = world.batches.find((each) => each.includes("set Gateway/one/g")) ?? [];
    expect(batch.at(-1)).toBe("set Gateway/one/g");
    expect(batch.slice(0, -1).sort()).toEqual([
      "set ConfigMap/one/all",
      "set ConfigMap/one/port",
      "set Secret/one/client",
    ]);
    expect(getsOf(world)).toContain("/api/v1/namespaces/two/configmaps/other");
  });

  it("stay while one of several referrers names them, and go with the last", async () => {
    const world = await createWorld();
    world.server.put("ConfigMap", bundle("authority", "text"));
    world.server.put("BackendTLSPolicy", policyWith("p", ["authority"]));
    world.server.put("Gateway", gatewayWithAuthorities(["authority"]));
    await world.start();
    world.server.remove("BackendTLSPolicy", "one/p");
    await until(() => !world.objects.has("BackendTLSPolicy/one/p"));
    expect(textOf(world, "ConfigMap/one/authority")).toBe("text");
    world.server.remove("Gateway", "one/g");
    await until(() => world.objects.size === 0);
  });

  it("that are missing do not keep a policy waiting, and come when they appear", async () => {
    const world = await createWorld();
    await world.start();
    world.server.put("BackendTLSPolicy", policyWith("p", ["late"]));
    await until(() => world.objects.has("BackendTLSPolicy/one/p"));
    expect(getsOf(world)).toEqual(["/api/v1/namespaces/one/configmaps/late"]);
    world.server.put("ConfigMap", bundle("late", "here"));
    await until(() => textOf(world, "ConfigMap/one/late") === "here");
    world.server.remove("ConfigMap", "one/late");
    await until(() => !world.objects.has("ConfigMap/one/late"));
  });

  it("outside the namespaces are never asked for; the label is for Secrets only", async () => {
    const world = await createWorld({ scope: { namespaces: ["one"], secretSelector: "for=gateways" } });
    world.server.put("ConfigMap", bundle("authority", "text"));
    await world.start();
    world.server.put("Gateway", gatewayWithAuthorities(["authority", "two/other"]));
    await until(() => world.objects.has("Gateway/one/g"));
    expect(textOf(world, "ConfigMap/one/authority")).toBe("text");
    expect(getsOf(world)).toEqual(["/api/v1/namespaces/one/configmaps/authority"]);
  });

  it("are read also where the API server has no BackendTLSPolicies", async () => {
    const world = await createWorld({ absent: ["BackendTLSPolicy", "TCPRoute", "UDPRoute", "TLSRoute"] });
    world.server.put("ConfigMap", bundle("authority", "text"));
    world.server.put("Gateway", gatewayWithAuthorities(["authority"]));
    await world.start();
    expect(textOf(world, "ConfigMap/one/authority")).toBe("text");
    expect(world.source.absentKinds()).toEqual(["BackendTLSPolicy", "TCPRoute", "TLSRoute", "UDPRoute"]);
  });
});
