import type { RequestExplanation, RequestQuestion, RouteExplanation } from "../core/explanation.ts";
import { namespacedName, objectKey, type RouteKind } from "../core/keys.ts";
import type { PipelineOptions } from "../translate/pipeline.ts";
import { type ManifestText, readManifests } from "../watch/manifests.ts";
import type { SourceProblem } from "../watch/object-source.ts";
import { explainRequest, explainRoute } from "./explain.ts";
import { Translator } from "./translator.ts";

/** An explanation of what manifests lead to, and what of them could not be taken. */
export interface ManifestExplanation<T> {
  readonly explanation: T;
  readonly problems: readonly SourceProblem[];
}

/** Explains how a request would be answered if the manifests were all that there is. */
export function explainRequestOffline(
  files: readonly ManifestText[],
  question: RequestQuestion,
  options: PipelineOptions,
): ManifestExplanation<RequestExplanation> {
  const { translator, problems } = translate(files, options);
  return { explanation: explainRequest(translator.routing, question), problems };
}

/** Explains how a route would be served if the manifests were all that there is. */
export function explainRouteOffline(
  files: readonly ManifestText[],
  route: { readonly kind: RouteKind; readonly namespace: string; readonly name: string },
  options: PipelineOptions,
): ManifestExplanation<RouteExplanation> {
  const { translator, problems } = translate(files, options);
  const key = objectKey(route.kind, namespacedName(route.namespace, route.name));
  return { explanation: explainRoute(translator.routing, key), problems };
}

function translate(files: readonly ManifestText[], options: PipelineOptions) {
  const { objects, problems } = readManifests(files);
  const translator = new Translator(options);
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
  translator.flush();
  return { translator, problems };
}
