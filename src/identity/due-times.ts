/** Remembers when something is to be looked at. */
export class DueTimes {
  readonly #times = new Map<string, number>();

  /** Notes that a key is due at a moment, or earlier if that was noted before. */
  add(key: string, at: number): void {
    this.#times.set(key, Math.min(at, this.timeOf(key)));
  }

  /** Whether a key is due; if so it is noted no longer. */
  take(key: string, now: number): boolean {
    return this.timeOf(key) <= now && this.#times.delete(key);
  }

  /** Any key that is due. */
  first(now: number): string | undefined {
    for (const [key, at] of this.#times) if (at <= now) return key;
    return undefined;
  }

  /** The next moment at which something is due. */
  get next(): number {
    return Math.min(...this.#times.values());
  }

  /** When a key is due; infinity when it is not. */
  timeOf(key: string): number {
    return this.#times.get(key) ?? Number.POSITIVE_INFINITY;
  }

  clear(): void {
    this.#times.clear();
  }
}
