import type { Scheduler } from "../core/scheduler.ts";

/** How a batch is gathered. */
export interface BatchOptions<K> {
  readonly scheduler: Scheduler;
  /** Milliseconds from the first key on. */
  readonly pause: number;
  readonly take: (keys: readonly K[]) => void;
}

/** Gathers keys that come within some milliseconds, and hands them over together. */
export class Batch<K> {
  readonly #options: BatchOptions<K>;
  readonly #keys = new Set<K>();
  #cancel: (() => void) | undefined;

  constructor(options: BatchOptions<K>) {
    this.#options = options;
  }

  add(key: K): void {
    const { scheduler, pause, take } = this.#options;
    this.#keys.add(key);
    this.#cancel ??= scheduler.after(pause, () => {
      const keys = [...this.#keys];
      this.clear();
      take(keys);
    });
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#keys.clear();
  }
}
