/** The status of ListenerSets. https://gateway-api.sigs.k8s.io/reference/spec/#listenersetstatus */
import { type Condition, conditionFalse, conditionTrue, type StatusUpdate } from "../core/conditions.ts";
import {
  firstToTell,
  invalidListeners,
  listenerStatus,
  type Programming,
  programmedCondition,
  programmingOf,
  programmingStage,
  type ReportInputs,
} from "./listener-report.ts";
import type { AttachedListenerSet, Listener } from "./nodes.ts";
import { overlappingListeners } from "./tls-overlap.ts";

/** Writes the statuses of all ListenerSets that name a Gateway, in order of precedence. */
export function listenerSetStatuses(inputs: ReportInputs): readonly StatusUpdate[] {
  const overlapping = overlappingListeners(inputs.node.listeners);
  const byParent = Map.groupBy(inputs.node.listeners, ({ parent }) => parent);
  return inputs.node.listenerSets.map((set) => {
    const own = byParent.get(set.key) ?? [];
    const reports = own.map((listener) => ({
      listener,
      programming: discreet(programmingOf(listener, inputs), listener),
    }));
    return {
      kind: "ListenerSet",
      object: set.key,
      programming:
        set.rejection === undefined ? programmingStage(reports.map(({ programming }) => programming)) : "settled",
      conditions: conditionsOf(set, reports),
      listeners: reports.map(({ listener, programming }) =>
        listenerStatus(listener, set.generation, {
          attachedRoutes: inputs.attachedRoutes(listener.key),
          programming,
          overlaps: overlapping.has(listener.key),
        }),
      ),
    };
  });
}

interface ListenerReport {
  readonly listener: Listener;
  readonly programming: Programming;
}

/** An Envoy listener is shared with other namespaces: what a proxy says about it is for the Gateway's owner. */
function discreet(programming: Programming, { served, port }: Listener): Programming {
  if (programming.kind !== "invalid" || !served) return programming;
  return {
    kind: "invalid",
    message: `A proxy refused the listener on port ${port}: the Gateway's status has its words`,
  };
}

function conditionsOf(
  { generation, rejection }: AttachedListenerSet,
  reports: readonly ListenerReport[],
): readonly Condition[] {
  if (rejection !== undefined) {
    return [conditionFalse("Accepted", generation, rejection), conditionFalse("Programmed", generation, rejection)];
  }
  const message = invalidListeners(reports.map(({ listener }) => listener));
  return [
    message === undefined
      ? conditionTrue("Accepted", generation)
      : conditionTrue("Accepted", generation, { reason: "ListenersNotValid", message }),
    programmedCondition(programmingOfAll(reports), generation),
  ];
}

/** Only what is served counts: of a listener that cannot be, Accepted tells. */
function programmingOfAll(reports: readonly ListenerReport[]): Programming {
  const served = reports.filter(({ listener }) => listener.served).map(({ programming }) => programming);
  if (served.length === 0) return { kind: "invalid", message: "No listener can be served" };
  return firstToTell(served);
}
