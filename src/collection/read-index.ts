import type { Node } from "./node.ts";

/**
 * What a run of a transform has read, in order: collections and keys in turn, in one array. It takes 16 bytes for each, where a
 * pair of its own would take 72, and a route makes some thirty reads.
 */
export type Reads = readonly (Node<unknown> | string)[];

/**
 * Which inputs have read which keys, in both directions. Most keys have one reader, which is kept as it is: a set would take 150
 * bytes for each.
 */
export class ReadIndex {
  /** input key → what its last run has read. */
  readonly #reads = new Map<string, Reads>();
  /** collection → its key → input keys whose last run has read it. */
  readonly #readers = new Map<Node<unknown>, Map<string, string | Readers>>();

  /** Replaces what is known of an input. */
  record(input: string, reads: Reads): void {
    const before = this.of(input);
    if (sameReads(before, reads)) return;
    forEachRead(before, (node, key) => this.#forget(input, node, key));
    if (reads.length === 0) this.#reads.delete(input);
    else this.#reads.set(input, this.#noteAll(input, reads));
  }

  /** What the last run of an input has read. */
  of(input: string): Reads {
    return this.#reads.get(input) ?? [];
  }

  /** Adds to `dirty` the inputs that have read what the flush has changed. */
  addDirty(dirty: Set<string>): void {
    for (const [node, readers] of this.#readers) {
      for (const key of node.changed) {
        const inputs = readers.get(key);
        if (inputs instanceof Readers) for (const input of inputs) dirty.add(input);
        else if (inputs !== undefined) dirty.add(inputs);
      }
    }
  }

  #noteAll(input: string, reads: Reads): Reads {
    const noted = new Array<Node<unknown> | string>(reads.length); // with no room to grow
    let at = 0;
    forEachRead(reads, (node, key) => {
      noted[at++] = node;
      noted[at++] = this.#note(input, node, key);
    });
    return noted;
  }

  /** Gives the key as its other readers have it: thousands may read one, and each has made a string of its own. */
  #note(input: string, node: Node<unknown>, key: string): string {
    const readers = this.#readers.get(node) ?? new Map<string, string | Readers>();
    this.#readers.set(node, readers);
    const known = readers.get(key);
    if (known instanceof Readers) {
      known.add(input);
      return known.key;
    }
    if (known === undefined) readers.set(key, input);
    else if (known !== input) readers.set(key, new Readers(key).add(known).add(input));
    return key;
  }

  #forget(input: string, node: Node<unknown>, key: string): void {
    const readers = this.#readers.get(node);
    const known = readers?.get(key);
    if (known instanceof Readers) known.delete(input);
    if (known === input || (known instanceof Readers && known.size === 0)) readers?.delete(key);
  }
}

/** Several inputs that have read a key. */
class Readers extends Set<string> {
  readonly key: string;

  constructor(key: string) {
    super();
    this.key = key;
  }
}

/** Goes through what was read, in order. */
export function forEachRead(reads: Reads, visit: (node: Node<unknown>, key: string) => void): void {
  for (let at = 0; at + 1 < reads.length; at += 2) {
    visit(reads[at] as Node<unknown>, reads[at + 1] as string); // in turn
  }
}

/** In the same order: an edit mostly leaves what is looked at as it was. */
function sameReads(a: Reads, b: Reads): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}
