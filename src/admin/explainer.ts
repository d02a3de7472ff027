import type { RequestExplanation, RequestQuestion, RouteExplanation } from "../core/explanation.ts";

/** Explains in full, for somebody who may see everything, as of the last translation. */
export interface Explainer {
  explainRequest(question: RequestQuestion): RequestExplanation;
  explainRoute(route: { readonly namespace: string; readonly name: string }): RouteExplanation;
}
