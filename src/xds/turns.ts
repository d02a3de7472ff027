/** So many streams begin at once after a quiet time. */
const burst = 10;

/** Then one in so many milliseconds, and later where the event loop is busier than that. */
const everyMs = 10;

/** So many wait; whoever comes after them is told to try again. */
const mostWaiting = 3_000;

/**
 * Lets new streams begin one after the other. After a restart all proxies come at once, and each tells all that it holds:
 * some 30 ms of work for 20,000 resources. A timer that lets one in each time it fires leaves room for everything else.
 */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #tokens = burst;
  #timer: NodeJS.Timeout | undefined;

  /** Calls `begin` at once or when it is its turn; undefined when too many wait. Returns how to give the turn up. */
  take(begin: () => void): (() => void) | undefined {
    if (this.#tokens > 0) {
      this.#tokens -= 1;
      this.#run();
      begin();
      return () => {};
    }
    if (this.#waiting.size >= mostWaiting) return undefined;
    this.#waiting.add(begin);
    return () => this.#waiting.delete(begin);
  }

  /** It is everybody's turn. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const begin of waiting) begin();
  }

  #run(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#tick(), everyMs);
    this.#timer.unref();
  }

  #tick(): void {
    this.#timer = undefined;
    const [next] = this.#waiting;
    if (next === undefined) this.#tokens += 1;
    else this.#waiting.delete(next);
    if (next !== undefined || this.#tokens < burst) this.#run();
    next?.();
  }
}
