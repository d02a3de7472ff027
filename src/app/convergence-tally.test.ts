import { expect, it } from "vitest";
import { type NamespacedName, namespacedName, type ObjectKey, objectKey } from "../core/keys.ts";
import { ConvergenceTally } from "./convergence-tally.ts";

const [edge, other] = [namespacedName("infra", "edge"), namespacedName("infra", "other")];
const route = (name: string) => objectKey("HTTPRoute", namespacedName("shop", name));

/** The numbers as `gateway kind converged+pending`. */
function told(tally: ConvergenceTally, most = 10): readonly string[] {
  return tally
    .counts(most)
    .map(({ gateway, kind, converged, pending }) => `${gateway} ${kind} ${converged}+${pending}`);
}

const at = (...gateways: readonly NamespacedName[]) => new Set(gateways);

it("counts an object on each of its Gateways by itself, and once arrived it stays", () => {
  const tally = new ConvergenceTally();
  tally.published(route("a"), at(edge, other));
  tally.published(route("b"), at(edge));
  tally.published(objectKey("Gateway", edge), at(edge));
  expect(told(tally)).toEqual(["infra/edge Gateway 0+1", "infra/edge HTTPRoute 0+2", "infra/other HTTPRoute 0+1"]);
  tally.settle((object, gateway) => ({ arrived: gateway === edge && object !== route("b"), cost: 1 }));
  tally.settle(() => ({ arrived: false, cost: 1 }));
  expect(told(tally)).toEqual(["infra/edge Gateway 1+0", "infra/edge HTTPRoute 1+1", "infra/other HTTPRoute 0+1"]);
  tally.published(route("a"), at(edge));
  expect(told(tally)).toEqual(["infra/edge Gateway 1+0", "infra/edge HTTPRoute 0+2"]);
  tally.gone(route("a"));
  tally.published(route("b"), at());
  expect(told(tally)).toEqual(["infra/edge Gateway 1+0"]);
});

it("tells the first Gateways by name apart, and adds the others up", () => {
  const tally = new ConvergenceTally();
  for (const [index, name] of ["d", "b", "a", "c"].entries()) {
    tally.published(route(`r-${index}`), at(namespacedName("infra", name)));
  }
  expect(told(tally, 2)).toEqual(["infra/a HTTPRoute 0+1", "infra/b HTTPRoute 0+1", "other HTTPRoute 0+2"]);
});

it("looks at so much at a time, and at all of it in turns", () => {
  const tally = new ConvergenceTally(100);
  for (let index = 0; index < 50; index += 1) tally.published(route(`r-${index}`), at(edge));
  const looked = new Map<ObjectKey, number>();
  const look = (object: ObjectKey) => {
    looked.set(object, (looked.get(object) ?? 0) + 1);
    return { arrived: false, cost: 10 };
  };
  tally.settle(look);
  expect(looked.size).toBe(10);
  for (let round = 0; round < 4; round += 1) tally.settle(look);
  expect([looked.size, Math.max(...looked.values())]).toEqual([50, 1]);
});

it("looks at nothing that has arrived", () => {
  const tally = new ConvergenceTally();
  tally.published(route("a"), at(edge));
  tally.settle(() => ({ arrived: true, cost: 1 }));
  tally.settle(() => {
    throw new Error("nothing is pending");
  });
  expect(told(tally)).toEqual(["infra/edge HTTPRoute 1+0"]);
});
