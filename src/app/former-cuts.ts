import type { Scheduler } from "../core/scheduler.ts";

/** How long Envoy goes on with connections of a listener's former form (`--drain-time-s`, 600 by default), and some. */
const drainMs = 660_000;

/** Keeps the former cut of a route table until no proxy can have a connection that goes by it. */
export class FormerCuts {
  readonly #scheduler: Scheduler;
  readonly #forget: (table: string) => void;
  readonly #ends = new Map<string, () => void>();

  constructor(scheduler: Scheduler, forget: (table: string) => void) {
    this.#scheduler = scheduler;
    this.#forget = forget;
  }

  /** Tables that were cut otherwise just now. */
  keep(tables: Iterable<string>): void {
    for (const table of tables) {
      this.#ends.get(table)?.();
      const end = this.#scheduler.after(drainMs, () => {
        this.#ends.delete(table);
        this.#forget(table);
      });
      this.#ends.set(table, end);
    }
  }

  stop(): void {
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
  }
}
