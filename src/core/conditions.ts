import type { GatewayAddress, ParentReference, RouteGroupKind } from "./gateway-api.ts";
import type { ObjectKey } from "./keys.ts";

/** A condition as the translator decides it; the status writer adds the times. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/** Why something that a user wrote is not served, in the terms of the specification. A value, never thrown. */
export interface Rejection {
  /** The condition that it turns False. */
  readonly condition: "Accepted" | "ResolvedRefs" | "Programmed" | "PartiallyInvalid";
  readonly reason: string;
  readonly message: string;
}

export interface ParentStatus {
  readonly parentRef: ParentReference;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

/** What a policy comes to for one Gateway. */
export interface AncestorStatus {
  readonly ancestorRef: ParentReference;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly RouteGroupKind[];
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

/**
 * Whether time may change what the `Programmed` conditions of an update say. `settled` ones hold as they are. `waiting` ones
 * are False only because no proxy has acknowledged yet, `noProxies` because there is no proxy: what was True of the same
 * generation before is not taken back for either at once.
 */
export type ProgrammingStage = "settled" | "waiting" | "noProxies";

/** The status that one object should have, by kind of status. */
export type StatusUpdate =
  | {
      readonly kind: "GatewayClass";
      readonly object: ObjectKey;
      readonly conditions: readonly Condition[];
      readonly supportedFeatures: readonly string[];
    }
  | {
      readonly kind: "Gateway";
      readonly object: ObjectKey;
      readonly addresses: readonly GatewayAddress[];
      readonly programming: ProgrammingStage;
      readonly conditions: readonly Condition[];
      readonly listeners: readonly ListenerStatus[];
      readonly attachedListenerSets: number;
    }
  | {
      readonly kind: "ListenerSet";
      readonly object: ObjectKey;
      readonly programming: ProgrammingStage;
      readonly conditions: readonly Condition[];
      readonly listeners: readonly ListenerStatus[];
    }
  | {
      readonly kind: "Route";
      readonly object: ObjectKey;
      readonly parents: readonly ParentStatus[];
      /** Something that it claims waits for its record: what was told before stands meanwhile. */
      readonly pending?: true;
    }
  | {
      readonly kind: "Policy";
      readonly object: ObjectKey;
      /** One entry for each Gateway for which the policy holds, at most 16: the API takes no more. */
      readonly ancestors: readonly AncestorStatus[];
    }
  | { readonly kind: "GatewayParameters"; readonly object: ObjectKey; readonly conditions: readonly Condition[] };

/** A condition that holds. */
export function conditionTrue(
  type: string,
  generation: number,
  { reason = type, message = "" }: { readonly reason?: string; readonly message?: string } = {},
): Condition {
  return { type, status: "True", reason, message, observedGeneration: generation };
}

/** A condition that does not hold, with the specification's reason. */
export function conditionFalse(
  type: string,
  generation: number,
  { reason, message }: { readonly reason: string; readonly message: string },
): Condition {
  return { type, status: "False", reason, message, observedGeneration: generation };
}

/** Most messages that one condition tells in full. */
const mostMessages = 8;

/** Makes one rejection of several for the same condition: the first gives the reason, all give the message, each once. */
export function joinRejections(rejections: readonly Rejection[]): Rejection | undefined {
  const [first] = rejections;
  if (first === undefined) return undefined;
  const messages = [...new Set(rejections.map(({ message }) => message))];
  const more = messages.length > mostMessages ? [`and ${messages.length - mostMessages} more`] : [];
  return { ...first, message: [...messages.slice(0, mostMessages), ...more].join("; ") };
}
