import { type Condition, conditionFalse, conditionTrue, type StatusUpdate } from "../core/conditions.ts";
import type { BoundRoute, ParentBinding } from "./nodes.ts";

/** Writes the status of a route: one entry for each parentRef that is ours, in the order of the spec. */
export function routeStatus(route: BoundRoute, controllerName: string): StatusUpdate {
  const parents = route.parents.map((parent) => ({
    parentRef: parent.parentRef,
    controllerName,
    conditions: conditions(route, parent),
  }));
  return { kind: "Route", object: route.key, parents };
}

function conditions(route: BoundRoute, { rejection }: ParentBinding): readonly Condition[] {
  const { generation, unresolved, partiallyInvalid } = route;
  return [
    rejection === undefined ? conditionTrue("Accepted", generation) : conditionFalse("Accepted", generation, rejection),
    unresolved === undefined
      ? conditionTrue("ResolvedRefs", generation)
      : conditionFalse("ResolvedRefs", generation, unresolved),
    ...(partiallyInvalid === undefined ? [] : [conditionTrue("PartiallyInvalid", generation, partiallyInvalid)]),
  ];
}
