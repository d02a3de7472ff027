import type { Collection, Reader, Transform } from "./collection.ts";
import { Node, type Trace, visit } from "./node.ts";

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

type Read = readonly [node: Node<unknown>, key: string];

interface Result<O> {
  readonly outputs: readonly (readonly [string, O])[];
  readonly reads: readonly Read[];
}

/** The outputs of one transform over another collection, with what each run has read. */
export class DerivedNode<I, O> extends Node<O> {
  readonly #from: Node<I>;
  readonly #transform: Transform<I, O>;
  readonly #options: DerivedOptions<O>;
  /** input key → what its last run gave and read. */
  readonly #outputKeys = new Map<string, readonly string[]>();
  readonly #reads = new Map<string, readonly Read[]>();
  /** collection → its key → input keys whose last run read it. */
  readonly #readers = new Map<Node<unknown>, Map<string, Set<string>>>();
  /** output key → the input key that owns it. */
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
    for (const [node, readers] of this.#readers) {
      for (const key of node.changed) {
        for (const input of readers.get(key) ?? []) dirty.add(input);
      }
    }
    return dirty;
  }

  #run(key: string): Result<O> | undefined {
    const input = this.#from.get(key);
    if (input === undefined) {
      this.#options.failures.delete(`${this.name}|${key}`);
      return { outputs: [], reads: [] };
    }
    const reads: Read[] = [];
    const reader: Reader = {
      get: <V>(from: Collection<V>, readKey: string): V | undefined => {
        if (!(from instanceof Node)) throw new Error(`bug: ${this.name} reads a collection of another graph`);
        if (from.order >= this.order) throw new Error(`bug: ${this.name} reads ${from.name}, which is declared later`);
        reads.push([from, readKey]);
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
      this.#recordReads(key, [...(this.#reads.get(key) ?? []), ...reads]);
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
      for (const output of this.#outputKeys.get(key) ?? []) free.add(output);
    }
    for (const [key, { outputs, reads }] of results) {
      this.#recordReads(key, reads);
      const kept: string[] = [];
      for (const [output, value] of outputs) {
        if (!this.#own(key, output, free)) continue;
        kept.push(output);
        this.#set(output, value);
      }
      if (kept.length === 0) this.#outputKeys.delete(key);
      else this.#outputKeys.set(key, kept);
    }
    for (const output of free) {
      this.#owners.delete(output);
      this.values.delete(output);
      this.changed.add(output);
    }
  }

  #own(key: string, output: string, free: Set<string>): boolean {
    const owner = this.#owners.get(output);
    if (owner !== undefined && !free.delete(output)) {
      this.#fail(key, new Error(`bug: output ${output} of ${this.name} belongs to ${owner}, not to ${key}`));
      return false;
    }
    if (owner !== key) this.#owners.set(output, key);
    return true;
  }

  #set(output: string, value: O): void {
    const before = this.values.get(output);
    if (before !== undefined && this.#options.equal(before, value)) return;
    this.values.set(output, value);
    this.changed.add(output);
  }

  #recordReads(key: string, reads: readonly Read[]): void {
    const before = this.#reads.get(key) ?? [];
    if (sameReads(before, reads)) return;
    for (const [node, readKey] of before) {
      const readers = this.#readers.get(node);
      const inputs = readers?.get(readKey);
      inputs?.delete(key);
      if (inputs?.size === 0) readers?.delete(readKey);
    }
    if (reads.length === 0) this.#reads.delete(key);
    else this.#reads.set(key, reads);
    for (const [node, readKey] of reads) {
      const readers = getOrAdd(this.#readers, node, () => new Map<string, Set<string>>());
      getOrAdd(readers, readKey, () => new Set<string>()).add(key);
    }
  }

  collectOrigins(key: string, trace: Trace): void {
    const owner = this.#owners.get(key);
    if (owner === undefined) return;
    visit(this.#from, owner, trace);
    for (const [node, readKey] of this.#reads.get(owner) ?? []) visit(node, readKey, trace);
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

/** In the same order: an edit mostly leaves what is looked at as it was. */
function sameReads(a: readonly Read[], b: readonly Read[]): boolean {
  return a.length === b.length && a.every(([node, key], index) => b[index]?.[0] === node && b[index]?.[1] === key);
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
