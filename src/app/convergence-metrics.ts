import type { Metrics } from "../metrics.ts";
import type { Convergence } from "./convergence.ts";

/** Gateways that have series of their own; all others share one for each kind. */
export const mostMeasuredGateways = 100;

/** Brings what tells of objects on their way to proxies up to date. */
export function measureConvergence(
  convergence: Pick<Convergence, "tally">,
  metrics: Pick<Metrics, "objectsConverged" | "objectsPending">,
): void {
  metrics.objectsConverged.reset();
  metrics.objectsPending.reset();
  for (const { gateway, kind, converged, pending } of convergence.tally(mostMeasuredGateways)) {
    metrics.objectsConverged.set({ gateway, kind }, converged);
    metrics.objectsPending.set({ gateway, kind }, pending);
  }
}
