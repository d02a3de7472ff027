import type { Kind } from "../../core/keys.ts";
import type { ManifestObject } from "../../watch/manifest-object.ts";
import type { SourceProblem } from "../../watch/object-source.ts";

/** Where an object is written. */
export interface ObjectPlace {
  readonly file: string;
  /** Number of the document in its file, from 1. */
  readonly document: number;
  /** The line on which that document begins, from 1. */
  readonly line: number;
}

/** One object, with where it is written when it comes from a file. */
export interface PlacedObject extends ManifestObject {
  readonly place?: ObjectPlace;
  /** It stands for a Secret or a ConfigMap that may not be read. */
  readonly standIn?: true;
}

/** Everything that is configured somewhere, read once: what comparisons and findings are made from. */
export interface World {
  /** Each object once. */
  readonly objects: readonly PlacedObject[];
  /** What could not be taken, in plain words. */
  readonly problems: readonly WorldProblem[];
  /** What people should know about how it was read, such as that Secrets may not be listed. */
  readonly notes: readonly string[];
}

/** Something that could not be taken; `ignored` where it is of a kind that Gatehouse does not read. */
export interface WorldProblem extends SourceProblem {
  readonly ignored: boolean;
  readonly line?: number;
}

/** The objects of one kind. */
export function objectsOfKind<K extends Kind>(
  objects: readonly PlacedObject[],
  kind: K,
): readonly (PlacedObject & ManifestObject<K>)[] {
  return objects.filter((entry): entry is PlacedObject & ManifestObject<K> => entry.kind === kind);
}
