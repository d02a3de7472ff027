import type { Scheduler } from "../core/scheduler.ts";

/** Node's timers reach no further than 24 days: longer waits are made of shorter ones. */
const longest = 86_400_000;

/** Calls back once for each key when its time has come, by the clock of the day. */
export class Deadlines<K> {
  readonly #scheduler: Scheduler;
  readonly #now: () => Date;
  readonly #due: (key: K) => void;
  readonly #timers = new Map<K, () => void>();

  constructor(options: {
    readonly scheduler: Scheduler;
    readonly now: () => Date;
    readonly due: (key: K) => void;
  }) {
    this.#scheduler = options.scheduler;
    this.#now = options.now;
    this.#due = options.due;
  }

  /** Sets the time of a key, in milliseconds since 1970; an earlier one counts no more. */
  set(key: K, time: number): void {
    this.cancel(key);
    const wait = Math.max(0, time - this.#now().getTime());
    const timer = this.#scheduler.after(Math.min(wait, longest), () => {
      this.#timers.delete(key);
      if (this.#now().getTime() < time) this.set(key, time);
      else this.#due(key);
    });
    this.#timers.set(key, timer);
  }

  cancel(key: K): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }

  clear(): void {
    for (const key of [...this.#timers.keys()]) this.cancel(key);
  }
}

/** A time as the API server writes it. */
export function wholeSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
