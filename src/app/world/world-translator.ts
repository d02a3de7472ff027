import { InstantClaims } from "../../claims/instant-claims.ts";
import type { PipelineOptions } from "../../translate/pipeline.ts";
import { type TranslationChanges, Translator } from "../translator.ts";

import { objectsOfKind, type PlacedObject } from "./world.ts";

/** Makes a translator of a world, not flushed yet. `later` are objects that will join it. */
export function worldTranslator(
  objects: readonly PlacedObject[],
  { controllerName, placement }: PipelineOptions,
  later: readonly PlacedObject[] = [],
): Translator {
  const records = objectsOfKind([...objects, ...later], "HostnameRecord").map(({ object }) => object);
  const translator = new Translator({ controllerName, placement }, new InstantClaims(records));
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
  return translator;
}

/** Brings it up to date. Throws for a fault of ours: that must not look like a world in which all is well. */
export async function settle(translator: Translator): Promise<TranslationChanges> {
  const changes = await translator.flushInSlices();
  const [failure] = translator.graph.failures.values();
  if (failure !== undefined) throw new Error(`bug: ${failure.collection} ${failure.key}`, { cause: failure.error });
  return changes;
}
