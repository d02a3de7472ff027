import type { Collection, Origin } from "./collection.ts";

/** A collection as the graph sees it: something that can be brought up to date after those before it. */
export abstract class Node<V> implements Collection<V> {
  readonly name: string;
  /** Its place in the order of declaration. */
  order = 0;
  /** Keys changed by the flush that runs, or by the last one. */
  changed = new Set<string>();
  protected readonly values = new Map<string, V>();

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.values.size;
  }

  get(key: string): V | undefined {
    return this.values.get(key);
  }

  entries(): IterableIterator<[string, V]> {
    return this.values.entries();
  }

  /** Forgets the changes of the last flush. Changes that were handed out stay as they were. */
  startFlush(): void {
    if (this.changed.size > 0) this.changed = new Set();
  }

  /** Brings every dirty key up to date; yields now and then so that a long flush can be sliced. */
  abstract compute(): Iterable<void>;

  /** Adds to `origins` the source objects that the value under `key` was made from. */
  abstract collectOrigins(key: string, trace: Trace): void;
}

/** What a walk back to the sources has seen. */
export interface Trace {
  readonly origins: Map<string, Origin>;
  readonly visited: Map<Node<unknown>, Set<string>>;
}

/** Walks on to a node's key unless the walk has been there. */
export function visit(node: Node<unknown>, key: string, trace: Trace): void {
  let keys = trace.visited.get(node);
  if (keys === undefined) {
    keys = new Set();
    trace.visited.set(node, keys);
  }
  if (keys.has(key)) return;
  keys.add(key);
  node.collectOrigins(key, trace);
}
