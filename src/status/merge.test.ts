import { describe, expect, it } from "vitest";
import { type Condition, conditionFalse, conditionTrue, type StatusUpdate } from "../core/conditions.ts";
import type { ParentReference } from "../core/gateway-api.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import type { ObjectStatus, StoredCondition, StoredParent } from "../core/object-status.ts";
import { mergeStatus } from "./merge.ts";

const ours = "gatehouse.dev/gateway-controller";
const theirs = "example.com/other-controller";
const early = "2026-01-01T00:00:00Z";
const context = { controllerName: ours, now: new Date("2026-02-02T02:02:02.345Z") };
const now = "2026-02-02T02:02:02Z";

const route = objectKey("HTTPRoute", namespacedName("shop", "cart"));
const gateway = objectKey("Gateway", namespacedName("infra", "shared"));
const parentRef: ParentReference = {
  group: "gateway.networking.k8s.io",
  kind: "Gateway",
  namespace: "infra",
  name: "shared",
};

function stored(condition: Condition, lastTransitionTime = early): StoredCondition {
  return { ...condition, lastTransitionTime };
}

function routeUpdate(conditions: readonly Condition[], ref = parentRef): StatusUpdate {
  return { kind: "Route", object: route, parents: [{ parentRef: ref, controllerName: ours, conditions }] };
}

function gatewayUpdate(parts: Partial<Extract<StatusUpdate, { kind: "Gateway" }>> = {}): StatusUpdate {
  return {
    kind: "Gateway",
    object: gateway,
    addresses: [],
    programming: "settled",
    conditions: [conditionTrue("Accepted", 2)],
    listeners: [],
    attachedListenerSets: 0,
    ...parts,
  };
}

describe("mergeStatus for routes", () => {
  const foreign: StoredParent = {
    parentRef: { name: "edge" },
    controllerName: theirs,
    conditions: [stored(conditionTrue("Accepted", 9))],
  };
  const mine = (...conditions: StoredCondition[]): StoredParent => ({ parentRef, controllerName: ours, conditions });

  it("writes a first status with the time that it is told", () => {
    const accepted = conditionTrue("Accepted", 1);
    expect(mergeStatus(undefined, routeUpdate([accepted]), context)).toEqual({
      parents: [{ parentRef, controllerName: ours, conditions: [stored(accepted, now)] }],
    });
  });

  it("has nothing to write when everything is as it should be", () => {
    const accepted = conditionTrue("Accepted", 1);
    const current = { parents: [foreign, mine(stored(accepted))] };
    expect(mergeStatus(current, routeUpdate([accepted]), context)).toBeUndefined();
  });

  it("keeps the entries of other controllers and everybody's place", () => {
    const late = { ...foreign, parentRef: { name: "late" } };
    const current = { parents: [foreign, mine(stored(conditionTrue("Accepted", 1))), late] };
    const refused = conditionFalse("Accepted", 1, { reason: "NotAllowedByListeners", message: "no" });
    const merged = mergeStatus(current, routeUpdate([refused]), context);
    expect(merged?.parents).toEqual([foreign, mine(stored(refused, now)), late]);
  });

  it("leaves an entry of another controller for the very same parent alone", () => {
    const same = { ...foreign, parentRef };
    const merged = mergeStatus({ parents: [same] }, routeUpdate([conditionTrue("Accepted", 1)]), context);
    expect(merged?.parents?.[0]).toEqual(same);
    expect(merged?.parents).toHaveLength(2);
  });

  it("keeps the transition time while only reason, message or generation change", () => {
    const before = conditionFalse("Accepted", 1, { reason: "NoMatchingParent", message: "a" });
    const after = conditionFalse("Accepted", 2, { reason: "NotAllowedByListeners", message: "b" });
    const merged = mergeStatus({ parents: [mine(stored(before))] }, routeUpdate([after]), context);
    expect(merged?.parents).toEqual([mine(stored(after))]);
  });

  it("raises the observed generation of every condition in one write", () => {
    const before = [stored(conditionTrue("Accepted", 1)), stored(conditionTrue("ResolvedRefs", 1))];
    const after = [conditionTrue("Accepted", 2), conditionTrue("ResolvedRefs", 2)];
    const merged = mergeStatus({ parents: [mine(...before)] }, routeUpdate(after), context);
    expect(merged?.parents?.[0]?.conditions?.map(({ observedGeneration }) => observedGeneration)).toEqual([2, 2]);
  });

  it("changes nothing when the stored status has seen a newer generation", () => {
    const current = { parents: [mine(stored(conditionTrue("Accepted", 3)))] };
    const outdated = conditionFalse("Accepted", 2, { reason: "NoMatchingParent", message: "" });
    expect(mergeStatus(current, routeUpdate([outdated]), context)).toBeUndefined();
  });

  it("does not take another controller's newer generation for its own", () => {
    const merged = mergeStatus({ parents: [foreign] }, routeUpdate([conditionTrue("Accepted", 2)]), context);
    expect(merged?.parents).toHaveLength(2);
  });

  it("recognises its entry when the API's defaults were left out of the parentRef", () => {
    const accepted = conditionTrue("Accepted", 1);
    const current = {
      parents: [{ parentRef: { name: "shared" }, controllerName: ours, conditions: [stored(accepted)] }],
    };
    const merged = mergeStatus(current, routeUpdate([accepted], { ...parentRef, namespace: "shop" }), context);
    expect(merged?.parents).toEqual([
      { parentRef: { ...parentRef, namespace: "shop" }, controllerName: ours, conditions: [stored(accepted)] },
    ]);
  });

  it.each([
    { name: "another listener", ref: { ...parentRef, sectionName: "https" } },
    { name: "another port", ref: { ...parentRef, port: 443 } },
    { name: "another namespace", ref: { ...parentRef, namespace: "elsewhere" } },
    { name: "a ListenerSet of the same name", ref: { ...parentRef, kind: "ListenerSet" } },
  ])("replaces its entry by the one for $name", ({ ref }) => {
    const current = { parents: [mine(stored(conditionTrue("Accepted", 1)))] };
    const merged = mergeStatus(current, routeUpdate([conditionTrue("Accepted", 1)], ref), context);
    expect(merged?.parents?.map((parent) => parent.parentRef)).toEqual([ref]);
    expect(merged?.parents?.[0]?.conditions?.[0]?.lastTransitionTime).toBe(now);
  });

  it("takes its entries back from a route that has left our parents", () => {
    const gone: StatusUpdate = { kind: "Route", object: route, parents: [] };
    const current = { parents: [mine(stored(conditionTrue("Accepted", 4))), foreign] };
    expect(mergeStatus(current, gone, context)?.parents).toEqual([foreign]);
    expect(mergeStatus({ parents: [foreign] }, gone, context)).toBeUndefined();
    expect(mergeStatus(undefined, gone, context)).toBeUndefined();
  });

  it.each([
    "PartiallyInvalid",
    "gatehouse.dev/HostnamesGranted",
    "gatehouse.dev/Programmed",
    "gatehouse.dev/RulesReachable",
  ])(
    "keeps a condition type of somebody else in its entry and drops a type of ours that no longer holds: %s",
    (type) => {
      const others = stored(conditionTrue("example.com/Audited", 1));
      const partial = stored(conditionTrue(type, 1));
      const accepted = conditionTrue("Accepted", 1);
      const merged = mergeStatus(
        { parents: [mine(others, partial, stored(accepted))] },
        routeUpdate([accepted]),
        context,
      );
      expect(merged?.parents).toEqual([mine(others, stored(accepted))]);
    },
  );

  it("never writes more parents than the API takes, and never at the cost of others", () => {
    const many = Array.from({ length: 31 }, (_, index) => ({ ...foreign, parentRef: { name: `edge-${index}` } }));
    const update: StatusUpdate = {
      kind: "Route",
      object: route,
      parents: ["a", "b"].map((name) => ({
        parentRef: { ...parentRef, name },
        controllerName: ours,
        conditions: [conditionTrue("Accepted", 1)],
      })),
    };
    const merged = mergeStatus({ parents: many }, update, context);
    expect(merged?.parents).toHaveLength(32);
    expect(merged?.parents?.slice(0, 31)).toEqual(many);
  });
});

describe("mergeStatus for Gateways", () => {
  it("replaces what the API put there as a default", () => {
    const pending: StoredCondition = {
      type: "Accepted",
      status: "Unknown",
      reason: "Pending",
      message: "Waiting for controller",
      lastTransitionTime: "1970-01-01T00:00:00Z",
    };
    const merged = mergeStatus({ conditions: [pending] }, gatewayUpdate(), context);
    expect(merged?.conditions).toEqual([stored(conditionTrue("Accepted", 2), now)]);
  });

  it("merges listeners by name and keeps foreign condition types on both levels", () => {
    const foreign = stored(conditionTrue("example.com/Scanned", 1));
    const listener = { name: "https", supportedKinds: [], attachedRoutes: 1, conditions: [] };
    const current: ObjectStatus = {
      conditions: [foreign],
      listeners: [
        { name: "gone", supportedKinds: [], attachedRoutes: 0, conditions: [] },
        { ...listener, conditions: [foreign, stored(conditionTrue("Accepted", 1))] },
      ],
    };
    const accepted = conditionTrue("Accepted", 2);
    const update = gatewayUpdate({ listeners: [{ ...listener, attachedRoutes: 2, conditions: [accepted] }] });
    const merged = mergeStatus(current, update, context);
    expect(merged?.conditions?.map(({ type }) => type)).toEqual(["example.com/Scanned", "Accepted"]);
    expect(merged?.listeners).toEqual([{ ...listener, attachedRoutes: 2, conditions: [foreign, stored(accepted)] }]);
  });

  it("keeps status fields that it does not know", () => {
    const current = { addresses: [], example: "kept" };
    expect(mergeStatus(current, gatewayUpdate(), context)).toMatchObject({ example: "kept" });
  });

  it("changes nothing when only a listener's condition has seen a newer generation", () => {
    const current: ObjectStatus = {
      listeners: [{ name: "http", attachedRoutes: 0, conditions: [stored(conditionTrue("Accepted", 3))] }],
    };
    expect(mergeStatus(current, gatewayUpdate(), context)).toBeUndefined();
  });

  it("does not change what it is given", () => {
    const current = deepFreeze({ conditions: [stored(conditionTrue("Accepted", 1))], listeners: [] });
    expect(mergeStatus(current, deepFreeze(gatewayUpdate()), context)).toBeDefined();
  });
});

it("writes the features of a GatewayClass as the API spells them", () => {
  const update: StatusUpdate = {
    kind: "GatewayClass",
    object: objectKey("GatewayClass", namespacedName(undefined, "gatehouse")),
    conditions: [conditionTrue("Accepted", 1)],
    supportedFeatures: ["Gateway", "HTTPRoute"],
  };
  expect(mergeStatus(undefined, update, context)?.supportedFeatures).toEqual([
    { name: "Gateway" },
    { name: "HTTPRoute" },
  ]);
});

it("writes listeners and conditions of a ListenerSet and nothing that only a Gateway has", () => {
  const update: StatusUpdate = {
    kind: "ListenerSet",
    object: objectKey("ListenerSet", namespacedName("shop", "extra")),
    programming: "waiting",
    conditions: [conditionTrue("Accepted", 1)],
    listeners: [],
  };
  expect(Object.keys(mergeStatus(undefined, update, context) ?? {}).sort()).toEqual(["conditions", "listeners"]);
});

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) if (typeof child === "object" && child !== null) deepFreeze(child);
  return Object.freeze(value);
}
