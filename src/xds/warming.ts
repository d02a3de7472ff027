import type { Batch } from "./response-batch.ts";
import type { TypeState } from "./type-state.ts";

/** What one client has of clusters and of their endpoints. */
export interface ClusterStates {
  readonly clusters: TypeState;
  readonly endpoints: TypeState;
  /** Whether the table holds endpoints for a cluster. */
  hasEndpoints(cluster: string): boolean;
  /** The generation in which a cluster of the table appeared. */
  created(cluster: string): number;
}

/**
 * Keeps which clusters a client cannot use yet. Envoy waits for the endpoints of every cluster that it gets, also of one
 * that replaces a cluster whose endpoints it has, and acknowledges clusters only then; another client may acknowledge at
 * once, and ask for endpoints afterwards. One that connects again may say that it has clusters which are still warming, and
 * asks for endpoints later than for clusters: until then nobody knows which it has.
 */
export class WarmingClusters {
  readonly #states: () => ClusterStates;
  /** Clusters that were sent and whose endpoints are not acknowledged, with the generation in which each appeared. */
  readonly #created = new Map<string, number>();
  /** Clusters that the client said it has, and whose endpoints it has not asked for since; likewise. */
  readonly #reported = new Map<string, number>();
  /** Clusters that were sent while their endpoints were not subscribed to. */
  readonly #owed = new Set<string>();
  /** Those whose endpoints nobody asked for although there was time enough to. */
  readonly #waived = new Set<string>();
  /** Clusters of the latest response whose endpoints have not been acknowledged since. */
  readonly #unanswered = new Set<string>();

  constructor(states: () => ClusterStates) {
    this.#states = states;
  }

  /** Notes which clusters the client has as a stream begins, as the Gateway (re)appears, or as their endpoints do. */
  onReported(names?: Iterable<string>): void {
    const { clusters, endpoints, hasEndpoints, created } = this.#states();
    for (const name of names ?? clusters.held.names()) {
      const isKnown = endpoints.subscription.includes(name) || this.#created.has(name) || this.#reported.has(name);
      const isComing = clusters.inFlight?.upserts.has(name) === true;
      if ((isComing || clusters.holds(name)) && hasEndpoints(name) && !isKnown) this.#reported.set(name, created(name));
    }
  }

  /** Notes clusters on their way: their endpoints are sent (again) behind them. */
  onClusters(batch: Batch): void {
    const { clusters, endpoints, hasEndpoints } = this.#states();
    this.#unanswered.clear();
    for (const [name, { created }] of batch.upserts) {
      this.#reported.delete(name);
      this.#waived.delete(name);
      if (!hasEndpoints(name)) continue;
      if (!clusters.holds(name) || !endpoints.holds(name)) this.#created.set(name, created);
      this.#owed.add(name);
      this.#unanswered.add(name);
    }
    this.onSubscribed();
  }

  /** Sends the endpoints that are owed and asked for, also when the client said that it holds them. */
  onSubscribed(): void {
    const { endpoints } = this.#states();
    for (const name of this.#reported.keys()) if (endpoints.subscription.includes(name)) this.#reported.delete(name);
    for (const name of this.#owed) {
      if (!endpoints.subscription.includes(name)) continue;
      this.#owed.delete(name);
      endpoints.force(name);
    }
  }

  /** Notes an acknowledgement. Endpoints that were sent before their cluster are sent again, and count then. */
  onAcknowledged(state: TypeState, batch: Batch): void {
    if (state.type === "cluster") for (const name of batch.removals) this.#owed.delete(name);
    if (state.type !== "endpoint") return;
    for (const name of batch.upserts.keys()) this.#unanswered.delete(name);
    for (const name of batch.upserts.keys()) if (state.isAnswered(name)) this.#created.delete(name);
  }

  /** Stops waiting for a cluster that is gone or refused. */
  forget(cluster: string): void {
    this.#created.delete(cluster);
    this.#reported.delete(cluster);
    this.#waived.delete(cluster);
    this.#unanswered.delete(cluster);
  }

  /**
   * When the oldest cluster appeared that the client cannot use. It can use one that it has with its endpoints, whatever is
   * on its way to replace them.
   */
  oldest(): number {
    const { clusters, endpoints, hasEndpoints } = this.#states();
    const hasUsable = (name: string) => endpoints.holds(name) || !hasEndpoints(name);
    let oldest = Math.min(
      clusters.oldestUnusable((name) => clusters.holds(name) && hasUsable(name)),
      endpoints.oldestUnusable((name) => endpoints.holds(name)),
    );
    for (const [, created] of this.#awaiting()) oldest = Math.min(oldest, created);
    return oldest;
  }

  /** The clusters that the client cannot use, those that it refused among them. */
  unusable(): ReadonlySet<string> {
    const { clusters, endpoints, hasEndpoints } = this.#states();
    const unusable = new Set(this.coming());
    for (const name of clusters.lacking()) {
      if (!clusters.holds(name) || (hasEndpoints(name) && !endpoints.holds(name))) unusable.add(name);
    }
    for (const name of endpoints.lacking()) if (!endpoints.holds(name)) unusable.add(name);
    return unusable;
  }

  /** The clusters on their way that the client cannot use before they have come. */
  coming(): ReadonlySet<string> {
    const { clusters, endpoints, hasEndpoints } = this.#states();
    const hasUsable = (name: string) => endpoints.holds(name) || !hasEndpoints(name);
    const coming = new Set([
      ...clusters.underWay((name) => clusters.holds(name) && hasUsable(name)),
      ...endpoints.underWay((name) => endpoints.holds(name)),
    ]);
    for (const [name] of this.#awaiting()) coming.add(name);
    return coming;
  }

  /** Whether the client waits for endpoints of clusters that it has to acknowledge: they are on their way to it. */
  get owes(): boolean {
    const { endpoints } = this.#states();
    for (const name of this.#unanswered) if (endpoints.subscription.includes(name)) return true;
    return false;
  }

  /** Whether one waits for endpoints that the client has not asked for, and could have. */
  get awaitsSubscription(): boolean {
    for (const [cluster] of this.#awaiting()) if (this.#couldAsk(cluster)) return true;
    return false;
  }

  /** Stops waiting for endpoints that the client has had time enough to ask for. */
  waive(): void {
    for (const [cluster] of this.#awaiting()) if (this.#couldAsk(cluster)) this.#waived.add(cluster);
  }

  /** Whether the client has a cluster and has not asked for its endpoints: before it is acknowledged nobody knows of that. */
  #couldAsk(cluster: string): boolean {
    const { clusters, endpoints } = this.#states();
    return !endpoints.subscription.includes(cluster) && clusters.inFlight?.upserts.has(cluster) !== true;
  }

  /** Clusters whose endpoints are waited for, with the generation in which each appeared. */
  *#awaiting(): Iterable<readonly [string, number]> {
    const { subscription } = this.#states().endpoints;
    for (const entry of this.#created) if (!this.#waived.has(entry[0]) || subscription.includes(entry[0])) yield entry;
    for (const entry of this.#reported) if (!this.#waived.has(entry[0])) yield entry;
  }
}
