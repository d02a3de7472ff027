import { afterEach, describe, expect, it } from "vitest";
import { type KubeResult, patchTypes, type RawObject } from "../../src/core/kube-client.ts";
import { type FakeApiServer, type FakeApiServerOptions, startFakeApiServer } from "./fake-api-server.ts";

const servers: FakeApiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const server = await startFakeApiServer(options);
  servers.push(server);
  return server;
}

function wanted<T>(result: KubeResult<T>): T {
  if (result.kind === "failed") throw new Error(`${result.status} ${result.reason}: ${result.message}`);
  return result.value;
}

const statusOf = (result: KubeResult<unknown>) => (result.kind === "ok" ? 200 : result.status);
const gateways = "/apis/gateway.networking.k8s.io/v1/namespaces/one/gateways";
const deployments = "/apis/apps/v1/namespaces/one/deployments";

function applyTo(server: FakeApiServer, manager: string, body: object, query: Readonly<Record<string, string>> = {}) {
  const full = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d", namespace: "one" }, ...body };
  return server.client.request<RawObject>({
    method: "PATCH",
    path: `${deployments}/d`,
    query: { fieldManager: manager, ...query },
    body: full,
    contentType: patchTypes.apply,
  });
}

describe("writes", () => {
  it("count generations for the spec only, keep the status apart and leave no trace when nothing changes", async () => {
    const server = await start();
    const body = { metadata: { name: "g" }, spec: { a: 1 }, status: { wrong: true } };
    const made = wanted(await server.client.request<RawObject>({ method: "POST", path: gateways, body }));
    expect(made.metadata.generation).toBe(1);
    expect(made["status"]).toBeUndefined();
    const path = `${gateways}/g`;
    const status = { ...made, status: { ok: true }, spec: { a: 2 } };
    const told = wanted(
      await server.client.request<RawObject>({ method: "PUT", path: `${path}/status`, body: status }),
    );
    expect(told).toMatchObject({ spec: { a: 1 }, status: { ok: true }, metadata: { generation: 1 } });
    const merge = { method: "PATCH", path, contentType: patchTypes.merge } as const;
    const same = wanted(await server.client.request<RawObject>({ ...merge, body: { spec: { a: 1 } } }));
    expect(same.metadata.resourceVersion).toBe(told.metadata.resourceVersion);
    const changed = wanted(await server.client.request<RawObject>({ ...merge, body: { spec: { a: 3 } } }));
    expect(changed).toMatchObject({ status: { ok: true }, metadata: { generation: 2 } });
  });

  it("are refused when the version is stale, the name is taken, or admission says no", async () => {
    const server = await start({
      admit: ({ kind, operation }) =>
        kind === "Deployment" && operation === "CREATE"
          ? { status: 403, reason: "Forbidden", message: "exceeded quota" }
          : undefined,
    });
    const old = server.put("Gateway", { metadata: { name: "g", namespace: "one" }, spec: { a: 1 } });
    server.put("Gateway", { metadata: { name: "g", namespace: "one" }, spec: { a: 2 } });
    const { client } = server;
    expect(statusOf(await client.request({ method: "PUT", path: `${gateways}/g`, body: old }))).toBe(409);
    expect(statusOf(await client.request({ method: "POST", path: gateways, body: { metadata: { name: "g" } } }))).toBe(
      409,
    );
    expect(statusOf(await applyTo(server, "m", { spec: {} }))).toBe(403);
    expect(server.list("Deployment")).toEqual([]);
  });

  it("wait for finalizers, and take dependents along", async () => {
    const server = await start({ garbageCollect: true });
    const { uid = "" } = server.put("Gateway", {
      metadata: { name: "g", namespace: "one", finalizers: ["a/b"] },
    }).metadata;
    const ownerReferences = [{ apiVersion: "v1", kind: "Gateway", name: "g", uid }];
    server.put("Service", { metadata: { name: "s", namespace: "one", ownerReferences } });
    await server.client.request({ method: "DELETE", path: `${gateways}/g` });
    expect(server.get("Gateway", "one/g")?.metadata.deletionTimestamp).toBeDefined();
    const body = { metadata: { finalizers: null } };
    await server.client.request({ method: "PATCH", path: `${gateways}/g`, contentType: patchTypes.merge, body });
    expect(server.get("Gateway", "one/g")).toBeUndefined();
    expect(server.get("Service", "one/s")).toBeUndefined();
  });
});

describe("server-side apply", () => {
  it("removes what its manager leaves out, unless another has it, and nobody else's fields", async () => {
    const server = await start();
    await applyTo(server, "a", { spec: { x: 1, y: 1, z: 1 } });
    await applyTo(server, "b", { spec: { y: 1, w: 1 } });
    await applyTo(server, "a", { spec: { x: 1 } });
    expect(server.get("Deployment", "one/d")?.["spec"]).toEqual({ x: 1, y: 1, w: 1 });
  });

  it("is a conflict with another manager's value, which force takes over", async () => {
    const server = await start();
    await applyTo(server, "a", { spec: { x: 1 } });
    const refused = await applyTo(server, "b", { spec: { x: 2 } });
    expect(refused).toMatchObject({ status: 409, message: expect.stringContaining('conflict with "a"') });
    expect(statusOf(await applyTo(server, "b", { spec: { x: 2 } }, { force: "true" }))).toBe(200);
    await applyTo(server, "a", { spec: {} });
    expect(server.get("Deployment", "one/d")?.["spec"]).toMatchObject({ x: 2 });
  });

  it("merges lists by their keys and removes entries whole", async () => {
    const server = await start();
    const containers = (...names: string[]) => ({ spec: { containers: names.map((name) => ({ name, image: "i" })) } });
    await applyTo(server, "a", containers("one", "two"));
    await applyTo(server, "b", containers("three"));
    await applyTo(server, "a", containers("two"));
    expect(server.get("Deployment", "one/d")?.["spec"]).toEqual({
      containers: [
        { name: "two", image: "i" },
        { name: "three", image: "i" },
      ],
    });
  });

  it("leaves no trace when it changes nothing", async () => {
    const server = await start();
    const first = wanted(await applyTo(server, "a", { spec: { x: [1, 2] } }));
    const again = wanted(await applyTo(server, "a", { spec: { x: [1, 2] } }));
    expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });
});

describe("reads", () => {
  it("come in pages, selected, as metadata, and not at all for kinds that are not installed", async () => {
    const server = await start({ absent: ["ListenerSet"] });
    for (const name of ["a", "b", "c"]) {
      server.put("Secret", {
        metadata: { name, namespace: "one", labels: { l: name } },
        type: name === "a" ? "Opaque" : "t",
        data: {},
      });
    }
    type List = { readonly items: readonly RawObject[]; readonly metadata: { readonly continue?: string } };
    const read = async (query: Readonly<Record<string, string>>) =>
      wanted(await server.client.request<List>({ method: "GET", path: "/api/v1/secrets", query }));
    const first = await read({ limit: "2" });
    const second = await read({ limit: "2", continue: first.metadata.continue ?? "" });
    expect([...first.items, ...second.items].map(({ metadata }) => metadata.name)).toEqual(["a", "b", "c"]);
    expect(second.metadata.continue).toBeUndefined();
    expect((await read({ fieldSelector: "type=t,metadata.name!=b" })).items).toMatchObject([
      { metadata: { name: "c" } },
    ]);
    expect((await read({ labelSelector: "l in (a, b)" })).items).toHaveLength(2);
    server.compact();
    const stale = await server.client.request({
      method: "GET",
      path: "/api/v1/secrets",
      query: { continue: first.metadata.continue ?? "" },
    });
    expect(statusOf(stale)).toBe(410);
    const absent = "/apis/gateway.networking.k8s.io/v1/listenersets";
    expect(statusOf(await server.client.request({ method: "GET", path: absent }))).toBe(404);
    server.installCrd("ListenerSet");
    expect(statusOf(await server.client.request({ method: "GET", path: absent }))).toBe(200);
  });

  it("follow changes in a watch that a selector narrows", async () => {
    const server = await start();
    const since = server.put("Secret", { metadata: { name: "s", namespace: "one" }, type: "a" }).metadata
      .resourceVersion;
    server.put("Secret", { metadata: { name: "s", namespace: "one" }, type: "t" });
    server.put("Secret", { metadata: { name: "s", namespace: "one" }, type: "a" });
    const query = `watch=1&resourceVersion=${since}&fieldSelector=type%3Dt&timeoutSeconds=1`;
    const text = await (await fetch(`${server.url}/api/v1/secrets?${query}`)).text();
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).type),
    ).toEqual(["ADDED", "DELETED"]);
  });
});
