import { expect, it } from "vitest";
import type { Rejection } from "../core/conditions.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import type { BoundRoute, ParentBinding } from "./route-nodes.ts";
import { routeStatus } from "./route-report.ts";

const parent = (name: string, rejection?: Rejection): ParentBinding => ({
  parentRef: { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "infra", name },
  attachments: [],
  ...(rejection === undefined ? {} : { rejection }),
});

function statusOf(more: Partial<BoundRoute>) {
  const route: BoundRoute = {
    key: objectKey("HTTPRoute", namespacedName("shop", "cart")),
    namespace: "shop",
    generation: 7,
    createdAt: "1970-01-01T00:00:00Z",
    parents: [parent("edge")],
    claims: [],
    pending: false,
    rules: [],
    ...more,
  };
  const status = routeStatus(route, "gatehouse.dev/test");
  if (status.kind !== "Route") throw new Error("bug: a route has the status of a route");
  return status.parents.map(({ parentRef, controllerName, conditions }) => ({
    name: parentRef.name,
    controllerName,
    conditions: conditions.map(({ type, status, reason, message, observedGeneration }) =>
      [type, status, reason, message, observedGeneration].join(" ").trim(),
    ),
  }));
}

it("tells a good route so", () => {
  expect(statusOf({})).toEqual([
    {
      name: "edge",
      controllerName: "gatehouse.dev/test",
      conditions: ["Accepted True Accepted  7", "ResolvedRefs True ResolvedRefs  7"],
    },
  ]);
});

it("tells each parent its own, in the order of the route, and what concerns the route to all", () => {
  const parents = [
    parent("shut", { condition: "Accepted", reason: "NotAllowedByListeners", message: "not for you" }),
    parent("edge"),
  ];
  const unresolved = { condition: "ResolvedRefs", reason: "BackendNotFound", message: "not there" } as const;
  const partiallyInvalid = { condition: "PartiallyInvalid", reason: "UnsupportedValue", message: "Dropped" } as const;
  const rest = ["ResolvedRefs False BackendNotFound not there 7", "PartiallyInvalid True UnsupportedValue Dropped 7"];
  expect(
    statusOf({ parents, unresolved, partiallyInvalid }).map(({ name, conditions }) => [name, ...conditions]),
  ).toEqual([
    ["shut", "Accepted False NotAllowedByListeners not for you 7", ...rest],
    ["edge", "Accepted True Accepted  7", ...rest],
  ]);
});
