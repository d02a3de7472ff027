import type { Scheduler } from "../core/scheduler.ts";

/** A burst is over after this many quiet milliseconds, and the next change does not wait. */
const quietMilliseconds = 10;
/** No change waits longer, however busy it is. */
const longestWaitMilliseconds = 100;

/**
 * Decides when changes are flushed: the first after a quiet time at once, so that a single edit never waits; only what
 * follows is gathered.
 */
export class Debounce {
  readonly #run: () => void;
  readonly #scheduler: Scheduler;
  #lastChange = Number.NEGATIVE_INFINITY;
  #firstWaiting: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(run: () => void, scheduler: Scheduler) {
    this.#run = run;
    this.#scheduler = scheduler;
  }

  /** Tells that something has changed. */
  changed(): void {
    const now = this.#scheduler.now();
    const quiet = now - this.#lastChange >= quietMilliseconds;
    this.#lastChange = now;
    if (quiet && this.#firstWaiting === undefined) {
      this.#flush();
      return;
    }
    this.#firstWaiting ??= now;
    const due = Math.min(now + quietMilliseconds, this.#firstWaiting + longestWaitMilliseconds);
    this.#cancel?.();
    this.#cancel = this.#scheduler.after(Math.max(0, due - now), () => this.#flush());
  }

  /** Forgets what is gathered; nothing runs any more until something changes again. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#firstWaiting = undefined;
  }

  #flush(): void {
    this.stop();
    this.#run();
    // A flush that takes long is no quiet time: what arrived meanwhile is gathered.
    this.#lastChange = this.#scheduler.now();
  }
}
