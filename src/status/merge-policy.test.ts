import { describe, expect, it } from "vitest";
import { type Condition, conditionFalse, conditionTrue, type StatusUpdate } from "../core/conditions.ts";
import type { ParentReference } from "../core/gateway-api.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import type { ObjectStatus, StoredAncestor, StoredCondition } from "../core/object-status.ts";
import { mergeStatus, updateGeneration } from "./merge.ts";

const ours = "gatehouse.dev/gateway-controller";
const theirs = "example.com/other-controller";
const early = "2026-01-01T00:00:00Z";
const context = { controllerName: ours, now: new Date("2026-02-02T02:02:02.345Z") };
const now = "2026-02-02T02:02:02Z";

const object = objectKey("BackendTLSPolicy", namespacedName("shop", "cart"));

function gateway(name: string, namespace = "infra"): ParentReference {
  return { group: "gateway.networking.k8s.io", kind: "Gateway", namespace, name };
}

function update(names: readonly string[], condition: Condition = conditionTrue("Accepted", 1)): StatusUpdate {
  const ancestors = names.map((name) => ({
    ancestorRef: gateway(name),
    controllerName: ours,
    conditions: [condition],
  }));
  return { kind: "Policy", object, ancestors };
}

function stored(condition: Condition, lastTransitionTime = early): StoredCondition {
  return { ...condition, lastTransitionTime };
}

function entry(name: string, controllerName: string, condition = stored(conditionTrue("Accepted", 1))): StoredAncestor {
  return { ancestorRef: gateway(name), controllerName, conditions: [condition] };
}

const namesOf = (status: ObjectStatus | undefined) => status?.ancestors?.map(({ ancestorRef }) => ancestorRef.name);

describe("mergeStatus for policies", () => {
  it("writes a first status with the time that it is told, and no field of routes", () => {
    const accepted = conditionTrue("Accepted", 1);
    expect(mergeStatus(undefined, update(["edge"]), context)).toEqual({
      ancestors: [{ ancestorRef: gateway("edge"), controllerName: ours, conditions: [stored(accepted, now)] }],
    });
  });

  it("has nothing to write when everything is as it should be", () => {
    const current = { ancestors: [entry("a", theirs), entry("edge", ours)] };
    expect(mergeStatus(current, update(["edge"]), context)).toBeUndefined();
  });

  it("keeps the entries of other controllers and everybody's place, also for the very same Gateway", () => {
    const current = { ancestors: [entry("edge", theirs), entry("edge", ours), entry("late", theirs)] };
    const refused = conditionFalse("Accepted", 1, { reason: "Conflicted", message: "no" });
    expect(mergeStatus(current, update(["edge"], refused), context)?.ancestors).toEqual([
      entry("edge", theirs),
      entry("edge", ours, stored(refused, now)),
      entry("late", theirs),
    ]);
  });

  it("finds its entry again where the API server or somebody else spelled the reference without defaults", () => {
    const current: ObjectStatus = {
      ancestors: [{ ...entry("edge", ours), ancestorRef: { name: "edge", namespace: "infra" } }],
    };
    expect(mergeStatus(current, update(["edge"]), context)?.ancestors).toEqual([entry("edge", ours)]);
  });

  it("keeps foreign conditions in its entries, and takes those of its own back that do not hold any more", () => {
    const foreign = stored({ ...conditionTrue("example.com/Scanned", 1) });
    const resolved = stored(conditionTrue("ResolvedRefs", 1));
    const accepted = stored(conditionTrue("Accepted", 1));
    const current = { ancestors: [{ ...entry("edge", ours), conditions: [foreign, resolved, accepted] }] };
    expect(mergeStatus(current, update(["edge"]), context)?.ancestors?.[0]?.conditions).toEqual([foreign, accepted]);
  });

  it("removes Gateways for which the policy holds no more, and only those", () => {
    const current = { ancestors: [entry("gone", theirs), entry("gone", ours), entry("edge", ours)] };
    expect(mergeStatus(current, update(["edge", "new"]), context)?.ancestors).toEqual([
      entry("gone", theirs),
      entry("edge", ours),
      entry("new", ours, stored(conditionTrue("Accepted", 1), now)),
    ]);
    const left = mergeStatus(current, update([]), context);
    expect(left?.ancestors).toEqual([entry("gone", theirs)]);
    expect(mergeStatus(left, update([]), context)).toBeUndefined();
    expect(mergeStatus({}, update([]), context)).toBeUndefined();
  });

  it("never writes more than 16, and never at the cost of others or of what stands already", () => {
    const others = Array.from({ length: 13 }, (_, index) => entry(`other-${index}`, theirs));
    const current = { ancestors: [...others, entry("b", ours)] };
    const merged = mergeStatus(current, update(["a", "b", "c", "d"]), context);
    expect(namesOf(merged)).toEqual([...others.map(({ ancestorRef }) => ancestorRef.name), "b", "a", "c"]);
    const full = { ancestors: Array.from({ length: 16 }, (_, index) => entry(`other-${index}`, theirs)) };
    expect(mergeStatus(full, update(["a"]), context)).toBeUndefined();
  });

  it("changes nothing when the stored status has seen a newer generation of ours", () => {
    const newer = entry("edge", ours, stored(conditionTrue("Accepted", 3)));
    expect(mergeStatus({ ancestors: [newer] }, update(["edge"]), context)).toBeUndefined();
    const foreign = entry("edge", theirs, stored(conditionTrue("Accepted", 9)));
    expect(namesOf(mergeStatus({ ancestors: [foreign] }, update(["edge"]), context))).toEqual(["edge", "edge"]);
    expect(updateGeneration(update(["a", "b"], conditionTrue("Accepted", 4)))).toBe(4);
  });
});
