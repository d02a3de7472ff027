/** The status of a Gateway. https://gateway-api.sigs.k8s.io/reference/spec/#gatewaystatus */
import { type Condition, conditionFalse, conditionTrue, type StatusUpdate } from "../core/conditions.ts";
import { objectKey } from "../core/keys.ts";
import {
  invalidListeners,
  listenerStatus,
  type Programming,
  programmedCondition,
  programmingOf,
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
  return {
    kind: "Gateway",
    object,
    addresses: node.addresses,
    conditions: [acceptedCondition(node, own), programmed(inputs, own)],
    listeners: own.map((listener) =>
      listenerStatus(listener, node.generation, {
        attachedRoutes: inputs.attachedRoutes(listener.key),
        programming: programmingOf(listener, inputs),
        overlaps: overlapping.has(listener.key),
      }),
    ),
    attachedListenerSets: node.listenerSets.filter(({ rejection }) => rejection === undefined).length,
  };
}

function acceptedCondition({ generation, rejection }: GatewayNode, own: readonly Listener[]): Condition {
  if (rejection !== undefined) return conditionFalse("Accepted", generation, rejection);
  const message = invalidListeners(own);
  if (message === undefined) return conditionTrue("Accepted", generation);
  return conditionTrue("Accepted", generation, { reason: "ListenersNotValid", message });
}

function programmed(inputs: ReportInputs, own: readonly Listener[]): Condition {
  const { generation, rejection, addressRejection, listeners } = inputs.node;
  if (rejection !== undefined) {
    return programmedCondition({ kind: "invalid", message: "The Gateway is not accepted" }, generation);
  }
  if (addressRejection !== undefined) return conditionFalse("Programmed", generation, addressRejection);
  return programmedCondition(programmingOfAll(own, listeners, inputs), generation);
}

/** A Gateway answers for its own listeners; those of ListenerSets count only when it serves none of its own. */
function programmingOfAll(own: readonly Listener[], all: readonly Listener[], inputs: ReportInputs): Programming {
  const ownServed = own.filter(({ served }) => served);
  const counted = ownServed.length > 0 ? ownServed : all.filter(({ served }) => served);
  if (counted.length === 0) return { kind: "invalid", message: "No listener can be served" };
  const steps = counted.map((listener) => programmingOf(listener, inputs));
  return (
    steps.find(({ kind }) => kind === "invalid") ??
    steps.find(({ kind }) => kind === "pending") ?? { kind: "programmed" }
  );
}
