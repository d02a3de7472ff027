/** What every source of Kubernetes objects offers, be it a folder of manifests or an API server. */
import type { Kind, NamespacedName, ObjectByKind } from "../core/keys.ts";

/** Takes the objects that a source delivers: defaulted, validated, without status. */
export interface ObjectSink {
  set<K extends Kind>(kind: K, name: NamespacedName, object: ObjectByKind[K]): void;
  delete(kind: Kind, name: NamespacedName): void;
}

/** Something that a source could not take, in plain words. Never holds the data of a Secret. */
export interface SourceProblem {
  /** Path below the source's folder; `API server` for what comes from one. */
  readonly file: string;
  /** Number of the document in its file, from 1. */
  readonly document?: number;
  /** Where in the object, such as `spec.rules[0].backendRefs[0].port`. */
  readonly path?: string;
  /** The object, such as `HTTPRoute httpbin/httpbin`. */
  readonly object?: string;
  readonly message: string;
}

/** A source of objects: first everything there is, then every change. */
export interface ObjectSource {
  /**
   * Delivers everything and resolves once it has (the source is synced). Every later change calls the sink, then
   * `onBatch` once for all that belongs together; the first delivery ends with one call too.
   */
  start(sink: ObjectSink, onBatch: () => void): Promise<void>;
  stop(): Promise<void>;
  /** What cannot be taken right now; empty when all is well. */
  problems(): readonly SourceProblem[];
  /** What has not been read yet, in plurals; absent where everything comes at once. */
  unread?(): readonly string[];
}
