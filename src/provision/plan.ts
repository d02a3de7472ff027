import type { FleetSpec } from "../core/fleet.ts";
import type { RawObject } from "../core/kube-client.ts";
import { takenBy } from "./apply/apply-object.ts";
import { belongsTo } from "./apply/ownership.ts";
import {
  type FleetObject,
  type FleetObjectKind,
  fleetAnnotations,
  fleetObjectKindNames,
} from "./render/fleet-object.ts";
import { isDeploymentReady } from "./state/deployment-state.ts";
import type { ObservedFleet } from "./state/observed-fleets.ts";

/** One thing to do to bring a fleet where it should be. */
export type FleetAction =
  | {
      readonly kind: "create" | "change" | "repair";
      readonly wanted: FleetObject;
      readonly observed: RawObject | undefined;
    }
  | { readonly kind: "remove"; readonly of: FleetObjectKind; readonly observed: RawObject }
  /** Replicas have to be somebody else's before we say nothing about them, or the API server would set them to 1. */
  | { readonly kind: "release-replicas"; readonly deployment: RawObject; readonly wanted: FleetObject };

/** What to do for one fleet now, in order. */
export interface FleetPlan {
  readonly actions: readonly FleetAction[];
  /** Something is left for when it is this fleet's turn. */
  readonly waits: boolean;
  /** Objects that have our names and are not ours. */
  readonly taken: readonly string[];
}

export interface PlanInput {
  readonly fleet: FleetSpec;
  readonly wanted: readonly FleetObject[];
  readonly observed: ObservedFleet;
  /** Whether a change that comes from the class or the control plane may reach this fleet now. */
  readonly hasTurn: boolean;
  /** Whether what was last applied of an object is what is wanted now. */
  readonly isApplied: (wanted: FleetObject, observed: RawObject) => boolean;
  /** Whether an observed object is not as we last left it. */
  readonly hasDrifted: (wanted: FleetObject, observed: RawObject) => boolean;
}

/**
 * Decides what to do for a fleet. What is missing is made and what somebody has edited is repaired at once, and so is a
 * change that the Gateway's own team has made; any other change waits for the fleet's turn.
 */
export function planFleet(input: PlanInput): FleetPlan {
  const { fleet, wanted, observed } = input;
  const mayChange = input.hasTurn || isOwnChange(input);
  const steps = wanted.map((object) => planObject(object, input, mayChange));
  const surplus = surplusKinds(wanted, observed, fleet.uid);
  const actions = [
    ...surplus.flatMap((object) => (mayChange ? [object] : [])),
    ...steps.flatMap(({ action }) => (action === undefined ? [] : [action])),
  ];
  return {
    actions: [...releaseReplicas(wanted, observed, actions), ...actions.map((action) => markRollout(action, input))],
    waits: steps.some(({ waits }) => waits === true) || (surplus.length > 0 && !mayChange),
    taken: steps.flatMap(({ taken }) => taken ?? []),
  };
}

/** Whether the fleets after this one wait until it is Ready. */
export function isAwaited(observed: ObservedFleet): boolean {
  return observed.get("Deployment")?.metadata.annotations?.[fleetAnnotations.rollout] === awaited;
}

const awaited = "awaited";

interface Step {
  readonly action?: FleetAction;
  readonly waits?: boolean;
  readonly taken?: string;
}

function planObject(
  wanted: FleetObject,
  { fleet, observed, isApplied, hasDrifted }: PlanInput,
  mayChange: boolean,
): Step {
  const current = observed.get(wanted.kind);
  if (current === undefined) return { action: { kind: "create", wanted, observed: undefined } };
  const taken = takenBy(wanted, current, fleet.uid);
  if (taken !== undefined) return { taken };
  if (!isApplied(wanted, current)) {
    return mayChange ? { action: { kind: "change", wanted, observed: current } } : { waits: true };
  }
  return hasDrifted(wanted, current) ? { action: { kind: "repair", wanted, observed: current } } : {};
}

/** The Deployment is applied last and tells by which share of the Gateway; without one, there is nothing to be careful of. */
function isOwnChange({ wanted, observed }: PlanInput): boolean {
  const share = (annotations: Readonly<Record<string, string>> | undefined) =>
    annotations?.[fleetAnnotations.gatewayShare];
  const deployment = wanted.find(({ kind }) => kind === "Deployment");
  const current = observed.get("Deployment");
  if (current === undefined || deployment === undefined) return current === undefined;
  return share(current.metadata.annotations) !== share(deployment.metadata.annotations);
}

/** A Service stays when it has no ports any more: its address would be lost for nothing. */
function surplusKinds(wanted: readonly FleetObject[], observed: ObservedFleet, uid: string) {
  const kept = new Set<FleetObjectKind>([
    ...wanted.map(({ kind }) => kind),
    ...(wanted.length > 0 ? ["Service" as const] : []),
  ]);
  return fleetObjectKindNames.flatMap((kind) => {
    const object = observed.get(kind);
    if (kept.has(kind) || object === undefined || !belongsTo(object, uid)) return [];
    return object.metadata.deletionTimestamp === undefined
      ? [{ kind: "remove" as const, of: kind, observed: object }]
      : [];
  });
}

function releaseReplicas(
  wanted: readonly FleetObject[],
  observed: ObservedFleet,
  actions: readonly FleetAction[],
): readonly FleetAction[] {
  const deployment = observed.get("Deployment");
  const makesAutoscaler = actions.some(
    (action) => action.kind === "create" && action.wanted.kind === "HorizontalPodAutoscaler",
  );
  const object = wanted.find(({ kind }) => kind === "Deployment");
  if (deployment === undefined || object === undefined || !makesAutoscaler) return [];
  return [{ kind: "release-replicas", deployment, wanted: object }];
}

/**
 * A Deployment that is changed in its turn is awaited, if it was Ready before: of one that was not, the change proves
 * nothing, and its team must not be able to hold up all others.
 */
function markRollout(action: FleetAction, input: PlanInput): FleetAction {
  if ((action.kind !== "change" && action.kind !== "repair") || action.wanted.kind !== "Deployment") return action;
  const { wanted, observed } = action;
  const wasReady = observed !== undefined && isDeploymentReady(observed);
  const isMarked = action.kind === "change" ? !isOwnChange(input) && wasReady : isAwaited(input.observed);
  if (!isMarked) return action;
  const annotations = { ...wanted.metadata.annotations, [fleetAnnotations.rollout]: awaited };
  return { ...action, wanted: { ...wanted, metadata: { ...wanted.metadata, annotations } } };
}
