import { kindNames, type ObjectKey } from "../core/keys.ts";
import { type ManifestFile, readManifestFile } from "./manifest-file.ts";
import { type Claim, ManifestIndex } from "./manifest-index.ts";
import type { ManifestObject } from "./manifest-object.ts";
import type { SourceProblem } from "./object-source.ts";

/** A file of manifests: its path, relative to wherever the user started, and its text. */
export interface ManifestText {
  readonly path: string;
  readonly text: string;
}

/** The objects of a set of files, each defined once, and everything that is wrong with the files. */
export interface Manifests {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly SourceProblem[];
}

/**
 * Reads files as the API server would take them when all are applied at once. Pure; what is wrong with one object keeps
 * none of the others back.
 */
export function readManifests(files: readonly ManifestText[]): Manifests {
  const index = new ManifestIndex();
  const problems: SourceProblem[] = [];
  for (const { path, text } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const file = readManifestFile(path, text);
    index.replace(path, claimsOf(file));
    problems.push(...file.problems);
  }
  const objects = [...index.takeDirty()].map((key) => index.get(key)).filter((entry) => entry !== undefined);
  return { objects: objects.sort(byKindAndName), problems: [...problems, ...index.duplicates()] };
}

/** Orders objects by kind, in the order of the table of kinds, then by name. */
export function byKindAndName(a: ManifestObject, b: ManifestObject): number {
  return kindNames.indexOf(a.kind) - kindNames.indexOf(b.kind) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** The claims of a file as it stands. */
export function claimsOf({ entries }: ManifestFile): Map<ObjectKey, Claim> {
  return new Map(entries.map(({ entry, document }) => [entry.key, { entry, document, held: false }]));
}
