import type { ResourceType } from "../core/xds-resource.ts";

/** The oldest generations of what a client has yet to acknowledge of one type; Infinity where there is nothing. */
export interface Outstanding {
  /** Since when the oldest content that is to be replaced has been out of date. */
  readonly upserts: number;
  readonly removals: number;
}

/** How far one client is, as far as it decides what it may be sent. */
export interface Progress {
  outstanding(type: ResourceType): Outstanding;
  /** When the oldest cluster appeared that the client cannot use yet: unsent, not acknowledged or without endpoints. */
  newClusters(): number;
  /** When the oldest resource appeared that the client should ask for and has not: a table that its listener names. */
  awaited(): number;
}

/**
 * Generations below which a type's resources may be sent now. What a resource can name was decided with it or before, so
 * it waits for what is at most as old, and never for what came later: constant change of one type starves no other.
 */
export interface Gates {
  /** For content that replaces what the client has. */
  upserts(): number;
  /** For what the client asked for and does not have: it may hold a listener back until it is answered. */
  wanted(): number;
  /** For removals, by the generation that removed the resource. */
  removals(): number;
}

/**
 * Says what may be sent to one client now, make before break:
 *
 *     cluster → (endpoint, secret: at once) → listener → scope → route → removals of listener, scope, route → cluster → endpoint
 *
 * Endpoints and secrets wait for nothing: Envoy acknowledges clusters only once their endpoints and secrets are there.
 * A type of which nothing is outstanding holds nothing back, so a type that is never asked for does not either.
 */
export function gatesOf(type: ResourceType, progress: Progress): Gates {
  return {
    upserts: once(() => upsertGate(type, progress)),
    wanted: once(() => (needsNoCluster.has(type) ? Number.POSITIVE_INFINITY : progress.newClusters())),
    removals: once(() => removalGate(type, progress)),
  };
}

const needsNoCluster: ReadonlySet<ResourceType> = new Set(["cluster", "endpoint", "secret"]);

/** Types whose replaced content must be acknowledged before a type's new content goes out; new clusters come before all. */
const upsertsAfter: Readonly<Record<ResourceType, readonly ResourceType[]>> = {
  cluster: [],
  endpoint: [],
  secret: [],
  listener: [],
  scope: ["listener"],
  route: ["listener", "scope"],
};

/** Types whose new content and removals must be acknowledged before a type's resources are removed. */
const removalsAfter: Readonly<
  Record<ResourceType, { readonly upserts: readonly ResourceType[]; readonly removals: readonly ResourceType[] }>
> = {
  listener: { upserts: ["listener"], removals: [] },
  scope: { upserts: ["listener", "scope", "route"], removals: ["listener"] },
  route: { upserts: ["listener", "scope", "route"], removals: ["listener", "scope"] },
  cluster: { upserts: ["listener", "scope", "route"], removals: ["listener", "scope", "route"] },
  endpoint: {
    upserts: ["cluster", "listener", "scope", "route"],
    removals: ["listener", "scope", "route", "cluster"],
  },
  secret: { upserts: ["cluster", "listener"], removals: ["listener", "cluster"] },
};

function upsertGate(type: ResourceType, progress: Progress): number {
  if (needsNoCluster.has(type)) return Number.POSITIVE_INFINITY;
  return Math.min(progress.newClusters(), ...upsertsAfter[type].map((before) => progress.outstanding(before).upserts));
}

function removalGate(type: ResourceType, progress: Progress): number {
  const { upserts, removals } = removalsAfter[type];
  return Math.min(
    type === "listener" ? Number.POSITIVE_INFINITY : progress.awaited(),
    ...upserts.map((before) => progress.outstanding(before).upserts),
    ...removals.map((before) => progress.outstanding(before).removals),
  );
}

/** A gate is asked for each resource and costs what is outstanding, so it is worked out once, and only if asked. */
function once(compute: () => number): () => number {
  let result: number | undefined;
  return () => {
    result ??= compute();
    return result;
  };
}
