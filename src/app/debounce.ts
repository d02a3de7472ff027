/** Time as the debounce sees it: a parameter, so that tests turn it by hand. */
export interface Scheduler {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Runs the task once after so many milliseconds; the function that comes back calls it off. */
  after(milliseconds: number, task: () => void): () => void;
}

/** The clock and the timers of the process. */
export const systemScheduler: Scheduler = {
  now: () => performance.now(),
  after: (milliseconds, task) => {
    const timer = setTimeout(task, milliseconds);
    return () => clearTimeout(timer);
  },
};

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
