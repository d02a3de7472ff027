import type { Changes, Collection, Grouped, Origin, Source, Transform } from "./collection.ts";
import { DerivedNode, type TransformFailure } from "./derived.ts";
import { equal } from "./equal.ts";
import { GroupNode } from "./group.ts";
import { Node, type Trace, visit } from "./node.ts";
import { SourceNode } from "./source.ts";
import { UnionNode } from "./union.ts";

/**
 * Keeps derived collections up to date with their sources. A flush brings each collection up to date in the order of
 * declaration, which is topological because a collection can only depend on earlier ones: every key is computed at most
 * once a flush, and no transform ever sees a half-updated world.
 */
export class Graph {
  readonly #nodes: Node<unknown>[] = [];
  readonly #names = new Set<string>();
  readonly #runs = new Map<string, number>();
  readonly #failures = new Map<string, TransformFailure>();
  #dirty = false;
  #flushing = false;

  /** Declares a collection that is fed from outside. */
  source<V>(name: string): Source<V> {
    return this.#declare(
      new SourceNode<V>(name, () => {
        this.#dirty = true;
      }),
    );
  }

  /** Declares the outputs of a transform over `from`; `same` tells when a new output changes nothing. */
  derive<I, O>(
    name: string,
    from: Collection<I>,
    transform: Transform<I, O>,
    same: (a: O, b: O) => boolean = equal,
  ): Collection<O> {
    const onRun = () => this.#runs.set(name, (this.#runs.get(name) ?? 0) + 1);
    const options = { equal: same, onRun, failures: this.#failures };
    return this.#declare(new DerivedNode(name, this.#own(from), transform, options));
  }

  /** Declares an index over one collection, or over several with the same kind of value. */
  groupBy<V>(
    name: string,
    from: readonly Collection<V>[],
    keysOf: (value: V, key: string) => readonly string[],
  ): Grouped<V> {
    return this.#declare(
      new GroupNode(
        name,
        from.map((collection) => this.#own(collection)),
        { keysOf, failures: this.#failures },
      ),
    );
  }

  /** Declares several collections as one. No key may be in two of them. */
  union<V>(name: string, from: readonly Collection<V>[]): Collection<V> {
    return this.#declare(
      new UnionNode(
        name,
        from.map((collection) => this.#own(collection)),
      ),
    );
  }

  /** Whether a source was touched since the last flush. */
  get dirty(): boolean {
    return this.#dirty;
  }

  /** Brings everything up to date. */
  flush(): Changes {
    const steps = this.flushSteps();
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** Like {@link flush}, in steps that the caller may spread over time. Sources may be set meanwhile: for the next one. */
  *flushSteps(): Generator<void, Changes> {
    if (this.#flushing) throw new Error("bug: a flush runs already");
    this.#flushing = true;
    this.#dirty = false;
    try {
      for (const node of this.#nodes) node.startFlush();
      for (const node of this.#nodes) yield* node.compute();
    } finally {
      this.#flushing = false;
    }
    const changed = new Map<Collection<unknown>, ReadonlySet<string>>(this.#nodes.map((node) => [node, node.changed]));
    return { of: (collection) => changed.get(collection) ?? new Set() };
  }

  /** How often the transform of each collection has run since the graph was made. */
  get runs(): ReadonlyMap<string, number> {
    return this.#runs;
  }

  /** Transforms that failed at their last run: bugs of ours, by `collection|key`. Their last good outputs stand. */
  get failures(): ReadonlyMap<string, TransformFailure> {
    return this.#failures;
  }

  /** Names and sizes of all collections, in order of declaration. */
  get sizes(): readonly { readonly name: string; readonly size: number }[] {
    return this.#nodes.map(({ name, size }) => ({ name, size }));
  }

  /** The source objects that the value under `key` was made from, sorted. */
  origins(collection: Collection<unknown>, key: string): readonly Origin[] {
    const trace: Trace = { origins: new Map(), visited: new Map() };
    visit(this.#own(collection), key, trace);
    return [...trace.origins.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, origin]) => origin);
  }

  #declare<N extends Node<never> | Node<unknown>>(node: N): N {
    if (this.#names.has(node.name)) throw new Error(`bug: two collections are named ${node.name}`);
    this.#names.add(node.name);
    node.order = this.#nodes.length;
    this.#nodes.push(node as Node<unknown>); // a Node is read through here, never written
    return node;
  }

  #own<V>(collection: Collection<V>): Node<V> {
    if (!(collection instanceof Node)) throw new Error(`bug: ${collection.name} is not a collection of a graph`);
    return collection;
  }
}
