/** A clock and timers that a test turns by hand. */
export class HandClock {
  /** Milliseconds since the epoch. */
  now: number;
  #timers: { readonly at: number; readonly task: () => void }[] = [];

  constructor(now: number) {
    this.now = now;
  }

  readonly clock = (): number => this.now;

  readonly after = (milliseconds: number, task: () => void): (() => void) => {
    const timer = { at: this.now + milliseconds, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Milliseconds until the next timer; undefined when there is none. */
  get next(): number | undefined {
    const times = this.#timers.map(({ at }) => at - this.now);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Turns the clock on, and runs the timers on the way in the order of their times. */
  advance(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      const [timer] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (timer === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== timer);
      this.now = Math.max(this.now, timer.at);
      timer.task();
    }
    this.now = end;
  }
}
