import { afterEach, describe, expect, it } from "vitest";
import { kindNames } from "../../src/core/keys.ts";
import { patchTypes } from "../../src/core/kube-client.ts";
import type { ClusterScope } from "../../src/watch/cluster-source.ts";
import { type ClusterWorld, createClusterWorld, gatewayWith, routeWith, until } from "../support/cluster-world.ts";
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

/** A route that arrives after everything else has: what was to be seen before has been seen by then. */
async function settle({ server, objects }: ClusterWorld, name: string): Promise<void> {
  server.put("HTTPRoute", routeWith(name, "settle.example.com"));
  await until(() => objects.has(`HTTPRoute/one/${name}`));
}

/** One for each kind, a second one for Secrets, and one for the definitions of kinds. */
const allWatches = kindNames.length + 2;
const route = "HTTPRoute/one/r";
const routePath = "/apis/gateway.networking.k8s.io/v1/namespaces/one/httproutes/r";

describe("the objects of a cluster", () => {
  it("are all delivered in one batch before start resolves, without status and managed fields", async () => {
    const world = await createWorld({ bundleVersion: "v1.6.0" });
    world.server.put("GatewayClass", { metadata: { name: "c" }, spec: { controllerName: "x/y" } });
    world.server.put("Gateway", { ...gatewayWith("g", []), status: { conditions: [] } });
    world.server.put("HTTPRoute", { ...routeWith("r", "a.example.com"), status: { parents: [] } });
    world.server.put("Namespace", { metadata: { name: "one" } });
    world.server.put("ConfigMap", { metadata: { name: "cm", namespace: "one" }, data: {} });
    await world.start();
    expect([...world.objects.keys()].sort()).toEqual([
      "Gateway/one/g",
      "GatewayClass/c",
      "HTTPRoute/one/r",
      "Namespace/one",
    ]);
    expect(world.batches).toHaveLength(2);
    const object = world.objects.get(route);
    expect(Object.keys(object ?? {})).not.toContain("status");
    expect(Object.keys(object?.metadata ?? {})).not.toContain("managedFields");
    expect(object).toMatchObject({
      spec: { parentRefs: [{ kind: "Gateway" }], rules: [{ matches: [{ path: { value: "/" } }] }] },
    });
    expect(world.facts).toEqual([{ bundleVersion: "v1.6.0", channel: "standard" }]);
    expect(world.source.problems()).toEqual([]);
  });

  it("cost nothing when only their status changes, which whoever writes it hears", async () => {
    const world = await createWorld();
    world.server.put("HTTPRoute", routeWith("r", "a.example.com"));
    await world.start();
    const before = world.objects.get(route);
    world.news();
    const status = { parents: [{ controllerName: "x/y", parentRef: { name: "g" } }] };
    await world.server.client.request({
      method: "PATCH",
      path: `${routePath}/status`,
      contentType: patchTypes.merge,
      body: { status },
    });
    await until(() => world.stored.get(route)?.status.parents?.length === 1);
    await settle(world, "s");
    expect(world.news()).toEqual(["set HTTPRoute/one/s"]);
    expect(world.objects.get(route)).toBe(before);
    const stored = world.server.get("HTTPRoute", "one/r")?.metadata;
    expect(world.stored.get(route)).toEqual({
      uid: stored?.uid,
      resourceVersion: stored?.resourceVersion,
      generation: 1,
      status,
    });
  });

  it("cost nothing when a tool changes its annotations, and those are not kept", async () => {
    const world = await createWorld();
    const annotated = (text: string) => {
      const { metadata, ...rest } = structuredClone(
        world.server.get("HTTPRoute", "one/r") ?? { metadata: { name: "r" } },
      );
      world.server.put("HTTPRoute", { ...rest, metadata: { ...metadata, annotations: { "example.com/seen": text } } });
    };
    world.server.put("HTTPRoute", routeWith("r", "a.example.com"));
    annotated("first");
    await world.start();
    const before = world.objects.get(route);
    expect(JSON.stringify(before)).not.toContain("example.com/seen");
    world.news();
    annotated("second");
    await settle(world, "s");
    expect(world.news()).toEqual(["set HTTPRoute/one/s"]);
    expect(world.objects.get(route)).toBe(before);
  });

  it("come as one batch when their events arrive together", async () => {
    const world = await createWorld();
    await world.start();
    const release = world.server.holdWatches();
    for (const name of ["a", "b", "c"]) world.server.put("HTTPRoute", routeWith(name, "x.example.com"));
    release();
    await until(() => world.objects.size === 3);
    await settle(world, "s");
    expect(world.batches.filter((batch) => batch.includes("set HTTPRoute/one/a"))).toEqual([
      ["set HTTPRoute/one/a", "set HTTPRoute/one/b", "set HTTPRoute/one/c"],
    ]);
  });

  it("are read in pages, however many there are", async () => {
    const world = await createWorld();
    for (let index = 0; index < 1201; index++) world.server.put("HTTPRoute", routeWith(`r${index}`, "x.example.com"));
    await world.start();
    expect(world.objects.size).toBe(1201);
    const pages = world.server.requests.filter(({ path, watch }) => path.endsWith("/httproutes") && !watch);
    expect(pages.map(({ query }) => query["limit"])).toEqual(["500", "500", "500"]);
  });

  it("stay as they were when a new version cannot be read, and are served as far as possible when a newer CRD wrote them", async () => {
    const world = await createWorld();
    world.server.put("HTTPRoute", routeWith("r", "a.example.com"));
    await world.start();
    const before = world.objects.get(route);
    world.server.put("HTTPRoute", { metadata: { name: "r", namespace: "one" }, spec: { hostnames: "none" } });
    await until(() => world.source.problems().length === 1);
    expect(world.source.problems()).toMatchObject([{ object: "HTTPRoute one/r", path: "spec.hostnames" }]);
    expect(world.objects.get(route)).toBe(before);
    const rules = [
      {
        filters: [{ type: "Teleport", teleport: { to: "mars" } }],
        backendRefs: [{ name: "b", port: 80, mood: "good" }],
      },
    ];
    world.server.put("HTTPRoute", { metadata: { name: "r", namespace: "one" }, spec: { news: true, rules } });
    await until(() => world.objects.get(route) !== before);
    expect(world.source.problems()).toEqual([]);
    expect(world.objects.get(route)).toMatchObject({
      spec: {
        rules: [
          {
            filters: [{ type: "ExtensionRef", extensionRef: { kind: "Teleport" } }],
            backendRefs: [{ name: "b", weight: 1 }],
          },
        ],
      },
    });
  });

  it("are those of the given namespaces, and what belongs to none", async () => {
    const world = await createWorld({ scope: { namespaces: ["one", "two"] } });
    for (const namespace of ["one", "two", "three"]) {
      world.server.put("Service", { metadata: { name: "s", namespace }, spec: {} });
      world.server.put("Namespace", { metadata: { name: namespace } });
    }
    await world.start();
    expect([...world.objects.keys()].filter((key) => key.startsWith("Service")).sort()).toEqual([
      "Service/one/s",
      "Service/two/s",
    ]);
    expect(world.objects.has("Namespace/three")).toBe(true);
    expect(world.server.requests.some(({ path }) => path === "/api/v1/services" || path === "/api/v1/secrets")).toBe(
      false,
    );
  });
});

describe("a namespace that is watched and may not be read", () => {
  const forbidden = { status: 403, reason: "Forbidden", message: "it is forbidden" };

  it("because it was deleted, with the roles in it, holds nobody up, and comes when it is there again", async () => {
    const world = await createWorld({ scope: { namespaces: ["one", "gone"] } });
    const allow = world.server.fail(/\/namespaces\/gone\//, forbidden);
    world.server.put("Namespace", { metadata: { name: "one" } });
    world.server.put("HTTPRoute", routeWith("r", "x.example.com"));
    await world.start();
    expect([...world.objects.keys()]).toEqual(["Namespace/one", route]);
    expect(world.source.problems()).toContainEqual({
      file: "API server",
      object: "httproutes of gone",
      message: "it is forbidden",
    });
    world.server.put("Namespace", { metadata: { name: "gone" } });
    world.server.put("Service", { metadata: { name: "s", namespace: "gone" }, spec: {} });
    allow();
    await until(() => world.objects.has("Service/gone/s") && world.source.problems().length === 0);
  });

  it("is told by the kinds that are not read, as is any kind", async () => {
    const world = await createWorld();
    const allow = world.server.fail(/\/(tcproutes|secrets)$/, forbidden);
    const started = world.start();
    await until(() => world.source.problems().length === 3);
    await until(() => world.source.unread?.().length === 2);
    expect(world.source.unread?.()).toEqual(["secrets", "tcproutes"]);
    allow();
    await started;
    expect(world.source.unread?.()).toEqual([]);
  });
});

describe("kinds without a definition", () => {
  it("are picked up when it appears and withdrawn when it goes", async () => {
    const world = await createWorld({ absent: ["ListenerSet", "GatewayParameters"] });
    await world.start();
    expect(world.source.absentKinds()).toEqual(["GatewayParameters", "ListenerSet"]);
    world.server.installCrd("ListenerSet");
    const spec = { parentRef: { name: "g" }, listeners: [{ name: "l", port: 80, protocol: "HTTP" }] };
    world.server.put("ListenerSet", { metadata: { name: "ls", namespace: "one" }, spec });
    await until(() => world.objects.has("ListenerSet/one/ls"));
    expect(world.source.absentKinds()).toEqual(["GatewayParameters"]);
    world.server.removeCrd("ListenerSet");
    await until(() => !world.objects.has("ListenerSet/one/ls"));
    expect(world.stored.has("ListenerSet/one/ls")).toBe(false);
    world.server.installCrd("ListenerSet");
    world.server.put("ListenerSet", { metadata: { name: "ls2", namespace: "one" }, spec });
    await until(() => world.objects.has("ListenerSet/one/ls2"));
    expect(world.batches.at(-1)).toEqual([]);
  });

  it("of our own keep nobody waiting, and come with all that they decide", async () => {
    const kinds = ["HostnameClaim", "HostnameRecord", "NamespaceBudget"] as const;
    const world = await createWorld({ absent: kinds });
    world.server.put("HTTPRoute", routeWith("r", "a.example.com"));
    await world.start();
    expect(world.objects.has(route)).toBe(true);
    expect(world.source.absentKinds()).toEqual(kinds);
    const namespaces = { names: ["one"] };
    world.server.put("HostnameClaim", { metadata: { name: "c" }, spec: { hostname: "a.example.com", namespaces } });
    world.server.put("NamespaceBudget", { metadata: { name: "b" }, spec: { namespaces, limits: { routes: 1 } } });
    const spec = { hostname: "a.example.com", namespace: "one", since: "2026-01-31T12:00:00Z", object: route };
    world.server.put("HostnameRecord", { metadata: { name: "h" }, spec, status: { unusedSince: spec.since } });
    for (const kind of kinds) world.server.installCrd(kind);
    await until(() =>
      ["HostnameClaim/c", "HostnameRecord/h", "NamespaceBudget/b"].every((key) => world.objects.has(key)),
    );
    expect(world.source.absentKinds()).toEqual([]);
    expect(world.objects.get("HostnameClaim/c")).toMatchObject({ spec: { subdomains: false } });
    expect(world.objects.get("HostnameRecord/h")).toMatchObject({ spec });
  });

  it("are read in the preferred version, also when the API server publishes that one last", async () => {
    const world = await createWorld();
    world.server.put("GatewayClass", { metadata: { name: "c" }, spec: { controllerName: "x/y" } });
    world.server.installCrd("GatewayClass", ["v1", "v1beta1"]);
    const late = { status: 404, reason: "NotFound" };
    const end = world.server.fail(/^\/apis\/gateway.networking.k8s.io\/v1$/, late);
    world.server.installCrd("Gateway", ["v1beta1"]);
    const started = world.start();
    const isList = (part: string) => world.server.requests.some(({ path }) => path.endsWith(`/${part}/gatewayclasses`));
    await until(() => isList("v1beta1"));
    end();
    await until(() => isList("v1"));
    await started;
    expect(world.batches.flat()).toContain("set GatewayClass/c");
  });

  it("are read in the version that is served, and keep their objects when it changes", async () => {
    const world = await createWorld();
    world.server.installCrd("ReferenceGrant", ["v1beta1"]);
    const spec = { from: [{ group: "g", kind: "K", namespace: "two" }], to: [{ group: "", kind: "Service" }] };
    world.server.put("ReferenceGrant", { metadata: { name: "rg", namespace: "one" }, spec });
    await world.start();
    expect(world.objects.get("ReferenceGrant/one/rg")?.apiVersion).toBe("gateway.networking.k8s.io/v1");
    const lists = () =>
      world.server.requests.filter(({ path }) => path.endsWith("/referencegrants")).map(({ path }) => path);
    expect(lists().some((path) => path.includes("/v1/"))).toBe(false);
    world.news();
    world.server.installCrd("ReferenceGrant", ["v1", "v1beta1"]);
    await until(() => lists().some((path) => path.includes("/v1/")));
    await settle(world, "s");
    expect(world.news()).toEqual(["set HTTPRoute/one/s"]);
  });
});

describe("the log", () => {
  it("tells in one line that the server starts or is busy, and each refusal by itself", async () => {
    const world = await createWorld();
    await world.start();
    await until(() => world.server.watches === allWatches);
    const busy = { status: 503, reason: "ServiceUnavailable", message: "starting" };
    const end = world.server.fail(/./, busy);
    world.server.dropWatches("reset");
    await until(() => world.source.problems().filter(({ message }) => message === "starting").length === allWatches);
    end();
    await until(() => world.source.problems().length === 0);
    expect(world.log.slice(1).map((line) => line.split(",")[0])).toEqual([
      "the API server cannot be used now",
      expect.stringContaining("the API server can be used again"),
    ]);
  });
});

describe("a fault of the API server", () => {
  it("that it is not there at the start is waited for, told once, and over when it answers", async () => {
    const world = await createWorld();
    world.server.put("HTTPRoute", routeWith("r", "a.example.com"));
    await world.server.pause();
    const started = world.start();
    await until(() => world.source.problems().length > 0);
    expect(world.objects.size).toBe(0);
    await world.server.resume();
    await started;
    expect(world.objects.size).toBe(1);
    expect(world.source.problems()).toEqual([]);
    expect(world.log.filter((line) => line.includes("cannot be used now"))).toHaveLength(1);
    expect(world.log.filter((line) => line.includes("can be used again"))).toHaveLength(1);
  });

  it("that it goes away for a while leaves everything as it was, and shows what changed meanwhile", async () => {
    const world = await createWorld();
    world.server.put("HTTPRoute", routeWith("r", "a.example.com"));
    world.server.put("HTTPRoute", routeWith("gone", "a.example.com"));
    await world.start();
    world.news();
    await world.server.pause();
    await until(() => world.source.problems().length === allWatches);
    world.server.remove("HTTPRoute", "one/gone");
    world.server.put("HTTPRoute", routeWith("new", "a.example.com"));
    expect(world.news()).toEqual([]);
    await world.server.resume();
    await until(() => world.objects.has("HTTPRoute/one/new") && world.source.problems().length === 0);
    expect(world.news().toSorted()).toEqual(["delete HTTPRoute/one/gone", "set HTTPRoute/one/new"]);
    expect(world.log.filter((line) => line.includes("cannot be used now"))).toHaveLength(1);
  });

  it("that versions are too old, for every kind at once, costs new lists and nothing else", async () => {
    const world = await createWorld();
    world.server.put("HTTPRoute", routeWith("r", "a.example.com"));
    world.server.put("HTTPRoute", routeWith("gone", "a.example.com"));
    world.server.put("Namespace", { metadata: { name: "one" } });
    world.server.put("Gateway", gatewayWith("g", []));
    await world.start();
    world.news();
    await world.server.pause();
    world.server.remove("HTTPRoute", "one/gone");
    world.server.put("HTTPRoute", routeWith("r", "b.example.com"));
    world.server.compact();
    const lists = () =>
      world.server.requests.filter(({ watch, path }) => !watch && !/\/v1$|^\/livez$/.test(path)).length;
    const before = lists();
    await world.server.resume();
    await until(() => lists() - before === allWatches && world.server.watches === allWatches);
    await settle(world, "s");
    expect(world.news().toSorted()).toEqual([
      "delete HTTPRoute/one/gone",
      "set HTTPRoute/one/r",
      "set HTTPRoute/one/s",
    ]);
    expect(lists() - before).toBe(allWatches);
  });

  it("that watches end without a word is no problem and costs no list", async () => {
    const world = await createWorld();
    world.server.put("HTTPRoute", routeWith("r", "a.example.com"));
    await world.start();
    await until(() => world.server.watches === allWatches);
    const lists = () => world.server.requests.filter(({ watch }) => !watch).length;
    const before = lists();
    world.server.dropWatches("end");
    await settle(world, "s");
    world.server.dropWatches("reset", "HTTPRoute");
    await settle(world, "t");
    expect(lists()).toBe(before);
    expect(world.log.filter((line) => line.includes("refuses"))).toEqual([]);
  });

  it("that it sends something unreadable is got over without losing anything", async () => {
    const world = await createWorld();
    await world.start();
    await until(() => world.server.watches === allWatches);
    world.server.writeToWatches("HTTPRoute", '{"type":"ADDED","object":{"metadata":{"na\n');
    await settle(world, "a");
    world.server.writeToWatches(
      "HTTPRoute",
      '{"type":"ADDED","object":7}\n{"type":"SUDDEN","object":{"metadata":{}}}\n',
    );
    await settle(world, "b");
    expect(world.objects.size).toBe(2);
    await until(() => world.source.problems().length === 0);
  });

  it("that it refuses a list is told, and does not keep the rest from being served", async () => {
    const world = await createWorld();
    await world.start();
    const forbid = { status: 403, reason: "Forbidden", message: "services is forbidden" };
    const end = world.server.fail(/\/services$/, forbid);
    world.server.dropWatches("end", "Service");
    await until(() => world.source.problems().length === 1);
    expect(world.source.problems()).toEqual([
      { file: "API server", object: "services", message: "services is forbidden" },
    ]);
    await settle(world, "s");
    end();
    await until(() => world.source.problems().length === 0);
    expect(world.log.filter((line) => line.includes('"services"'))).toHaveLength(2);
  });

  it("that pages expire in the middle of a list is got over", async () => {
    const world = await createWorld();
    for (let index = 0; index < 1001; index++) world.server.put("HTTPRoute", routeWith(`r${index}`, "x.example.com"));
    world.server.fail(({ query }) => query["continue"] !== undefined, { status: 410, reason: "Expired" }, 1);
    await world.start();
    expect(world.objects.size).toBe(1001);
  });

  it("that events come twice or late changes nothing", async () => {
    const world = await createWorld();
    const old = world.server.put("HTTPRoute", routeWith("r", "a.example.com"));
    await world.start();
    world.server.put("HTTPRoute", routeWith("r", "b.example.com"));
    await until(() => JSON.stringify(world.objects.get(route)).includes("b.example.com"));
    world.news();
    const late = (type: string) => `${JSON.stringify({ type, object: old })}\n`;
    world.server.writeToWatches("HTTPRoute", late("MODIFIED") + late("DELETED") + late("ADDED"));
    await settle(world, "s");
    expect(world.news()).toEqual(["set HTTPRoute/one/s"]);
    expect(JSON.stringify(world.objects.get(route))).toContain("b.example.com");
  });

  it("that it is asked to stop in the middle of waiting ends at once", async () => {
    const world = await createWorld();
    await world.server.pause();
    const started = world.start();
    await until(() => world.source.problems().length > 0);
    await world.source.stop();
    await started;
    await world.server.resume();
    expect(world.batches).toEqual([[]]);
  });
});
