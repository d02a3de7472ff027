import type { Source } from "./collection.ts";
import { equal } from "./equal.ts";
import { Node, type Trace } from "./node.ts";

/** A collection that is fed from outside the graph; equal values change nothing. */
export class SourceNode<V> extends Node<V> implements Source<V> {
  /** What was set since the last flush began; undefined stands for a removal. */
  #pending = new Map<string, V | undefined>();
  /** What the flush that runs takes over: fixed at its start, so that all sources are seen at one moment. */
  #taken: ReadonlyMap<string, V | undefined> = new Map();
  readonly #onChange: () => void;

  constructor(name: string, onChange: () => void) {
    super(name);
    this.#onChange = onChange;
  }

  set(key: string, value: V): void {
    this.#pending.set(key, value);
    this.#onChange();
  }

  delete(key: string): void {
    this.#pending.set(key, undefined);
    this.#onChange();
  }

  override startFlush(): void {
    super.startFlush();
    this.#taken = this.#pending;
    if (this.#pending.size > 0) this.#pending = new Map();
  }

  compute(): Iterable<void> {
    for (const [key, value] of this.#taken) this.#apply(key, value);
    return [];
  }

  #apply(key: string, value: V | undefined): void {
    const before = this.values.get(key);
    if (equal(before, value)) return;
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    this.changed.add(key);
  }

  collectOrigins(key: string, trace: Trace): void {
    if (this.values.has(key)) trace.origins.set(`${this.name}|${key}`, { source: this.name, key });
  }
}
