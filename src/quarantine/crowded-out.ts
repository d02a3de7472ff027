import { type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import type { Quarantine } from "../core/quarantine.ts";

/**
 * The quarantines, by name, that there is no room for: the oldest of an object that has too many, and the oldest of the
 * namespace that has most where there are too many in all, so that nobody loses his to what others write.
 */
export function crowdedOut(
  quarantines: readonly Quarantine[],
  limits: { readonly ofObject: number; readonly all: number },
): readonly string[] {
  const oldestFirst = [...quarantines].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  const out = new Set<string>();
  for (const own of Map.groupBy(oldestFirst, ({ spec }) => spec.object).values()) {
    for (const { metadata } of own.slice(0, Math.max(0, own.length - limits.ofObject))) out.add(metadata.name);
  }
  const left = oldestFirst.filter(({ metadata }) => !out.has(metadata.name));
  const byNamespace = [...Map.groupBy(left, namespaceOf).values()];
  for (let over = left.length - limits.all; over > 0; over -= 1) {
    const [most = []] = byNamespace.sort((a, b) => b.length - a.length);
    const oldest = most.shift();
    if (oldest !== undefined) out.add(oldest.metadata.name);
  }
  return [...out];
}

function placeOf({ metadata, spec }: Quarantine): string {
  return `${spec.since} ${metadata.name}`;
}

function namespaceOf({ spec }: Quarantine): string {
  // The parse boundary: whoever may write quarantines is trusted with what they say.
  return parseNamespacedName(parseObjectKey(spec.object as ObjectKey).name).namespace ?? "";
}
