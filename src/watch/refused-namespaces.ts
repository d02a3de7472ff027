import type { Scheduler } from "../core/scheduler.ts";

/** After this long it is no slip of a server that has just begun to know our rights. */
const lastingMs = 10_000;

/** Since when nothing can be read in a namespace any more: what is asked for there later need not find out by itself. */
export class RefusedNamespaces {
  readonly #scheduler: Scheduler;
  readonly #since = new Map<string, number>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Takes a refusal in a namespace, and says whether nothing but refusals came from there for long. */
  refused(namespace: string): boolean {
    const now = this.#scheduler.now();
    const since = this.#since.get(namespace) ?? now;
    this.#since.set(namespace, since);
    return now - since >= lastingMs;
  }

  /** Something could be read there. */
  read(namespace: string): void {
    this.#since.delete(namespace);
  }
}
