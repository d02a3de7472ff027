import { Node, type Trace, visit } from "./node.ts";

/** Several collections with the same kind of value, whose keys never meet, as one. */
export class UnionNode<V> extends Node<V> {
  readonly #from: readonly Node<V>[];

  constructor(name: string, from: readonly Node<V>[]) {
    super(name);
    this.#from = from;
  }

  compute(): Iterable<void> {
    for (const node of this.#from) {
      for (const key of node.changed) this.#take(key);
    }
    return [];
  }

  /** Asks all of them: a key may leave one and come to another in the same flush. */
  #take(key: string): void {
    const value = this.#owner(key)?.get(key);
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    this.changed.add(key);
  }

  #owner(key: string): Node<V> | undefined {
    return this.#from.find((node) => node.get(key) !== undefined);
  }

  collectOrigins(key: string, trace: Trace): void {
    const node = this.#owner(key);
    if (node !== undefined) visit(node, key, trace);
  }
}
