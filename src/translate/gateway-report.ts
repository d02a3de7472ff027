/** The status of a Gateway. https://gateway-api.sigs.k8s.io/reference/spec/#gatewaystatus */
import { assertNever } from "../core/assert-never.ts";
import {
  type Condition,
  conditionFalse,
  conditionTrue,
  type Rejection,
  type StatusUpdate,
} from "../core/conditions.ts";
import type { GatewayAddress } from "../core/gateway-api.ts";
import { objectKey } from "../core/keys.ts";
import {
  bringsItsAddress,
  firstToTell,
  invalidListeners,
  listenerStatus,
  type Programming,
  programmedCondition,
  programmingOf,
  programmingStage,
  type ReportInputs,
} from "./listener-report.ts";
import type { GatewayNode, Listener } from "./nodes.ts";
import { overlappingListeners } from "./tls-overlap.ts";

/** Writes the status of a Gateway and of the listeners that are written in it. */
export function gatewayStatus(inputs: ReportInputs): StatusUpdate {
  const { node } = inputs;
  const object = objectKey("Gateway", node.key);
  const own = node.listeners.filter(({ parent }) => parent === object);
  const overlapping = overlappingListeners(node.listeners);
  const programmings = own.map((listener) => ({ listener, programming: programmingOf(listener, inputs) }));
  const whole = gatewayProgramming(inputs, own);
  const waiting = whole.kind === "programmed" || whole.kind === "pending";
  return {
    kind: "Gateway",
    object,
    addresses: addressesOf(inputs),
    // What a Gateway is refused for holds at once, whatever its proxies still have to say.
    programming: waiting ? programmingStage([whole, ...programmings.map(({ programming }) => programming)]) : "settled",
    conditions: [
      acceptedCondition(node, own),
      programmedConditionOf(whole, node.generation),
      resolvedCondition(node, own),
      ...insecureCondition(node),
    ],
    listeners: programmings.map(({ listener, programming }) =>
      listenerStatus(listener, node.generation, {
        attachedRoutes: inputs.attachedRoutes(listener.key),
        programming,
        overlaps: overlapping.has(listener.key),
      }),
    ),
    attachedListenerSets: node.listenerSets.filter(({ rejection }) => rejection === undefined).length,
  };
}

/** The API takes no more. */
const mostAddresses = 16;

function addressesOf({ node, fleet, placement }: ReportInputs): readonly GatewayAddress[] {
  switch (placement.kind) {
    case "standalone":
      return node.bindAddresses.map((value) => ({ type: "IPAddress", value }));
    case "cluster": {
      const { requestedAddresses } = node.fleet;
      const own = bringsItsAddress(node) ? requestedAddresses.map((value) => ({ type: "IPAddress", value })) : [];
      return (fleet?.addresses ?? own).slice(0, mostAddresses);
    }
    default:
      return assertNever(placement.kind);
  }
}

function acceptedCondition({ generation, rejection }: GatewayNode, own: readonly Listener[]): Condition {
  if (rejection !== undefined) return conditionFalse("Accepted", generation, rejection);
  const message = invalidListeners(own);
  if (message === undefined) return conditionTrue("Accepted", generation);
  return conditionTrue("Accepted", generation, { reason: "ListenersNotValid", message });
}

/** Its own references first, then a summary of what its listeners tell. */
function resolvedCondition({ generation, unresolved }: GatewayNode, own: readonly Listener[]): Condition {
  if (unresolved !== undefined) return conditionFalse("ResolvedRefs", generation, unresolved);
  const names = own
    .filter(({ rejections }) => rejections.some(({ condition }) => condition === "ResolvedRefs"))
    .map(({ name }) => name);
  if (names.length === 0) return conditionTrue("ResolvedRefs", generation);
  const message = `Listeners with references that cannot be resolved: ${names.join(", ")}`;
  return conditionFalse("ResolvedRefs", generation, { reason: "ListenersNotResolved", message });
}

/** There only while it is so. */
function insecureCondition({ generation, letsInAnybody }: GatewayNode): readonly Condition[] {
  if (letsInAnybody !== true) return [];
  const message =
    "Clients without a certificate that can be trusted are let in: spec.tls.frontend says AllowInsecureFallback";
  return [conditionTrue("InsecureFrontendValidationMode", generation, { reason: "ConfigurationChanged", message })];
}

/** How far the Gateway as a whole is; what is `refused` has a reason of its own. */
type GatewayProgramming = Programming | { readonly kind: "refused"; readonly rejection: Omit<Rejection, "condition"> };

function programmedConditionOf(programming: GatewayProgramming, generation: number): Condition {
  if (programming.kind === "refused") return conditionFalse("Programmed", generation, programming.rejection);
  return programmedCondition(programming, generation);
}

function gatewayProgramming(inputs: ReportInputs, own: readonly Listener[]): GatewayProgramming {
  const { rejection, addressRejection, listeners } = inputs.node;
  if (rejection !== undefined) return { kind: "invalid", message: "The Gateway is not accepted" };
  if (addressRejection !== undefined) return { kind: "refused", rejection: addressRejection };
  const problem = inputs.placement.kind === "cluster" ? fleetProgramming(inputs) : undefined;
  return problem ?? programmingOfAll(own, listeners, inputs);
}

/** What keeps clients from the proxies of a Gateway in a cluster, if anything does. */
function fleetProgramming({ node, fleet }: ReportInputs): GatewayProgramming | undefined {
  if (bringsItsAddress(node) && fleet === undefined) {
    if (node.fleet.requestedAddresses.length > 0) return undefined;
    const message = "The proxies are run by the user: spec.addresses of the Gateway must say where they are";
    return { kind: "refused", rejection: { reason: "AddressNotAssigned", message } };
  }
  if (fleet === undefined)
    return { kind: "pending", stage: "waiting", message: "Waiting for the proxies to be set up" };
  const { applyProblem, addressProblem, addresses } = fleet;
  if (applyProblem !== undefined)
    return { kind: "refused", rejection: { reason: "NoResources", message: applyProblem } };
  if (addressProblem !== undefined) return { kind: "refused", rejection: addressProblem };
  if (addresses.length > 0) return undefined;
  return { kind: "pending", stage: "waiting", message: "Waiting for an address to be assigned" };
}

/** A Gateway answers for its own listeners; those of ListenerSets count only when it serves none of its own. */
function programmingOfAll(own: readonly Listener[], all: readonly Listener[], inputs: ReportInputs): Programming {
  const ownServed = own.filter(({ served }) => served);
  const counted = ownServed.length > 0 ? ownServed : all.filter(({ served }) => served);
  if (counted.length === 0) return { kind: "invalid", message: "No listener can be served" };
  const steps = counted.map((listener) => programmingOf(listener, inputs));
  return firstToTell(steps);
}
