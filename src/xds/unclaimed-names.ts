import type { TableEntry } from "./resource-table.ts";
import { oldest } from "./response-batch.ts";
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
      if (entry === undefined || this.#subscription.includes(name)) this.#created.delete(name);
      else this.#created.set(name, entry.created);
    }
  }

  /** When the oldest appeared after `waived`. Before the first request nothing is claimed. */
  oldestAfter(waived: number): number {
    const created = this.#subscription.asked
      ? [...this.#created.values()]
      : Array.from(this.#entries().values(), (entry) => entry.created);
    return oldest(created.filter((generation) => generation > waived));
  }
}
