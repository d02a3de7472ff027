/** What the clusters of one client still wait for. */
export interface EndpointProgress {
  /** Whether the client asks for endpoints at all. */
  readonly asked: boolean;
  /** Whether a response with clusters is not acknowledged yet. */
  readonly clustersInFlight: boolean;
  isSubscribed(cluster: string): boolean;
}

/**
 * Keeps the clusters that are new to a client and whose endpoints it has not acknowledged. Envoy acknowledges a cluster
 * when it is warm, but other clients may at once, and ask for endpoints afterwards.
 */
export class WarmingClusters {
  /** The generation in which each appeared. */
  readonly #created = new Map<string, number>();

  add(cluster: string, created: number): void {
    this.#created.set(cluster, created);
  }

  delete(cluster: string): void {
    this.#created.delete(cluster);
  }

  /** When the oldest appeared. A client that asks for no endpoints warms nothing, nor do clusters that were waited for in vain. */
  oldest(progress: EndpointProgress, waived: number): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const [cluster, created] of this.#created) {
      if (!progress.asked && !progress.clustersInFlight) continue;
      if (created <= waived && !progress.isSubscribed(cluster)) continue;
      oldest = Math.min(oldest, created);
    }
    return oldest;
  }

  /** Whether one waits for endpoints that the client has not asked for. */
  awaitsSubscription(progress: EndpointProgress, waived: number): boolean {
    if (!progress.asked) return false;
    for (const [cluster, created] of this.#created) {
      if (created > waived && !progress.isSubscribed(cluster)) return true;
    }
    return false;
  }
}
