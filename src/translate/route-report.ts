import {
  type Condition,
  conditionFalse,
  conditionTrue,
  joinRejections,
  type StatusUpdate,
} from "../core/conditions.ts";
import type { NamespacedName } from "../core/keys.ts";
import { hostnamesGranted } from "../core/ownership.ts";
import { changesDelayed } from "./budget/delayed-change.ts";
import { type Layer4Winner, unreachedPlaces } from "./layer4-shadows.ts";
import { refusalRejection } from "./ownership/messages.ts";
import { droppedRules, type GatewayRefusals, refusedCondition } from "./quarantine/served-rules.ts";
import type { BoundRoute, ParentBinding } from "./route-nodes.ts";
import { type RouteShadows, unreachableRules } from "./rule-shadows.ts";

/** What the status of a route is told of besides the route. */
export interface RouteReportInputs {
  /** Which of its matches are never reached. */
  readonly shadows?: readonly RouteShadows[];
  /** Who has a place that it asks for, by {@link layer4Place}. */
  readonly layer4Winner?: (place: string) => Layer4Winner | undefined;
  /** Whether a newer version of it waits. */
  readonly isDelayed?: boolean;
  /** What of it the proxies of a Gateway have refused. */
  readonly refusals?: (gateway: NamespacedName) => GatewayRefusals | undefined;
}

/** Writes the status of a route: one entry for each parentRef that is ours, in the order of the spec. */
export function routeStatus(route: BoundRoute, controllerName: string, inputs: RouteReportInputs = {}): StatusUpdate {
  const parents = route.parents.map((parent) => ({
    parentRef: parent.parentRef,
    controllerName,
    conditions: conditions(route, parent, inputs),
  }));
  return { kind: "Route", object: route.key, parents, ...(route.pending && { pending: true }) };
}

function conditions(
  route: BoundRoute,
  parent: ParentBinding,
  { shadows = [], layer4Winner = () => undefined, isDelayed = false, refusals = () => undefined }: RouteReportInputs,
): readonly Condition[] {
  const { rejection } = parent;
  const { generation, unresolved } = route;
  const gateways = [...new Set(parent.attachments.filter(({ served }) => served).map(({ gateway }) => gateway))];
  const refused = gateways.flatMap((gateway) => refusals(gateway) ?? []);
  const partiallyInvalid = joinRejections([
    ...(route.partiallyInvalid === undefined ? [] : [route.partiallyInvalid]),
    ...droppedRules(route, refused),
  ]);
  const byProxies = refusedCondition(route, refused);
  const granted = grantedCondition(parent, generation);
  const unreachable =
    route.layer4 === undefined
      ? unreachableRules(route, parent, shadows)
      : unreachedPlaces(route, parent, layer4Winner);
  return [
    rejection === undefined ? conditionTrue("Accepted", generation) : conditionFalse("Accepted", generation, rejection),
    unresolved === undefined
      ? conditionTrue("ResolvedRefs", generation)
      : conditionFalse("ResolvedRefs", generation, unresolved),
    ...(partiallyInvalid === undefined ? [] : [conditionTrue("PartiallyInvalid", generation, partiallyInvalid)]),
    ...(byProxies === undefined ? [] : [byProxies]),
    ...(granted === undefined ? [] : [granted]),
    ...(unreachable === undefined ? [] : [unreachable]),
    ...(isDelayed ? [changesDelayed(generation)] : []),
  ];
}

/** Tells which hostnames are not the route's to answer, where it is attached all the same. */
function grantedCondition(
  { rejection, refusals, kindConflict }: ParentBinding,
  generation: number,
): Condition | undefined {
  if (rejection !== undefined) return undefined;
  const refused = refusalRejection(refusals?.list ?? []);
  if (refused === undefined || kindConflict !== undefined) {
    const told = joinRejections([kindConflict, refused].filter((each) => each !== undefined));
    return told && conditionFalse(hostnamesGranted, generation, told);
  }
  const message =
    refusals?.enforced === true
      ? refused.message
      : `Served all the same, as the Gateway only warns: ${refused.message}`;
  return conditionFalse(hostnamesGranted, generation, { ...refused, message });
}
