/** Changes that wait because their namespace makes too many, as the statuses of routes tell them. */
import type { Collection, Transform } from "../../collection/collection.ts";
import { type Condition, conditionTrue, type StatusUpdate } from "../../core/conditions.ts";
import type { Route } from "../../core/gateway-api.ts";
import { kinds, nameOf, namespacedName, objectKey } from "../../core/keys.ts";
import type { RouteParent } from "../nodes.ts";
import type { BoundRoute } from "../route-nodes.ts";

/** A change of a route that waits. */
export interface DelayedChange {
  /** The route as it was when it began to wait; absent: it is about to go. */
  readonly route?: Route;
}

/** The condition of a route of which a change waits. */
export function changesDelayed(generation: number): Condition {
  return conditionTrue("gatehouse.dev/ChangesDelayed", generation, {
    reason: "ChangeRateExceeded",
    message:
      "The namespace makes more changes than it may in a minute: the newest version of this route is applied later",
  });
}

export interface DelayedStatusInputs {
  readonly controllerName: string;
  /** By ObjectKey of a Gateway or ListenerSet. */
  readonly parents: Collection<RouteParent>;
  readonly bound: Collection<BoundRoute>;
}

/** The status of a new route that waits. One that is bound already has a status, which tells of the delay itself. */
export function delayedRouteStatus(inputs: DelayedStatusInputs): Transform<DelayedChange, StatusUpdate> {
  return (read, key, { route }) => {
    if (route === undefined || read.get(inputs.bound, key) !== undefined) return [];
    const { metadata, spec } = route;
    const ours = (spec.parentRefs ?? []).filter(({ group, kind, namespace = metadata.namespace, name }) => {
      if ((kind !== "Gateway" && kind !== "ListenerSet") || group !== kinds[kind].group) return false;
      return read.get(inputs.parents, objectKey(kind, namespacedName(namespace, name))) !== undefined;
    });
    if (ours.length === 0) return [];
    const conditions = [pending(metadata.generation), changesDelayed(metadata.generation)];
    const parents = ours.map((parentRef) => ({ parentRef, controllerName: inputs.controllerName, conditions }));
    return [[key, { kind: "Route", object: objectKey(route.kind, nameOf(metadata)), parents }]];
  };
}

function pending(generation: number): Condition {
  return {
    type: "Accepted",
    status: "Unknown",
    reason: "Pending",
    message: "The route waits, as its namespace makes more changes than it may in a minute",
    observedGeneration: generation,
  };
}
