const usualSize = 500;
const smallestSize = 1;

/** The most bytes of a page: with what it is parsed into, several times as much is held for a moment, of two pages at once. */
export const largestPage = 16 * 1024 * 1024;

/** How many objects a page of a list is asked for, so that large objects fit into memory and a list comes to its end. */
export class PageSize {
  readonly #usual: number;
  /** 0: all at once. */
  #size: number;

  constructor(usual = usualSize) {
    this.#usual = usual;
    this.#size = usual;
  }

  /** What to ask with. */
  get query(): { readonly limit?: string } {
    return this.#size > 0 ? { limit: String(this.#size) } : {};
  }

  /** A page was larger than {@link largestPage}; false when none can be smaller. */
  shrink(): boolean {
    const smaller = this.#size === 0 ? this.#usual : Math.max(smallestSize, Math.floor(this.#size / 2));
    if (this.#size > 0 && smaller >= this.#size) return false;
    this.#size = smaller;
    return true;
  }

  /** The list took longer than the server remembers: all of it at once. */
  lift(): void {
    this.#size = 0;
  }

  /** A list has come to its end: the next one begins as usual. */
  reset(): void {
    this.#size = this.#usual;
  }
}
