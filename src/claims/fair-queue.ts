/** What a queue needs. */
export interface FairQueueOptions<K> {
  /** Most keys that are busy at once. */
  readonly places: number;
  /** Looks at a key, by what is known now. Undefined: there is nothing to do for it. Never fails. */
  readonly look: (key: K) => Promise<void> | undefined;
}

/**
 * Looks at each key that was added once, with bounded concurrency. Lanes take turns, so that one with thousands of keys does
 * not keep the first of another waiting.
 */
export class FairQueue<K> {
  readonly #options: FairQueueOptions<K>;
  readonly #lanes = new Map<string, Set<K>>();
  readonly #queued = new Set<K>();
  readonly #busy = new Map<K, Promise<void>>();
  /** Added while they were busy, with their lanes. */
  readonly #again = new Map<K, string>();
  #isPumping = false;

  constructor(options: FairQueueOptions<K>) {
    this.#options = options;
  }

  get load(): { readonly queued: number; readonly busy: number } {
    return { queued: this.#queued.size + this.#again.size, busy: this.#busy.size };
  }

  isBusy(key: K): boolean {
    return this.#busy.has(key);
  }

  /** Asks for looks at keys, by lane. Nothing is looked at before all of them are in. */
  addAll(entries: Iterable<readonly [key: K, lane: string]>): void {
    for (const [key, lane] of entries) {
      if (this.#busy.has(key)) this.#again.set(key, lane);
      else if (!this.#queued.has(key)) {
        const keys = this.#lanes.get(lane) ?? new Set();
        this.#lanes.set(lane, keys.add(key));
        this.#queued.add(key);
      }
    }
    this.#pump();
  }

  add(key: K, lane: string): void {
    this.addAll([[key, lane]]);
  }

  /** Forgets everything that was asked for. What is busy goes on. */
  clear(): void {
    this.#lanes.clear();
    this.#queued.clear();
    this.#again.clear();
  }

  /** Resolves once no key is busy. */
  async idle(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
  }

  /** A look may add keys: they join the round that is under way. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#busy.size < this.#options.places) {
      const key = this.#take();
      if (key === undefined) break;
      const work = this.#options.look(key);
      if (work !== undefined) this.#busy.set(key, this.#run(key, work));
    }
    this.#isPumping = false;
  }

  async #run(key: K, work: Promise<void>): Promise<void> {
    await work;
    this.#busy.delete(key);
    const lane = this.#again.get(key);
    this.#again.delete(key);
    if (lane === undefined) this.#pump();
    else this.add(key, lane);
  }

  /** The lane that had its turn goes to the end. */
  #take(): K | undefined {
    for (const [lane, keys] of this.#lanes) {
      this.#lanes.delete(lane);
      for (const key of keys) {
        keys.delete(key);
        this.#queued.delete(key);
        if (keys.size > 0) this.#lanes.set(lane, keys);
        return key;
      }
    }
    return undefined;
  }
}
