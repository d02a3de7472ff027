/** The objects that make up a fleet, in the order in which they are applied. */
import type { OwnerReference, ResourceKind } from "../../core/kube-client.ts";

/** The kinds of objects that a fleet consists of. */
export type FleetObjectKind =
  | "ServiceAccount"
  | "ConfigMap"
  | "Service"
  | "PodDisruptionBudget"
  | "HorizontalPodAutoscaler"
  | "Deployment";

/**
 * Where each kind is found in the API, in the order in which a fleet is applied. The Deployment is last: its annotations
 * tell that everything before it was applied too.
 */
export const fleetObjectKinds = {
  ServiceAccount: { group: "", version: "v1", plural: "serviceaccounts" },
  ConfigMap: { group: "", version: "v1", plural: "configmaps" },
  Service: { group: "", version: "v1", plural: "services" },
  PodDisruptionBudget: { group: "policy", version: "v1", plural: "poddisruptionbudgets" },
  HorizontalPodAutoscaler: { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers" },
  Deployment: { group: "apps", version: "v1", plural: "deployments" },
} as const satisfies Record<FleetObjectKind, ResourceKind>;

/** The names of {@link fleetObjectKinds}, in its order. */
export const fleetObjectKindNames: readonly FleetObjectKind[] = Object.keys(fleetObjectKinds) as FleetObjectKind[]; // keys of a literal table

/** One object as it is applied: every field in it is ours, no other is. */
export interface FleetObject {
  readonly apiVersion: string;
  readonly kind: FleetObjectKind;
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly OwnerReference[];
  };
  readonly [field: string]: unknown;
}

/** Annotations by which a later leader tells what was applied, and why. */
export const fleetAnnotations = {
  /** Of every object: the digest of what was applied. */
  applied: "gatehouse.dev/applied",
  /** Of the Deployment: the digest of what in the fleet comes from the Gateway itself. */
  gatewayShare: "gatehouse.dev/gateway-share",
  /** Of the Deployment: `awaited` when the fleets after it wait until it is Ready. */
  rollout: "gatehouse.dev/rollout",
  /** Of the pods: the digest of the bootstrap, so that a new one reaches them. */
  bootstrap: "gatehouse.dev/bootstrap",
} as const;
