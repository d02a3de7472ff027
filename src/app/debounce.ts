import type { Scheduler } from "../core/scheduler.ts";

/** A burst is over after this many quiet milliseconds, and the next change does not wait. */
const quietMilliseconds = 10;
/** No change waits longer, however busy it is. */
const longestWaitMilliseconds = 100;
/** What a flush changes is sent to every proxy: where changes never end there are ten flushes a second. */
const millisecondsPerFlush = 100;
/** So many may follow each other faster after a calm time, so that the few edits of one hand do not wait. */
const spareFlushes = 10;

/**
 * Decides when changes are flushed: the first after a quiet time at once, so that a single edit never waits; only what
 * follows is gathered, and what comes steadily.
 */
export class Debounce {
  readonly #run: () => void;
  readonly #scheduler: Scheduler;
  #lastChange = Number.NEGATIVE_INFINITY;
  #firstWaiting: number | undefined;
  /** Until when the flushes so far would take if each had its whole share of time. */
  #takenUntil = Number.NEGATIVE_INFINITY;
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
    const free = this.#takenUntil - spareFlushes * millisecondsPerFlush;
    if (quiet && this.#firstWaiting === undefined && free <= now) {
      this.#flush();
      return;
    }
    this.#firstWaiting ??= now;
    const gathered = Math.min(now + quietMilliseconds, this.#firstWaiting + longestWaitMilliseconds);
    const due = Math.max(gathered, free);
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
    this.#takenUntil = Math.max(this.#takenUntil, this.#scheduler.now()) + millisecondsPerFlush;
    this.#run();
    // A flush that takes long is no quiet time: what arrived meanwhile is gathered.
    this.#lastChange = this.#scheduler.now();
  }
}
