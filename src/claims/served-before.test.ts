import { expect, it } from "vitest";
import type { ObjectStatus, StoredCondition } from "../core/object-status.ts";
import { wasServedBefore } from "./served-before.ts";

const ours = "gatehouse.dev/gateway-controller";

function condition(type: string, status: "True" | "False", observedGeneration = 3): StoredCondition {
  return { type, status, reason: "", message: "", lastTransitionTime: "", observedGeneration };
}

function route(
  conditions: readonly StoredCondition[],
  controllerName = ours,
): NonNullable<ObjectStatus["parents"]>[number] {
  return { parentRef: { name: "g" }, controllerName, conditions };
}

const accepted = condition("Accepted", "True");
const refused = condition("gatehouse.dev/HostnamesGranted", "False");

it.each<[string, ObjectStatus, boolean]>([
  ["a route that was accepted as it is", { parents: [route([accepted])] }, true],
  ["a route that was accepted before an edit", { parents: [route([condition("Accepted", "True", 2)])] }, false],
  ["a route that another controller accepted", { parents: [route([accepted], "other.dev/c")] }, false],
  ["a route of which something was refused", { parents: [route([accepted, refused])] }, false],
  ["a route refused by another of its parents", { parents: [route([accepted]), route([accepted, refused])] }, false],
  ["a route that was not accepted", { parents: [route([condition("Accepted", "False")])] }, false],
  ["a ListenerSet that was accepted", { conditions: [accepted] }, true],
  ["a ListenerSet of which something was refused", { conditions: [accepted, refused] }, false],
  ["an object without a status", {}, false],
])("%s", (_name, status, want) => {
  expect(wasServedBefore({ uid: "", resourceVersion: "1", generation: 3, status }, ours)).toBe(want);
});

it("an object that is not known", () => {
  expect(wasServedBefore(undefined, ours)).toBe(false);
});
