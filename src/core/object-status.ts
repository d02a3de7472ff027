import type { GatewayAddress, ParentReference, RouteGroupKind } from "./gateway-api.ts";

/** A condition as the API stores it. Other controllers may leave fields out that we always write. */
export interface StoredCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** One entry of a route's `status.parents`: it belongs to the controller that it names. */
export interface StoredParent {
  readonly parentRef: StoredParentReference;
  readonly controllerName: string;
  readonly conditions?: readonly StoredCondition[];
}

/** One entry of a policy's `status.ancestors`: it belongs to the controller that it names. */
export interface StoredAncestor extends Omit<StoredParent, "parentRef"> {
  readonly ancestorRef: StoredParentReference;
}

/** A parentRef as others may have written it: without the fields that the API has defaults for. */
export interface StoredParentReference extends Omit<ParentReference, "group" | "kind"> {
  readonly group?: string;
  readonly kind?: string;
}

/** One entry of `status.listeners` of a Gateway or a ListenerSet, a map by name. */
export interface StoredListener {
  readonly name: string;
  readonly supportedKinds?: readonly RouteGroupKind[];
  readonly attachedRoutes: number;
  readonly conditions?: readonly StoredCondition[];
}

/** The `status` of any object of ours as the API stores it. Fields that we do not know are kept by every merge. */
export interface ObjectStatus {
  readonly conditions?: readonly StoredCondition[];
  readonly addresses?: readonly GatewayAddress[];
  readonly listeners?: readonly StoredListener[];
  readonly attachedListenerSets?: number;
  readonly supportedFeatures?: readonly { readonly name: string }[];
  readonly parents?: readonly StoredParent[];
  readonly ancestors?: readonly StoredAncestor[];
  /** Of a HostnameRecord, RFC 3339: since when nothing wants it. */
  readonly unusedSince?: string;
}
