/** Which generation of an object how many proxies have acknowledged: as replicas tell each other, and as people are told. */
import type { ObjectName } from "./explanation.ts";
import { type Kind, type NamespacedName, type ObjectKey, routeKinds } from "./keys.ts";

/** The kinds of objects that are followed until proxies have them. */
export const convergingKinds = [
  "Gateway",
  "ListenerSet",
  ...routeKinds,
  "BackendTLSPolicy",
] as const satisfies readonly Kind[];

export type ConvergingKind = (typeof convergingKinds)[number];

/** What one replica asks another about its proxies. */
export type ConvergenceQuestion =
  /** Have they all that an object comes to? */
  | { readonly kind: "object"; readonly object: ObjectKey }
  /** Have they what a route comes to under these hostnames of one Gateway? By virtualHostKey. */
  | {
      readonly kind: "hosts";
      readonly object: ObjectKey;
      readonly gateway: NamespacedName;
      readonly hosts: readonly string[];
    };

/** How many of the proxies that are connected to one replica, or to all, have acknowledged something. */
export interface ProxyCounts {
  readonly connected: number;
  readonly acknowledged: number;
}

export interface GatewayCounts extends ProxyCounts {
  readonly gateway: NamespacedName;
}

/** What one replica answers. */
export interface ReplicaCounts {
  /** The generation that it has translated; absent where it knows of no such object. */
  readonly generation?: number;
  readonly gateways: readonly GatewayCounts[];
}

/** Of how many replicas the answers are known. */
export interface HeardReplicas {
  readonly answered: number;
  readonly known: number;
}

/** What people are told of one object. */
export interface ConvergenceReport {
  readonly object: ObjectName;
  /** The newest generation that a replica has translated; absent where none has seen the object. */
  readonly generation?: number;
  /** `never`: not as the objects are now, whatever is waited for. */
  readonly state: "converged" | "pending" | "never";
  /** One word for programs. */
  readonly reason: ConvergenceReason;
  readonly message: string;
  readonly gateways: readonly GatewayConvergence[];
  readonly replicas: HeardReplicas;
}

export type ConvergenceReason =
  | "Acknowledged"
  | "NotFound"
  | "NotAccepted"
  | "NotAttached"
  | "Quarantined"
  | "Undecided"
  | "ReplicaBehind"
  | "ReplicasSilent"
  | "NoProxies"
  | "Waiting";

export interface GatewayConvergence extends ProxyCounts {
  readonly gateway: ObjectName;
  /** The object itself names the Gateway: whoever may read the one knows of the other. */
  readonly named?: true;
}
