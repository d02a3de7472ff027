import type { ObjectKey } from "../../core/keys.ts";
import { type ManifestFile, readManifestFile } from "../../watch/manifest-file.ts";
import { ManifestIndex } from "../../watch/manifest-index.ts";
import { byKindAndName, claimsOf, type ManifestText } from "../../watch/manifests.ts";
import type { SourceProblem } from "../../watch/object-source.ts";
import { splitDocuments } from "../../watch/yaml-documents.ts";
import type { ObjectPlace, PlacedObject, World, WorldProblem } from "./world.ts";

/**
 * Reads files as the API server would take them when all are applied at once, and remembers where each object is written.
 * Namespaces that nobody writes but objects live in have no place.
 */
export function readFileWorld(files: readonly ManifestText[]): World {
  const index = new ManifestIndex();
  const places = new Map<ObjectKey, ObjectPlace>();
  const problems: WorldProblem[] = [];
  for (const { path, text } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const file = readManifestFile(path, text);
    const lines = documentLines(text);
    index.replace(path, claimsOf(file));
    for (const { entry, document } of file.entries) {
      if (!places.has(entry.key)) places.set(entry.key, { file: path, document, line: lines.get(document) ?? 1 });
    }
    problems.push(...file.problems.map((problem) => located(problem, file, lines)));
  }
  const objects = [...index.takeDirty()].flatMap((key): readonly PlacedObject[] => {
    const entry = index.get(key);
    const place = places.get(key);
    return entry === undefined ? [] : [{ ...entry, ...(place && { place }) }];
  });
  const duplicates = index.duplicates().map((problem) => ({ ...problem, ignored: false }));
  return { objects: objects.sort(byKindAndName), problems: [...problems, ...duplicates], notes: [] };
}

function located(
  problem: SourceProblem,
  { strangers }: ManifestFile,
  lines: ReadonlyMap<number, number>,
): WorldProblem {
  const ignored = problem.object !== undefined && strangers.has(problem.object);
  const line = problem.document === undefined ? undefined : lines.get(problem.document);
  return { ...problem, ignored, ...(line !== undefined && { line }) };
}

/** The line on which the content of each document begins: `---` and comments above it are passed over. */
function documentLines(text: string): ReadonlyMap<number, number> {
  return new Map(
    splitDocuments(text).map((part) => {
      const lines = part.text.split("\n");
      const first = lines.findIndex((line) => !/^(?:---)?\s*(?:#.*)?$/.test(line));
      return [part.number, part.line + Math.max(first, 0)];
    }),
  );
}
