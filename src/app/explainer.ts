import type { Explainer } from "../admin/explainer.ts";
import { namespacedName } from "../core/keys.ts";
import { type AcknowledgementSources, createAcknowledgements } from "./acknowledgements.ts";
import { explainRequest, explainRoute } from "./explain.ts";
import type { Translator } from "./translator.ts";

export interface ExplainerSources extends AcknowledgementSources {
  readonly translator: Pick<Translator, "routing" | "dataPlane">;
}

/** Explains what a translator last made. Nothing is computed before somebody asks. */
export function createExplainer(sources: ExplainerSources): Explainer {
  const { translator } = sources;
  const acknowledgements = createAcknowledgements(sources);
  return {
    explainRequest: (question) => explainRequest(translator.routing, question),
    explainRoute: ({ namespace, name }) =>
      explainRoute(translator.routing, namespacedName(namespace, name), acknowledgements),
  };
}
