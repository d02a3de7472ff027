/**
 * Keeps the clusters that are new to a client and whose endpoints it has not acknowledged. Envoy acknowledges a cluster
 * when it is warm, but another client may at once, and ask for endpoints afterwards.
 */
export class WarmingClusters {
  readonly #isSubscribed: (cluster: string) => boolean;
  /** The generation in which each appeared. */
  readonly #created = new Map<string, number>();

  constructor(isSubscribed: (cluster: string) => boolean) {
    this.#isSubscribed = isSubscribed;
  }

  add(cluster: string, created: number): void {
    this.#created.set(cluster, created);
  }

  delete(cluster: string): void {
    this.#created.delete(cluster);
  }

  /** When the oldest appeared; those up to `waived` for which nobody asked endpoints were waited for long enough. */
  oldest(waived: number): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const [cluster, created] of this.#created) {
      if (created > waived || this.#isSubscribed(cluster)) oldest = Math.min(oldest, created);
    }
    return oldest;
  }

  /** Whether one waits for endpoints that the client has not asked for. */
  awaitsSubscription(waived: number): boolean {
    for (const [cluster, created] of this.#created) {
      if (created > waived && !this.#isSubscribed(cluster)) return true;
    }
    return false;
  }
}
