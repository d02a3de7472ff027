/** What holds for claims on a Gateway. */
import type { Gateway, ListenerSet, ListenerSpec } from "../../core/gateway-api.ts";
import type { EffectiveOwnership } from "../../core/ownership.ts";
import type { OwnershipPolicy } from "../nodes.ts";

/** Decides the mode where nobody does: a Gateway that admits other namespaces keeps them apart. */
export function ownershipPolicy(
  { metadata, spec }: Gateway,
  { mode, ...rest }: EffectiveOwnership,
  sets: readonly ListenerSet[],
): OwnershipPolicy {
  const gatewayNamespace = metadata.namespace ?? "";
  const listeners = [...spec.listeners, ...sets.flatMap((set) => set.spec.listeners)];
  const admitsSets = (spec.allowedListeners?.namespaces.from ?? "None") !== "None";
  return { ...rest, mode: mode ?? (admitsSets || listeners.some(admitsOthers) ? "Enforce" : "Off"), gatewayNamespace };
}

function admitsOthers({ allowedRoutes }: ListenerSpec): boolean {
  const { from } = allowedRoutes.namespaces;
  return from !== "Same" && from !== "None";
}
