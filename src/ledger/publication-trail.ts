/** Superseded versions that are remembered, of all resources together. */
const mostVersions = 50_000;

interface ResourceTrail {
  current: string | undefined;
  /** The versions from before, each with the number of the publication that ended it. */
  readonly ended: Map<string, number>;
}

/**
 * Remembers which version of a resource was current until which publication. Versions follow from content: so a proxy that
 * holds a version that was current at some time since an object was published has that object as it is now, whatever else has
 * changed in the same resource before or after. What is current and never changed costs one entry, and no time.
 */
export class PublicationTrail {
  readonly #most: number;
  readonly #trails = new Map<string, ResourceTrail>();
  #order: { readonly key: string; readonly version: string; readonly ended: number }[] = [];
  #forgotten = 0;
  #number = 0;

  constructor(most: number = mostVersions) {
    this.#most = most;
  }

  /** Begins the next publication, and returns its number. */
  begin(): number {
    this.#number += 1;
    return this.#number;
  }

  /** Takes what a resource is from this publication on; undefined where it is gone. */
  note(key: string, version: string | undefined): void {
    const trail = this.#trails.get(key);
    if (trail === undefined) {
      if (version !== undefined) this.#trails.set(key, { current: version, ended: new Map() });
      return;
    }
    const { current } = trail;
    if (current === version) return;
    trail.current = version;
    if (current === undefined) return;
    trail.ended.set(current, this.#number);
    this.#order.push({ key, version: current, ended: this.#number });
    this.#forgetOldest();
  }

  /** Whether anything was noted of a resource. */
  knows(key: string): boolean {
    return this.#trails.has(key);
  }

  /** The version that a resource has now. */
  current(key: string): string | undefined {
    return this.#trails.get(key)?.current;
  }

  /** Whether a version is, or was at some time since a publication, what everybody should have. */
  isSince(key: string, publication: number, held: string): boolean {
    const trail = this.#trails.get(key);
    if (trail === undefined) return false;
    // Of one that is forgotten nobody knows: who holds it is so far behind that it has another one soon.
    return trail.current === held || (trail.ended.get(held) ?? 0) > publication;
  }

  /** Superseded versions that are remembered. */
  get size(): number {
    return this.#order.length - this.#forgotten;
  }

  #forgetOldest(): void {
    while (this.size > this.#most) {
      const oldest = this.#order[this.#forgotten];
      this.#forgotten += 1;
      if (oldest !== undefined) this.#forget(oldest);
    }
    if (this.#forgotten * 2 <= this.#order.length) return;
    this.#order = this.#order.slice(this.#forgotten);
    this.#forgotten = 0;
  }

  #forget({ key, version, ended }: { readonly key: string; readonly version: string; readonly ended: number }): void {
    const trail = this.#trails.get(key);
    // The same content may have come, and gone, again.
    if (trail?.ended.get(version) === ended) trail.ended.delete(version);
    if (trail?.current === undefined && trail?.ended.size === 0) this.#trails.delete(key);
  }
}
