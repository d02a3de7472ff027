import type { Collection, Reader, Transform } from "./collection.ts";
import { Node, type Trace, visit } from "./node.ts";
import { forEachRead, ReadIndex, type Reads } from "./read-index.ts";

/** What a transform's failure leaves behind for whoever looks: the last good outputs stay. */
export interface TransformFailure {
  readonly collection: string;
  readonly key: string;
  readonly error: Error;
}

export interface DerivedOptions<O> {
  /** When two outputs count as the same, so that nothing downstream runs. */
  readonly equal: (a: O, b: O) => boolean;
  /** Told once per run of the transform. */
  readonly onRun: () => void;
  readonly failures: Map<string, TransformFailure>;
}

interface Result<O> {
  readonly outputs: readonly (readonly [string, O])[];
  readonly reads: Reads;
}

/** The outputs of one transform over another collection, with what each run has read. */
export class DerivedNode<I, O> extends Node<O> {
  readonly #from: Node<I>;
  readonly #transform: Transform<I, O>;
  readonly #options: DerivedOptions<O>;
  readonly #reads = new ReadIndex();
  /** input key → the output keys of its last run, where that is not just the same key, as it is for most. */
  readonly #outputKeys = new Map<string, readonly string[]>();
  /** output key → the input key that owns it, where that is another. */
  readonly #owners = new Map<string, string>();

  constructor(name: string, from: Node<I>, transform: Transform<I, O>, options: DerivedOptions<O>) {
    super(name);
    this.#from = from;
    this.#transform = transform;
    this.#options = options;
  }

  *compute(): Iterable<void> {
    const dirty = this.#dirtyKeys();
    if (dirty.size === 0) return;
    const results = new Map<string, Result<O>>();
    for (const key of dirty) {
      const result = this.#run(key);
      if (result !== undefined) results.set(key, result);
      if (results.size % 64 === 63) yield;
    }
    this.#apply(results);
  }

  #dirtyKeys(): ReadonlySet<string> {
    const dirty = new Set(this.#from.changed);
    this.#reads.addDirty(dirty);
    return dirty;
  }

  #run(key: string): Result<O> | undefined {
    const input = this.#from.get(key);
    if (input === undefined) {
      this.#options.failures.delete(`${this.name}|${key}`);
      return { outputs: [], reads: [] };
    }
    const reads: (Node<unknown> | string)[] = [];
    const reader: Reader = {
      get: <V>(from: Collection<V>, readKey: string): V | undefined => {
        if (!(from instanceof Node)) throw new Error(`bug: ${this.name} reads a collection of another graph`);
        if (from.order >= this.order) throw new Error(`bug: ${this.name} reads ${from.name}, which is declared later`);
        reads.push(from, readKey);
        return from.get(readKey);
      },
    };
    this.#options.onRun();
    try {
      const outputs = [...this.#transform(reader, key, input)];
      this.#options.failures.delete(`${this.name}|${key}`);
      return { outputs, reads };
    } catch (cause) {
      this.#fail(key, cause);
      // What it read before it failed may be what has to change: it runs again then, and keeps its outputs until then.
      this.#reads.record(key, [...this.#reads.of(key), ...reads]);
      return undefined;
    }
  }

  #fail(key: string, cause: unknown): void {
    recordFailure(this.#options.failures, { collection: this.name, key }, cause);
  }

  /**
   * What the dirty inputs gave before is free for any of them, so that an output key may move from one input to another
   * within a flush. What stays where it is, is left alone: maps that lose and regain their keys are rebuilt now and then.
   */
  #apply(results: ReadonlyMap<string, Result<O>>): void {
    const free = new Set<string>();
    for (const key of results.keys()) {
      for (const output of this.#outputsOf(key)) free.add(output);
    }
    for (const [key, { outputs, reads }] of results) {
      this.#reads.record(key, reads);
      const kept: string[] = [];
      for (const [output, value] of outputs) {
        if (!this.#own(key, output, free)) continue;
        kept.push(output);
        this.#set(output, value);
      }
      if (kept.length === 0 || (kept.length === 1 && kept[0] === key)) this.#outputKeys.delete(key);
      // A copy has no room to grow.
      else this.#outputKeys.set(key, kept.slice());
    }
    for (const output of free) {
      this.#owners.delete(output);
      this.values.delete(output);
      this.changed.add(output);
    }
  }

  #outputsOf(key: string): readonly string[] {
    return this.#outputKeys.get(key) ?? (this.#ownerOf(key) === key ? [key] : []);
  }

  #ownerOf(output: string): string | undefined {
    return this.#owners.get(output) ?? (this.values.has(output) ? output : undefined);
  }

  #own(key: string, output: string, free: Set<string>): boolean {
    const owner = this.#ownerOf(output);
    if (owner !== undefined && !free.delete(output)) {
      this.#fail(key, new Error(`bug: output ${output} of ${this.name} belongs to ${owner}, not to ${key}`));
      return false;
    }
    if (output === key) this.#owners.delete(output);
    else if (owner !== key) this.#owners.set(output, key);
    return true;
  }

  #set(output: string, value: O): void {
    const before = this.values.get(output);
    if (before !== undefined && this.#options.equal(before, value)) return;
    this.values.set(output, value);
    this.changed.add(output);
  }

  collectOrigins(key: string, trace: Trace): void {
    const owner = this.#ownerOf(key);
    if (owner === undefined) return;
    visit(this.#from, owner, trace);
    forEachRead(this.#reads.of(owner), (node, readKey) => visit(node, readKey, trace));
  }
}

/** Keeps a failure for whoever looks, under its collection and key. */
export function recordFailure(
  failures: Map<string, TransformFailure>,
  { collection, key }: Pick<TransformFailure, "collection" | "key">,
  cause: unknown,
): void {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  failures.set(`${collection}|${key}`, { collection, key, error });
}
