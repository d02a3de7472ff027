import type { TableEntry } from "./resource-table.ts";
import type { Subscription } from "./subscription.ts";

/** Keeps which resources exist that a client has not asked for, although something that it has should make it ask. */
export class UnclaimedNames {
  readonly #subscription: Subscription;
  readonly #entries: () => ReadonlyMap<string, TableEntry>;
  /** The generation in which each appeared. */
  readonly #created = new Map<string, number>();

  constructor(subscription: Subscription, entries: () => ReadonlyMap<string, TableEntry>) {
    this.#subscription = subscription;
    this.#entries = entries;
  }

  /** Compares everything anew. */
  reset(): void {
    this.#created.clear();
    if (!this.#subscription.wildcard) this.update(this.#entries().keys());
  }

  /** Looks again at names that were asked for or dropped, or that changed in the table. */
  update(names: Iterable<string>): void {
    for (const name of names) {
      const entry = this.#entries().get(name);
      const isClaimed = entry?.resource.lingers === true || this.#subscription.includes(name);
      if (entry === undefined || isClaimed) this.#created.delete(name);
      else this.#created.set(name, entry.created);
    }
  }

  /** When the oldest appeared after `waived`. Before the first request nothing is claimed. */
  oldestAfter(waived: number, counts: (name: string) => boolean = () => true): number {
    let min = Number.POSITIVE_INFINITY;
    const consider = (name: string, created: number) => {
      if (created > waived && created < min && counts(name)) min = created;
    };
    if (this.#subscription.asked) for (const [name, created] of this.#created) consider(name, created);
    else {
      for (const [name, { resource, created }] of this.#entries())
        if (resource.lingers !== true) consider(name, created);
    }
    return min;
  }
}
