import type { ResourceType } from "../core/xds-resource.ts";
import { clustersNamedBy, haveCommon } from "./named-clusters.ts";
import type { KeptTable, Outstanding, Progress } from "./ordering.ts";
import type { TypeState } from "./type-state.ts";
import type { WarmingClusters } from "./warming.ts";

export interface ClientProgressOptions {
  readonly warming: WarmingClusters;
  /** The state of a type that the client has asked for, or of any. */
  known(type: ResourceType): TypeState | undefined;
  any(type: ResourceType): TypeState;
  /** Whether a scope of that name exists: it leads to the table of the same name. */
  hasScope(name: string): boolean;
  /** The generation up to which nobody waits any more for what the client should ask for. */
  waived(): number;
}

/** How far a client is, from what it has acknowledged of every type. */
export class ClientProgress implements Progress {
  readonly #options: ClientProgressOptions;

  constructor(options: ClientProgressOptions) {
    this.#options = options;
  }

  outstanding(type: ResourceType): Outstanding {
    return this.#options.known(type)?.outstanding() ?? { upserts: never, removals: never };
  }

  newClusters(): number {
    return this.#options.warming.oldest();
  }

  unusable(): ReadonlySet<string> {
    return this.#options.warming.unusable();
  }

  comingClusters(): ReadonlySet<string> {
    return this.#options.warming.coming();
  }

  awaited(waived = this.#options.waived()): number {
    const { known, any } = this.#options;
    const awaited = Math.min(...awaitedTypes.map((type) => any(type).awaited(waived)));
    // A client that connects again may use tables and scopes that are gone: it has yet to say so.
    const isReconnect = known("cluster")?.isReconnect === true;
    const asksForAll = awaitedTypes.every((type) => known(type)?.subscription.asked === true);
    return isReconnect && !asksForAll && waived < 0 ? 0 : awaited;
  }

  newScopes(): number {
    const { known, hasScope, waived } = this.#options;
    const [scopes, tables] = [known("scope"), known("route")];
    if (scopes?.subscription.wildcard !== true) return never;
    return Math.min(
      scopes.oldestUnusable((name) => scopes.holds(name)),
      tables?.oldestUnusable((name) => !hasScope(name) || tables.holds(name)) ?? never,
      tables?.awaited(waived(), hasScope) ?? never,
    );
  }

  kept(): readonly KeptTable[] {
    const { known } = this.#options;
    const tables = known("route");
    // A listener that was refused stays as it was, and goes on sending connections where it did.
    const listeners = known("listener")?.keptTables(() => false) ?? [];
    return [...(tables?.keptTables(this.#blockedBy(tables)) ?? []), ...listeners];
  }

  oldestMovingTable(): number {
    const tables = this.#options.known("route");
    if (tables === undefined) return never;
    const isBlocked = this.#blockedBy(tables);
    return tables.outstanding((name) => !isBlocked(name)).upserts;
  }

  /** Tells whether a table waits for a cluster. */
  #blockedBy(tables: TypeState): (name: string) => boolean {
    const unusable = this.unusable();
    if (unusable.size === 0) return () => false;
    return (name) => {
      const desired = tables.desired(name);
      const clusters = desired.kind === "resource" ? clustersNamedBy(desired.resource) : undefined;
      return clusters !== undefined && haveCommon(clusters, unusable);
    };
  }
}

/** Types of which a client asks for all that exists, sooner or later. */
const awaitedTypes: readonly ResourceType[] = ["listener", "scope", "route"];

const never = Number.POSITIVE_INFINITY;
