import { describe, expect, it } from "vitest";
import { type Condition, conditionFalse, conditionTrue } from "../core/conditions.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import type { ObjectStatus, StoredCondition, StoredParent } from "../core/object-status.ts";
import { statusTransitions } from "./transitions.ts";

const ours = "gatehouse.dev/gateway-controller";
const object = objectKey("HTTPRoute", namespacedName("shop", "cart"));
const no = (message: string, generation = 1) =>
  conditionFalse("Accepted", generation, { reason: "NotAllowedByListeners", message });
const noAddress = conditionFalse("Programmed", 1, { reason: "AddressNotAssigned", message: "none" });
const pending = conditionFalse("Programmed", 1, { reason: "Pending", message: "" });

function own(...conditions: readonly Condition[]): ObjectStatus {
  return { conditions: conditions.map(stored) };
}

function stored(condition: Condition): StoredCondition {
  return { ...condition, lastTransitionTime: "2026-01-01T00:00:00Z" };
}

function turned(before: ObjectStatus, after: ObjectStatus): readonly string[] {
  const transitions = statusTransitions({ object, uid: "u", before, after }, ours);
  return transitions.map(({ kind, reason, note }) => `${kind} ${reason}: ${note}`);
}

describe("statusTransitions", () => {
  it.each([
    { name: "a first refusal", before: own(), after: own(no("x")), want: ["refused NotAllowedByListeners: x"] },
    {
      name: "a recovery",
      before: own(no("x")),
      after: own(conditionTrue("Accepted", 2)),
      want: ["recovered Accepted: Accepted is True"],
    },
    {
      name: "nothing of what is well from the start",
      before: own(),
      after: own(conditionTrue("Accepted", 1)),
      want: [],
    },
    { name: "nothing of what stays refused", before: own(no("x")), after: own(no("x", 2)), want: [] },
    { name: "nothing of a message that flickers", before: own(no("x")), after: own(no("y")), want: [] },
    {
      name: "another refusal of a new generation",
      before: own(no("x")),
      after: own(no("y", 2)),
      want: ["refused NotAllowedByListeners: y"],
    },
    { name: "nothing of what waits", before: own(), after: own(pending), want: [] },
    { name: "nothing of a first address that is awaited", before: own(pending), after: own(noAddress), want: [] },
    {
      name: "an address that is lost",
      before: own(conditionTrue("Programmed", 1)),
      after: own(noAddress),
      want: ["refused AddressNotAssigned: none"],
    },
    {
      name: "nothing of what begins to wait",
      before: own(conditionTrue("Programmed", 1)),
      after: own(pending),
      want: [],
    },
    {
      name: "the end of waiting as no recovery",
      before: own(pending),
      after: own(conditionTrue("Programmed", 1)),
      want: ["begun Programmed: Programmed is True"],
    },
    {
      name: "a condition that is wrong when it holds",
      before: own(conditionFalse("Conflicted", 1, { reason: "NoConflicts", message: "" })),
      after: own(conditionTrue("Conflicted", 1, { reason: "HostnameConflict", message: "" })),
      want: ["refused HostnameConflict: Conflicted is True"],
    },
    {
      name: "rules that are never reached",
      before: own(),
      after: own(conditionFalse("gatehouse.dev/RulesReachable", 1, { reason: "RuleShadowed", message: "x" })),
      want: ["refused RuleShadowed: x"],
    },
    {
      name: "rules that are reached again",
      before: own(conditionFalse("gatehouse.dev/RulesReachable", 1, { reason: "RuleShadowed", message: "x" })),
      after: own(),
      want: ["recovered Recovered: gatehouse.dev/RulesReachable is told no more"],
    },
    {
      name: "what proxies refuse",
      before: own(conditionTrue("Accepted", 1)),
      after: own(conditionFalse("gatehouse.dev/Programmed", 1, { reason: "RefusedByProxy", message: "Rule 0: no" })),
      want: ["refused RefusedByProxy: Rule 0: no"],
    },
    {
      name: "a change that has to wait",
      before: own(conditionTrue("Accepted", 1)),
      after: own(conditionTrue("gatehouse.dev/ChangesDelayed", 1, { reason: "ChangeRateExceeded", message: "x" })),
      want: ["refused ChangeRateExceeded: x"],
    },
    {
      name: "the change that waited",
      before: own(conditionTrue("gatehouse.dev/ChangesDelayed", 1, { reason: "ChangeRateExceeded", message: "x" })),
      after: own(conditionTrue("Accepted", 2)),
      want: ["recovered Recovered: gatehouse.dev/ChangesDelayed is told no more"],
    },
    {
      name: "a condition that is told no more",
      before: own(conditionTrue("PartiallyInvalid", 1, { reason: "UnsupportedValue", message: "x" })),
      after: own(conditionTrue("Accepted", 1)),
      want: ["recovered Recovered: PartiallyInvalid is told no more"],
    },
    {
      name: "nothing of a condition of somebody else",
      before: own(),
      after: own(conditionFalse("example.com/Scanned", 1, { reason: "No", message: "" })),
      want: [],
    },
  ])("tells $name", ({ before, after, want }) => {
    expect(turned(before, after)).toEqual(want);
  });

  it("names the listener", () => {
    const listener = (condition: Condition) => ({
      listeners: [{ name: "https", attachedRoutes: 0, conditions: [stored(condition)] }],
    });
    const unresolved = conditionFalse("ResolvedRefs", 1, { reason: "InvalidCertificateRef", message: "no Secret" });
    expect(turned(listener(conditionTrue("ResolvedRefs", 1)), listener(unresolved))).toEqual([
      "refused InvalidCertificateRef: Listener https: no Secret",
    ]);
  });

  it("names the parent, and leaves those of other controllers out", () => {
    const parent = (controllerName: string, condition: Condition) => ({
      controllerName,
      parentRef: { name: "shared", namespace: "infra", sectionName: "https" },
      conditions: [stored(condition)],
    });
    const accepted = conditionTrue("Accepted", 1);
    const before = { parents: [parent("example.com/other", accepted), parent(ours, accepted)] };
    const after = { parents: [parent("example.com/other", no("theirs")), parent(ours, no("mine"))] };
    expect(turned(before, after)).toEqual(["refused NotAllowedByListeners: Gateway infra/shared listener https: mine"]);
  });

  it("names the Gateway for which a policy is refused, and leaves those of other controllers out", () => {
    const ancestorRef = { name: "edge", namespace: "infra", sectionName: "https" };
    const status = (controllerName: string, condition: Condition): ObjectStatus => ({
      ancestors: [{ ancestorRef, controllerName, conditions: [stored(condition)] }],
    });
    const conflicted = conditionFalse("Accepted", 1, { reason: "Conflicted", message: "an older policy has it" });
    const well = conditionTrue("Accepted", 1);
    expect(turned({}, status(ours, conflicted))).toEqual([
      "refused Conflicted: Gateway infra/edge listener https: an older policy has it",
    ]);
    expect(turned(status(ours, conflicted), status(ours, well))).toEqual([
      "recovered Accepted: Gateway infra/edge listener https: Accepted is True",
    ]);
    expect(turned({}, status("example.com/other", conflicted))).toEqual([]);
  });

  it("finds a parent again that the API server spells in another way", () => {
    const spelled = (parentRef: StoredParent["parentRef"], condition: Condition) => ({
      parents: [{ parentRef, controllerName: ours, conditions: [stored(condition)] }],
    });
    const before = spelled({ name: "shared", namespace: "shop" }, no("x"));
    const after = spelled({ kind: "Gateway", name: "shared" }, conditionTrue("Accepted", 1));
    expect(turned(before, after)).toEqual(["recovered Accepted: Gateway shared: Accepted is True"]);
  });
});
