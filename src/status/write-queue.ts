import type { Scheduler } from "../core/scheduler.ts";

/** What one look at a key led to. */
export type Step =
  | { readonly kind: "done" }
  /** Looked at again at that time of the scheduler, or earlier when it is added again. */
  | { readonly kind: "wait"; readonly until: number }
  /** Nothing else looks at the key, and a place is taken, until this resolves. */
  | { readonly kind: "busy"; readonly work: Promise<void> };

/** What a queue needs. */
export interface WriteQueueOptions<K> {
  /** Most keys that are busy at once. */
  readonly places: number;
  readonly scheduler: Scheduler;
  /** Looks at a key: decides by what is known now, not by what was known when it was added. */
  readonly look: (key: K) => Step;
  /** Keys that come before all others. */
  readonly isUrgent: (key: K) => boolean;
}

/** Looks that are done in one go before others get the thread: a new leader looks at everything it has. */
const mostLooks = 200;

/** Looks at each key that was added once, later, with bounded concurrency; a key that is added while it is busy once more. */
export class WriteQueue<K> {
  readonly #options: WriteQueueOptions<K>;
  readonly #urgent = new Set<K>();
  readonly #rest = new Set<K>();
  readonly #timers = new Map<K, () => void>();
  readonly #busy = new Map<K, Promise<void>>();
  readonly #again = new Set<K>();
  #cancelPump: (() => void) | undefined;

  constructor(options: WriteQueueOptions<K>) {
    this.#options = options;
  }

  /** How much there is to do: looks that are due, looks at a later time, and keys that are busy. */
  get load(): { readonly queued: number; readonly waiting: number; readonly busy: number } {
    const queued = this.#urgent.size + this.#rest.size + this.#again.size;
    return { queued, waiting: this.#timers.size, busy: this.#busy.size };
  }

  /** Asks for a look at a key. */
  add(key: K): void {
    this.#cancelTimer(key);
    if (this.#busy.has(key)) this.#again.add(key);
    else (this.#options.isUrgent(key) ? this.#urgent : this.#rest).add(key);
    this.#pumpSoon();
  }

  /** Forgets everything that was asked for. What is busy goes on. */
  clear(): void {
    this.#cancelPump?.();
    this.#cancelPump = undefined;
    for (const cancel of this.#timers.values()) cancel();
    for (const keys of [this.#urgent, this.#rest, this.#timers, this.#again]) keys.clear();
  }

  /** Resolves once no key is busy. */
  async idle(): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  #pumpSoon(): void {
    this.#cancelPump ??= this.#options.scheduler.after(0, () => {
      this.#cancelPump = undefined;
      this.#pump();
    });
  }

  #pump(): void {
    for (let looks = 0; this.#busy.size < this.#options.places; looks += 1) {
      const key = takeFirst(this.#urgent) ?? takeFirst(this.#rest);
      if (key === undefined) return;
      this.#take(key, this.#options.look(key));
      if (looks < mostLooks) continue;
      this.#pumpSoon();
      return;
    }
  }

  #take(key: K, step: Step): void {
    if (step.kind === "wait") this.#lookLater(key, step.until);
    if (step.kind !== "busy") return;
    const work = step.work.then(() => {
      this.#busy.delete(key);
      if (this.#again.delete(key)) this.add(key);
      this.#pumpSoon();
    });
    this.#busy.set(key, work);
  }

  #lookLater(key: K, until: number): void {
    const { scheduler } = this.#options;
    const cancel = scheduler.after(Math.max(0, until - scheduler.now()), () => this.add(key));
    this.#cancelTimer(key);
    this.#timers.set(key, cancel);
  }

  #cancelTimer(key: K): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }
}

function takeFirst<K>(keys: Set<K>): K | undefined {
  for (const key of keys) {
    keys.delete(key);
    return key;
  }
  return undefined;
}
