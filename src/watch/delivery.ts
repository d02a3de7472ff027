import { equal } from "../collection/equal.ts";
import type { Kind, ObjectByKind, ObjectKey } from "../core/keys.ts";
import type { ManifestObject } from "./manifest-object.ts";
import type { ObjectSink } from "./object-source.ts";

/** Delivers to a sink what differs from what it has, and counts generations as the API server does. */
export class Delivery {
  readonly #sink: ObjectSink;
  readonly #delivered = new Map<ObjectKey, Delivered>();

  constructor(sink: ObjectSink) {
    this.#sink = sink;
  }

  /** Brings the sink up to date for some objects and says how many changed. */
  update(keys: ReadonlySet<ObjectKey>, get: (key: ObjectKey) => ManifestObject | undefined): number {
    let changes = 0;
    for (const key of [...keys].sort()) {
      const entry = get(key);
      if (entry === undefined ? this.#remove(key) : this.#deliver(entry)) changes += 1;
    }
    return changes;
  }

  #remove(key: ObjectKey): boolean {
    const before = this.#delivered.get(key);
    if (before === undefined) return false;
    this.#delivered.delete(key);
    this.#sink.delete(before.entry.kind, before.entry.name);
    return true;
  }

  #deliver(entry: ManifestObject): boolean {
    const before = this.#delivered.get(entry.key);
    if (before?.entry === entry) return false;
    const sameContent = before !== undefined && equal(contentOf(before.entry.object), contentOf(entry.object));
    const generation = (before?.generation ?? 1) + (before === undefined || sameContent ? 0 : 1);
    this.#delivered.set(entry.key, { entry, generation });
    if (sameContent && equal(before.entry.object.metadata, entry.object.metadata)) return false;
    this.#sink.set<Kind>(entry.kind, entry.name, withGeneration(entry.object, generation));
    return true;
  }
}

interface Delivered {
  /** As it was read: its own generation is always 1. */
  readonly entry: ManifestObject;
  readonly generation: number;
}

/** What the generation counts: everything but metadata, as kinds without a spec keep their data beside it. */
function contentOf(object: ObjectByKind[Kind]): unknown {
  return { ...object, metadata: undefined };
}

function withGeneration(object: ObjectByKind[Kind], generation: number): ObjectByKind[Kind] {
  return generation === 1 ? object : { ...object, metadata: { ...object.metadata, generation } };
}
