import { equal } from "../../collection/equal.ts";
import { type Kind, type ObjectByKind, type ObjectKey, parseNamespacedName } from "../../core/keys.ts";
import type { ObjectMeta, Service } from "../../core/kubernetes.ts";
import { checkChange } from "../../watch/rules/check-rules.ts";
import type { PlacedObject } from "../world/world.ts";

/** What is to be done to one object. */
export interface ChangeStep {
  readonly entry: PlacedObject;
  readonly action: "create" | "change" | "unchanged" | "delete" | "absent" | "forbidden";
  /** Only of `forbidden`: why the API server would not take it. */
  readonly message?: string;
  /** Nobody wrote it: a Namespace that objects are created in. */
  readonly implied?: true;
}

/**
 * Works out what `kubectl apply` would do: an object replaces the one of its kind and name and keeps its age, a new one is
 * younger than everything that is there. A time or generation that is written in a file counts as little as it does there.
 */
export function planApply(
  before: ReadonlyMap<ObjectKey, PlacedObject>,
  written: readonly PlacedObject[],
): ChangeStep[] {
  const now = after([...before.values()].map(({ object }) => object.metadata.creationTimestamp));
  return written.flatMap((entry): readonly ChangeStep[] => {
    const old = before.get(entry.key);
    if (entry.place === undefined) {
      // A Namespace that no file describes: it is as it is where it exists.
      return old === undefined ? [{ entry: created(entry, now), action: "create", implied: true }] : [];
    }
    return [old === undefined ? { entry: created(entry, now), action: "create" } : replaceStep(entry, old)];
  });
}

/** Works out what `kubectl delete` would do. With a Namespace goes everything in it. */
export function planDelete(
  before: ReadonlyMap<ObjectKey, PlacedObject>,
  written: readonly PlacedObject[],
): ChangeStep[] {
  const named = written.filter(({ place }) => place !== undefined);
  const namespaces = new Set<string>(named.flatMap(({ kind, name }) => (kind === "Namespace" ? [name] : [])));
  const keys = new Set(named.map(({ key }) => key));
  const inside = [...before.values()].filter(({ key, name }) => {
    const { namespace } = parseNamespacedName(name);
    return namespace !== undefined && namespaces.has(namespace) && !keys.has(key);
  });
  return [
    ...named.map(({ key, ...rest }): ChangeStep => {
      const old = before.get(key);
      return old === undefined ? { entry: { key, ...rest }, action: "absent" } : { entry: old, action: "delete" };
    }),
    ...inside.map((entry): ChangeStep => ({ entry, action: "delete" })),
  ];
}

function replaceStep(entry: PlacedObject, old: PlacedObject): ChangeStep {
  const faults = checkChange(entry.kind, entry.object, old.object);
  if (faults.length > 0) {
    const message = faults.map(({ path, message }) => `${path} ${message}`.trim()).join("; ");
    return { entry: old, action: "forbidden", message };
  }
  const object = withAllocated(entry.object, old.object);
  const { creationTimestamp, uid, generation } = old.object.metadata;
  const sameBody = equal(bodyOf(object), bodyOf(old.object));
  const metadata: ObjectMeta = {
    ...object.metadata,
    creationTimestamp,
    ...(uid !== undefined && { uid }),
    generation: sameBody ? generation : generation + 1,
  };
  if (sameBody && equal(metadata, old.object.metadata)) return { entry: old, action: "unchanged" };
  return { entry: { ...entry, object: { ...object, metadata } }, action: "change" };
}

function created(entry: PlacedObject, now: string): PlacedObject {
  const metadata: ObjectMeta = { ...entry.object.metadata, creationTimestamp: now, generation: 1 };
  return { ...entry, object: { ...entry.object, metadata } };
}

/** The cluster IP of a Service is the API server's to give, and stays. */
function withAllocated(object: ObjectByKind[Kind], old: ObjectByKind[Kind]): ObjectByKind[Kind] {
  if (object.kind !== "Service" || old.kind !== "Service") return object;
  const { clusterIP } = old.spec;
  if (clusterIP === undefined || object.spec.clusterIP !== undefined || object.spec.type === "ExternalName")
    return object;
  return { ...object, spec: { ...object.spec, clusterIP } } satisfies Service;
}

function bodyOf(object: ObjectByKind[Kind]): object {
  const { metadata: _, ...body } = object;
  return body;
}

/** A second after the latest of these times. */
function after(times: readonly string[]): string {
  const latest = times.reduce((best, time) => Math.max(best, Date.parse(time)), 0);
  return `${new Date(latest + 1000).toISOString().slice(0, 19)}Z`;
}
