/**
 * Finds which of some names are bad by trying them together: a group that fails is halved, and what its bad half leaves
 * over is tried in one go once the bad one is found. One bad name among n costs log2(n) tries, and one for the rest.
 */
export class Halving {
  /** One of them is bad at least. */
  #suspects = new Set<string>();
  /** They were tried together with a bad one, and are good as far as anybody knows. */
  readonly #leftovers = new Set<string>();
  /** Each is tried as a whole, in this order. */
  #groups: Set<string>[] = [];
  readonly #all = new Set<string>();

  get size(): number {
    return this.#all.size;
  }

  /** The one that must be bad, when all others that failed with it are known to be good. */
  get sole(): string | undefined {
    const [first] = this.#suspects;
    return this.#suspects.size === 1 ? first : undefined;
  }

  has(name: string): boolean {
    return this.#all.has(name);
  }

  names(): ReadonlySet<string> {
    return this.#all;
  }

  /** What is tried together, for whoever goes on with it. */
  groups(): readonly (readonly string[])[] {
    return [this.#suspects, this.#leftovers, ...this.#groups].filter(({ size }) => size > 0).map((group) => [...group]);
  }

  /** Adds names that are to be tried together; those that are there already stay where they are. */
  add(names: Iterable<string>): void {
    const group = new Set([...names].filter((name) => !this.#all.has(name)));
    if (group.size === 0) return;
    for (const name of group) this.#all.add(name);
    this.#groups.push(group);
  }

  /** What to try next, of the names that may be tried now. */
  next(mayTry: (name: string) => boolean = () => true): readonly string[] {
    const suspects = [...this.#suspects].filter(mayTry);
    if (suspects.length > 0) return suspects.slice(0, Math.max(1, Math.floor(suspects.length / 2)));
    for (const group of [this.#leftovers, ...this.#groups]) {
      const names = [...group].filter(mayTry);
      if (names.length > 0) return names;
    }
    return [];
  }

  /** The names are good, or nobody asks any more. */
  passed(names: Iterable<string>): void {
    for (const name of names) {
      if (!this.#all.delete(name)) continue;
      this.#suspects.delete(name);
      this.#leftovers.delete(name);
      for (const group of this.#groups) group.delete(name);
    }
    this.#groups = this.#groups.filter(({ size }) => size > 0);
  }

  /** Some of the names are bad; one alone is the bad one, and is returned. */
  failed(names: readonly string[]): string | undefined {
    const isSearched = names.some((name) => this.#suspects.has(name));
    this.passed(names);
    if (names.length > 1 || isSearched) {
      for (const name of this.#suspects) this.#leftovers.add(name);
      this.#suspects = new Set();
    }
    if (names.length === 1) return names[0];
    this.#suspects = new Set(names);
    for (const name of names) this.#all.add(name);
    return undefined;
  }

  clear(): void {
    this.passed([...this.#all]);
  }
}
