/** After so long everybody else gets a turn of the event loop: reads, timers, probes. */
const mostMs = 5;

/**
 * Works off what the streams have to do, one piece after the other. When all proxies connect at once, the requests of all
 * arrive in one turn of the event loop, and to answer one may take some milliseconds: together they would hold the loop for
 * as long as there are proxies. What does not fit into a turn goes on in the next one, in the order in which it came.
 */
export class WorkQueue {
  readonly #now: () => number;
  readonly #waiting = new Set<{ readonly act: () => void }>();
  #next: NodeJS.Immediate | undefined;
  #isRunning = false;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Does something before this turn of the event loop ends, or in one of the next where there is too much. */
  add(act: () => void): void {
    this.#waiting.add({ act });
    if (!this.#isRunning) this.#defer();
  }

  /** Does nothing any more. */
  stop(): void {
    this.#waiting.clear();
    clearImmediate(this.#next);
    this.#next = undefined;
  }

  #defer(): void {
    this.#isRunning = false;
    this.#next ??= setImmediate(() => {
      this.#next = undefined;
      this.#isRunning = true;
      this.#run(this.#now() + mostMs);
    });
  }

  #run(until: number): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#isRunning = false;
      return;
    }
    this.#waiting.delete(next);
    // What fails is a fault of ours and ends the process where nobody has caught it, but it holds up nobody here.
    try {
      next.act();
    } finally {
      // What was written is encrypted in a tick of its own, which counts as part of the turn.
      process.nextTick(() => (this.#now() < until ? this.#run(until) : this.#defer()));
    }
  }
}
