import { type Kind, kinds, type ObjectByKind } from "../core/keys.ts";
import type { ObjectMeta } from "../core/kubernetes.ts";
import { emptyMapping, isMapping, type PlainMapping, type PlainValue } from "./yaml-value.ts";

/** When an object counts as created whose creation nobody knows. */
export const epoch = "1970-01-01T00:00:00Z";

/**
 * Makes the view of an object that the rest of the program sees: no status, no managed fields, no annotations, the preferred
 * version. Nothing is decided by annotations: they would cost memory, and a translation whenever a tool changes its own. The
 * object has been validated, by the API server or by our schemas.
 */
export function normalizeObject<K extends Kind>(kind: K, raw: PlainMapping): ObjectByKind[K] {
  const view = emptyMapping<unknown>();
  for (const field of Object.keys(raw)) {
    if (field !== "status" && field !== "metadata") view[field] = raw[field];
  }
  const { group, versions } = kinds[kind];
  view["apiVersion"] = group === "" ? versions[0] : `${group}/${versions[0]}`;
  view["kind"] = kind;
  view["metadata"] = normalizeMetadata(raw["metadata"]);
  // The parse boundary: from here on a validated object is what its kind says.
  return view as unknown as ObjectByKind[K];
}

/** Reads an RFC 3339 time as the API server writes it: whole seconds, UTC. Undefined when it is no such time. */
export function normalizeTime(text: unknown): string | undefined {
  if (typeof text !== "string" || !rfc3339.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

function normalizeMetadata(raw: PlainValue | undefined): ObjectMeta {
  const metadata = isMapping(raw) ? raw : emptyMapping<PlainValue>();
  const { name, namespace, uid, generation, labels } = metadata;
  return {
    name: typeof name === "string" ? name : "",
    ...(typeof namespace === "string" && { namespace }),
    ...(typeof uid === "string" && { uid }),
    generation: typeof generation === "number" ? generation : 1,
    creationTimestamp: normalizeTime(metadata["creationTimestamp"]) ?? epoch,
    ...(isMapping(labels) && { labels: texts(labels) }),
  };
}

function texts(entries: PlainMapping): Readonly<Record<string, string>> {
  const kept = emptyMapping<string>();
  for (const [key, value] of Object.entries(entries)) {
    if (typeof value === "string") kept[key] = value;
  }
  return kept;
}
