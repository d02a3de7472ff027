import type { Collection } from "./collection.ts";
import { recordFailure, type TransformFailure } from "./derived.ts";
import { Node, type Trace, visit } from "./node.ts";

export interface GroupOptions<V> {
  /** The groups of a member; distinct or not. */
  readonly keysOf: (value: V, key: string) => readonly string[];
  readonly failures: Map<string, TransformFailure>;
}

/** An index as a collection: group key → members by their own key, kept in place, so that a change costs one member. */
export class GroupNode<V> extends Node<ReadonlyMap<string, V>> {
  readonly #from: readonly Node<V>[];
  readonly #options: GroupOptions<V>;
  readonly #groups = this.values as Map<string, Map<string, V>>; // the same map, which only this class writes
  /** member → its groups, where it has any; one, as most have, is kept without an array of its own. */
  readonly #groupsOf = new Map<string, string | readonly string[]>();

  constructor(name: string, from: readonly Node<V>[], options: GroupOptions<V>) {
    super(name);
    this.#from = from;
    this.#options = options;
  }

  *compute(): Iterable<void> {
    let steps = 0;
    for (const node of this.#from) {
      for (const key of node.changed) {
        this.#move(this.#memberKey(node, key), key, node.get(key));
        if (++steps % 256 === 0) yield;
      }
    }
  }

  /** Members of several collections may have one key: then the collection's name tells them apart. */
  #memberKey(node: Collection<V>, key: string): string {
    return this.#from.length === 1 ? key : `${node.name}|${key}`;
  }

  #move(member: string, key: string, value: V | undefined): void {
    const before = this.#before(member);
    const after = value === undefined ? [] : this.#groupsFor(member, key, value);
    if (after === undefined) return;
    if (value === undefined) this.#options.failures.delete(`${this.name}|${member}`);
    for (const group of before) {
      if (!after.includes(group)) this.#leave(group, member);
    }
    const [first] = after;
    if (first === undefined) this.#groupsOf.delete(member);
    else this.#groupsOf.set(member, after.length === 1 ? first : after);
    for (const group of after) {
      // `value` is defined here: an absent one has no groups.
      if (value !== undefined) this.#join(group, member, value);
    }
  }

  #before(member: string): readonly string[] {
    const groups = this.#groupsOf.get(member) ?? [];
    return typeof groups === "string" ? [groups] : groups;
  }

  /** Undefined when the question fails: a bug of ours. The member stays where it was, and the flush goes on. */
  #groupsFor(member: string, key: string, value: V): readonly string[] | undefined {
    try {
      const groups = distinct(this.#options.keysOf(value, key));
      this.#options.failures.delete(`${this.name}|${member}`);
      return groups;
    } catch (cause) {
      recordFailure(this.#options.failures, { collection: this.name, key: member }, cause);
      return undefined;
    }
  }

  #join(group: string, member: string, value: V): void {
    let members = this.#groups.get(group);
    if (members === undefined) {
      members = new Map();
      this.#groups.set(group, members);
    }
    members.set(member, value);
    this.changed.add(group);
  }

  #leave(group: string, member: string): void {
    const members = this.#groups.get(group);
    members?.delete(member);
    if (members?.size === 0) this.#groups.delete(group);
    this.changed.add(group);
  }

  collectOrigins(key: string, trace: Trace): void {
    const [first] = this.#from;
    for (const member of this.#groups.get(key)?.keys() ?? []) {
      if (this.#from.length === 1 && first !== undefined) visit(first, member, trace);
      else this.#visitNamed(member, trace);
    }
  }

  #visitNamed(member: string, trace: Trace): void {
    const bar = member.indexOf("|");
    const node = this.#from.find((candidate) => candidate.name === member.slice(0, bar));
    if (node !== undefined) visit(node, member.slice(bar + 1), trace);
  }
}

function distinct(keys: readonly string[]): readonly string[] {
  return keys.length < 2 ? keys : [...new Set(keys)];
}
