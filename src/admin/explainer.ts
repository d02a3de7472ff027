import type { ConvergenceReport, ConvergingKind } from "../core/convergence.ts";
import type { RequestExplanation, RequestQuestion, RouteExplanation } from "../core/explanation.ts";
import type { RouteKind } from "../core/keys.ts";

/** An object that proxies are to acknowledge. */
export interface ConvergenceName {
  readonly kind: ConvergingKind;
  readonly namespace: string;
  readonly name: string;
}

/** A route of any kind. */
export interface RouteName {
  readonly kind: RouteKind;
  readonly namespace: string;
  readonly name: string;
}

/** Explains in full, for somebody who may see everything, as of the last translation. */
export interface Explainer {
  explainRequest(question: RequestQuestion): RequestExplanation;
  /** Asks all replicas, for a second at most, what their proxies have acknowledged. */
  explainRoute(route: RouteName): Promise<RouteExplanation>;
  /** Likewise for any object that proxies are to acknowledge. */
  convergence(object: ConvergenceName): Promise<ConvergenceReport>;
}
