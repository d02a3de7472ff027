import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Condition, conditionFalse, conditionTrue, type StatusUpdate } from "../../src/core/conditions.ts";
import { kinds, namespacedName, objectKey, type RouteKind, routeKinds } from "../../src/core/keys.ts";
import type { ObjectStatus } from "../../src/core/object-status.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { ours, StatusWorld } from "./status-world.ts";

let server: FakeApiServer;

beforeEach(async () => {
  server = await startFakeApiServer();
});

afterEach(() => server.stop());

const key = objectKey("BackendTLSPolicy", namespacedName("shop", "p"));
const ancestorRef = { group: kinds.Gateway.group, kind: "Gateway", namespace: "infra", name: "shared" };
const accepted = conditionTrue("Accepted", 1);

function policyUpdate(conditions: readonly Condition[] = [accepted]): StatusUpdate {
  return { kind: "Policy", object: key, ancestors: [{ ancestorRef, controllerName: ours, conditions }] };
}

function entryOf(controllerName: string): ObjectStatus {
  const conditions = [{ ...accepted, lastTransitionTime: "2026-01-01T00:00:00Z" }];
  return { ancestors: [{ ancestorRef, controllerName, conditions }] };
}

function putPolicy(status?: ObjectStatus) {
  const targetRefs = [{ group: "", kind: "Service", name: "s" }];
  const spec = { targetRefs, validation: { hostname: "s.example.com", wellKnownCACertificates: "System" } };
  return server.put("BackendTLSPolicy", {
    metadata: { namespace: "shop", name: "p" },
    spec,
    ...(status && { status }),
  });
}

async function leader(): Promise<StatusWorld> {
  const world = new StatusWorld(server);
  world.observe();
  world.writer.lead(true);
  return world;
}

describe("the status of a policy", () => {
  it("is written below its own path, once, and tells who is asked for Events", async () => {
    putPolicy();
    const world = await leader();
    world.writer.update(key, policyUpdate());
    await world.pass(2_000);
    expect(world.writes().map(({ method, path }) => `${method} ${path}`)).toEqual([
      "PATCH /apis/gateway.networking.k8s.io/v1/namespaces/shop/backendtlspolicies/p/status",
    ]);
    expect(world.statusOf(key).ancestors).toMatchObject([{ ancestorRef, controllerName: ours }]);
    expect(world.changes.map(({ object }) => object)).toEqual([key]);
    await world.writer.stop();
  });

  it("waits for what is said about the generation that is stored", async () => {
    putPolicy();
    const world = await leader();
    world.writer.update(key, policyUpdate([conditionTrue("Accepted", 2)]));
    await world.pass(2_000);
    expect(world.writes()).toEqual([]);
    await world.writer.stop();
  });

  it("is taken away when the policy holds for no Gateway of ours any more, and others' stays", async () => {
    const { ancestors = [] } = entryOf("example.com/other");
    putPolicy({ ancestors: [...ancestors, ...(entryOf(ours).ancestors ?? [])] });
    const world = await leader();
    world.writer.update(key, { kind: "Policy", object: key, ancestors: [] });
    await world.pass(1_000);
    expect(world.statusOf(key).ancestors).toEqual(ancestors);
    await world.pass(60_000);
    expect(world.writes()).toHaveLength(1);
    await world.writer.stop();
  });

  it("that a leader before left behind is taken away after a while, where nobody speaks of the policy", async () => {
    putPolicy(entryOf(ours));
    const world = await leader();
    await world.pass(1_900);
    expect(world.writes()).toEqual([]);
    await world.pass(200);
    expect(world.statusOf(key).ancestors).toEqual([]);
    await world.writer.stop();
  });

  it("is merged again after a conflict", async () => {
    putPolicy();
    const world = await leader();
    const before = entryOf("example.com/other");
    await server.client.request({
      method: "PATCH",
      path: "/apis/gateway.networking.k8s.io/v1/namespaces/shop/backendtlspolicies/p/status",
      contentType: "application/merge-patch+json",
      body: { status: before },
    });
    const refused = conditionFalse("Accepted", 1, { reason: "Conflicted", message: "an older policy has it" });
    world.writer.update(key, policyUpdate([refused]));
    await world.pass(2_000);
    expect(world.outcomes).toContain("conflict");
    expect(world.statusOf(key).ancestors?.map(({ controllerName }) => controllerName)).toEqual([
      "example.com/other",
      ours,
    ]);
    await world.writer.stop();
  });
});

describe("the status of a route", () => {
  it.each(routeKinds)("of the kind %s is written below its own path, and taken away again", async (kind: RouteKind) => {
    const route = objectKey(kind, namespacedName("shop", "r"));
    const rules = [{ backendRefs: [{ name: "s", port: 80 }] }];
    server.put(kind, { metadata: { namespace: "shop", name: "r" }, spec: { hostnames: ["a.example.com"], rules } });
    const world = await leader();
    const parents = [{ parentRef: ancestorRef, controllerName: ours, conditions: [accepted] }];
    world.writer.update(route, { kind: "Route", object: route, parents });
    await world.pass(1_000);
    expect(world.statusOf(route).parents).toMatchObject([{ parentRef: ancestorRef, controllerName: ours }]);
    world.writer.update(route, undefined);
    await world.pass(3_000);
    expect(world.statusOf(route).parents).toEqual([]);
    const path = `/apis/gateway.networking.k8s.io/v1/namespaces/shop/${kinds[kind].plural}/r/status`;
    expect(world.writes().map((write) => write.path)).toEqual([path, path]);
    await world.writer.stop();
  });
});
