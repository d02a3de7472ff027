import { keepNewest } from "../../core/keep-newest.ts";

export interface ExpiringCacheOptions {
  /** How long an entry is good for, in milliseconds. */
  readonly goodForMs: number;
  /** Entries at most: of more, the oldest is forgotten. */
  readonly most: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Remembers what was found out for a short while. */
export class ExpiringCache<V> {
  readonly #options: ExpiringCacheOptions;
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  constructor(options: ExpiringCacheOptions) {
    this.#options = options;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > this.#options.now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: V): void {
    const { goodForMs, most, now } = this.#options;
    keepNewest(this.#entries, { key, value: { value, until: now() + goodForMs }, most });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
