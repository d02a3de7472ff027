import type { Scheduler } from "../../src/core/scheduler.ts";

/** Time that a test turns by hand. */
export class ManualScheduler implements Scheduler {
  #now = 0;
  #serial = 0;
  readonly #tasks = new Map<number, { readonly due: number; readonly task: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, task: () => void): () => void {
    const id = ++this.#serial;
    this.#tasks.set(id, { due: this.#now + milliseconds, task });
    return () => this.#tasks.delete(id);
  }

  /** How many tasks wait for their time. */
  get timers(): number {
    return this.#tasks.size;
  }

  /** Runs whatever is due now, and what that makes due at once. */
  runDue(): void {
    this.#runUntil(this.#now);
  }

  /** Lets time go by, with every task at its own time. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    this.#runUntil(end);
    this.#now = end;
  }

  /** Lets time go by without any task, as for a process that is held up. */
  freeze(milliseconds: number): void {
    this.#now += milliseconds;
  }

  #runUntil(end: number): void {
    for (;;) {
      const [next] = [...this.#tasks].sort(([a, x], [b, y]) => x.due - y.due || a - b);
      if (next === undefined || next[1].due > end) return;
      this.#tasks.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].due);
      next[1].task();
    }
  }
}
