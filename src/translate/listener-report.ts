/** The status of one listener, as Gateways and ListenerSets both tell it. */
import { assertNever } from "../core/assert-never.ts";
import type { ProgrammingStage } from "../core/conditions.ts";
import {
  type Condition,
  conditionFalse,
  conditionTrue,
  joinRejections,
  type ListenerStatus,
} from "../core/conditions.ts";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { FleetState } from "../core/fleet.ts";
import type { ResourceType } from "../core/xds-resource.ts";
import { caSecretName, http3ListenerName, secretName } from "./envoy/names.ts";
import { envoyListenerName } from "./envoy-listener.ts";
import { servesHttp3 } from "./http3.ts";
import { isUsable } from "./listener.ts";
import type { GatewayNode, Listener } from "./nodes.ts";
import type { Placement } from "./placement.ts";
import { carriesRequests } from "./protocol-support.ts";

/** What a status is told of besides the node: plain values, so that the same input gives the same status. */
export interface ReportInputs {
  readonly node: GatewayNode;
  /** How many routes are attached to the listener of a key. */
  readonly attachedRoutes: (listenerKey: string) => number;
  /** What the Gateway's proxies said; absent when none ever connected. */
  readonly dataPlane: DataPlaneState | undefined;
  readonly placement: Pick<Placement, "kind">;
  /** How the Gateway's fleet is; absent when nobody has told, and where nobody runs fleets. */
  readonly fleet: FleetState | undefined;
  /** The current version of an Envoy listener, by its xDS name. */
  readonly listenerVersions: (xdsListenerName: string) => string | undefined;
}

/** How far a listener has come in the proxies. */
export type Programming =
  | { readonly kind: "programmed" }
  | { readonly kind: "pending"; readonly stage: Exclude<ProgrammingStage, "settled">; readonly message: string }
  | { readonly kind: "invalid"; readonly message: string };

/** Tells how far a listener has come. It is programmed when a connected proxy runs its current version and none refused it. */
export function programmingOf(listener: Listener, inputs: Omit<ReportInputs, "attachedRoutes">): Programming {
  const { dataPlane, listenerVersions } = inputs;
  if (listener.pending === true && isUsable(listener)) {
    return { kind: "pending", stage: "waiting", message: "Waiting for the hostname to be recorded" };
  }
  if (!listener.served) return { kind: "invalid", message: whyNotServed(listener) };
  if (dataPlane === undefined || dataPlane.proxies === 0) {
    return { kind: "pending", stage: hasProxies(inputs) ? "waiting" : "noProxies", message: "No proxy is connected" };
  }
  const refusal = refusalOf(listener, inputs.node, dataPlane);
  if (refusal !== undefined) return { kind: "invalid", message: refusal };
  const isCurrent = (name: string) => {
    const version = listenerVersions(name);
    return version !== undefined && dataPlane.listeners.get(name)?.includes(version) === true;
  };
  if (xdsNames(listener, inputs.node).every(isCurrent)) return { kind: "programmed" };
  return { kind: "pending", stage: "waiting", message: "Waiting for a proxy to acknowledge the configuration" };
}

/** Whether the user, and nobody else, runs the proxies of a Gateway and says where they are. */
export function bringsItsAddress({ fleet }: GatewayNode): boolean {
  return !fleet.parameters.managed && fleet.parameters.addressService === undefined;
}

/** Whether time may change what is told of all of these. */
export function programmingStage(programmings: readonly Programming[]): ProgrammingStage {
  const stages = programmings.map((programming) => (programming.kind === "pending" ? programming.stage : "settled"));
  return stages.find((stage) => stage === "noProxies") ?? stages.find((stage) => stage === "waiting") ?? "settled";
}

/** What is told of several together: the first that is invalid, else the first that is pending. */
export function firstToTell(programmings: readonly Programming[]): Programming {
  return (
    programmings.find(({ kind }) => kind === "invalid") ??
    programmings.find(({ kind }) => kind === "pending") ?? { kind: "programmed" }
  );
}

/** The condition that a listener, or the object that it is in, is programmed. */
export function programmedCondition(programming: Programming, generation: number): Condition {
  switch (programming.kind) {
    case "programmed":
      return conditionTrue("Programmed", generation);
    case "pending":
      return conditionFalse("Programmed", generation, { reason: "Pending", message: programming.message });
    case "invalid":
      return conditionFalse("Programmed", generation, { reason: "Invalid", message: programming.message });
    default:
      return assertNever(programming);
  }
}

/** Writes the status of one listener of the object of that generation. */
export function listenerStatus(
  listener: Listener,
  generation: number,
  {
    attachedRoutes,
    programming,
    overlaps,
  }: {
    readonly attachedRoutes: number;
    readonly programming: Programming;
    readonly overlaps: boolean;
  },
): ListenerStatus {
  const { name, supportedKinds, conflict } = listener;
  const conditions = [
    summary(listener, "Accepted", generation),
    conflict === undefined
      ? programmedCondition(programming, generation)
      : conditionFalse("Programmed", generation, conflict),
    summary(listener, "ResolvedRefs", generation),
    conflictedCondition(listener, generation),
    ...(overlaps ? [overlapCondition(listener, generation)] : []),
  ];
  return { name, supportedKinds, attachedRoutes, conditions };
}

/** Names the listeners that cannot be served, or undefined when all can. */
export function invalidListeners(listeners: readonly Listener[]): string | undefined {
  const names = listeners.filter((listener) => !isUsable(listener)).map(({ name }) => name);
  return names.length === 0 ? undefined : `Listeners that cannot be served: ${names.join(", ")}`;
}

/** A proxy that is Ready serves, and will come back to us; before anybody has counted them, there may be some. */
function hasProxies({ node, fleet, placement }: Pick<ReportInputs, "node" | "fleet" | "placement">): boolean {
  if (fleet !== undefined) return fleet.readyReplicas > 0;
  return placement.kind === "cluster" && !bringsItsAddress(node);
}

function whyNotServed(listener: Listener): string {
  const [first] = listener.rejections;
  if (isUsable(listener) || first === undefined) return "The Gateway cannot serve its listeners";
  return first.message;
}

/** The Envoy listeners that serve it. */
function xdsNames(listener: Listener, node: GatewayNode): readonly string[] {
  const name = envoyListenerName(listener);
  const isTwice = listener.protocol === "HTTPS" && servesHttp3(node, listener.port);
  return isTwice ? [name, http3ListenerName(listener.port)] : [name];
}

/** Envoy's words on the listener itself, or on a certificate without which it does not open. */
function refusalOf(listener: Listener, node: GatewayNode, { refusals }: DataPlaneState): string | undefined {
  const type: ResourceType = "listener";
  const secret: ResourceType = "secret";
  const names = [
    ...xdsNames(listener, node).map((name) => `${type}/${name}`),
    ...listener.secrets.map((name) => `${secret}/${secretName(name)}`),
    ...(listener.clientValidation ? [`${secret}/${caSecretName(listener.clientValidation.configMaps)}`] : []),
  ];
  const refused = names.find((name) => refusals.has(name));
  return refused === undefined ? undefined : `A proxy refused ${refused}: ${refusals.get(refused) ?? ""}`;
}

/** One condition for all rejections of its type. */
function summary({ rejections }: Listener, type: "Accepted" | "ResolvedRefs", generation: number): Condition {
  const rejection = joinRejections(rejections.filter(({ condition }) => condition === type));
  return rejection === undefined ? conditionTrue(type, generation) : conditionFalse(type, generation, rejection);
}

function conflictedCondition({ conflict }: Listener, generation: number): Condition {
  if (conflict === undefined) return conditionFalse("Conflicted", generation, { reason: "NoConflicts", message: "" });
  return conditionTrue("Conflicted", generation, conflict);
}

/** Names nobody: the other listener may be of another namespace. */
function overlapCondition({ port, protocol }: Listener, generation: number): Condition {
  const answer = carriesRequests({ protocol })
    ? "a request on a reused connection may be answered 421"
    : "what a client sends on a reused connection goes where the connection began";
  return conditionTrue("OverlappingTLSConfig", generation, {
    reason: "OverlappingHostnames",
    message: `Another listener on port ${port} has a hostname that overlaps: ${answer}`,
  });
}
